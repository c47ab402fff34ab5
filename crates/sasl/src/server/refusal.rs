//! Why a server refused.

use core::fmt;

use crate::Failure;
use crate::prep;
use crate::scram::SyntaxError;

/// A failed exchange: what to tell the client, and what to tell the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the client gets to know, in `<failure/>`.
    pub failure: Failure,
    /// The reason, for the operator's log. Not for the client: it tells unknown accounts from wrong passwords.
    pub reason: Reason,
}

impl Refusal {
    pub(super) const fn new(failure: Failure, reason: Reason) -> Self {
        Self { failure, reason }
    }

    /// For reasons that are better not explained.
    pub(super) const fn unauthorized(reason: Reason) -> Self {
        Self::new(Failure::NotAuthorized, reason)
    }

    pub(super) const fn malformed(reason: Reason) -> Self {
        Self::new(Failure::MalformedRequest, reason)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.failure, self.reason)
    }
}

impl core::error::Error for Refusal {}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        refusal.failure
    }
}

impl From<SyntaxError> for Refusal {
    fn from(error: SyntaxError) -> Self {
        Self::malformed(Reason::Syntax(error))
    }
}

/// Which rule an exchange broke. Contains nothing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The mechanism was not advertised on this stream.
    #[error("the mechanism was not offered on this stream")]
    NotOffered,
    /// PLAIN in the clear.
    #[error("the mechanism needs TLS")]
    NeedsTls,
    /// The policy has the mechanism only with channel binding.
    #[error("the policy asks for channel binding")]
    NeedsChannelBinding,
    /// A message longer than [`MAX_MESSAGE`](crate::MAX_MESSAGE).
    #[error("the message is too long")]
    TooLong,
    /// A SCRAM message is not in the grammar.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A PLAIN, EXTERNAL or ANONYMOUS message is not in the grammar.
    #[error("the message is malformed")]
    Malformed,
    /// A message at a time when none is due.
    #[error("unexpected message")]
    UnexpectedMessage,
    /// The user name does not survive SASLprep.
    #[error("the user name cannot be used: {0}")]
    Username(prep::Error),
    /// The password does not survive SASLprep.
    #[error("the password cannot be used: {0}")]
    Password(prep::Error),
    /// The flag `y` although -PLUS was offered: somebody between has removed it (RFC 5802 §6).
    #[error("the client was shown an offer without channel binding: downgrade attack")]
    Downgrade,
    /// A -PLUS mechanism without `p=`.
    #[error("a mechanism with channel binding, but without its use")]
    BindingMissing,
    /// `p=` with a mechanism without -PLUS.
    #[error("use of channel binding in a mechanism without")]
    BindingUnexpected,
    /// `p=` with a type that this stream does not have.
    #[error("the type of channel binding is not available")]
    BindingType,
    /// `c=` is not the GS2 header with the binding's data: another channel, or a changed message.
    #[error("the channel binding does not match")]
    BindingMismatch,
    /// `r=` is not the nonce of this exchange.
    #[error("the nonce does not match")]
    Nonce,
    /// The proof or password is wrong.
    #[error("wrong password")]
    WrongPassword,
    /// No token of the account was proved.
    #[error("unknown token")]
    UnknownToken,
    /// There is no such account, or it has no keys for this mechanism.
    #[error("no such account or no keys for the mechanism")]
    UnknownAccount,
    /// The account store refused the account.
    #[error("the account may not log in")]
    Account,
    /// The authorization identity is not the authenticated one.
    #[error("the authorization identity is not the client's")]
    Authzid,
    /// No authorization identity, and more than one in the certificate (XEP-0178 §2).
    #[error("the certificate has several identities and none was chosen")]
    AmbiguousCertificate,
    /// The operating system gives no random bytes.
    #[error("no random bytes to be had")]
    NoRandomness,
    /// The caller called out of order.
    #[error("the exchange was driven out of order")]
    OutOfOrder,
}
