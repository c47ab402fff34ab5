//! Why a client does not log in.

use crate::prep;
use crate::scram::SyntaxError;

/// Why no mechanism will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChooseError {
    /// The server and the policy have no mechanism in common that fits what the client logs in with.
    #[error("the server offers no mechanism that the policy allows")]
    NoMechanism,
    /// The only mechanism in common is PLAIN, and the stream is in the clear.
    #[error("only PLAIN is possible, and the stream is not encrypted")]
    PlainWithoutTls,
    /// The server offers -PLUS in SASL2 but announces no type of channel binding. Somebody between may have removed
    /// them (XEP-0440 §3, rule 4).
    #[error("mechanisms with channel binding were offered, but no types of channel binding: possible attack")]
    BindingTypesMissing,
    /// The server announces types of channel binding but offers no -PLUS. Somebody between may have removed them
    /// (XEP-0440 §3, rule 5).
    #[error("types of channel binding were announced, but no mechanism that uses them: possible attack")]
    PlusMissing,
    /// The policy asks for channel binding, and there is no type in common.
    #[error("no type of channel binding in common with the server")]
    NoBinding,
}

/// Why an exchange failed. The stream is to be closed; the client is not authenticated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Ours: the user name does not survive SASLprep.
    #[error("the user name cannot be used: {0}")]
    Username(prep::Error),
    /// Ours: the password does not survive SASLprep.
    #[error("the password cannot be used: {0}")]
    Password(prep::Error),
    /// Ours: user name, password, authorization identity or trace contain what the mechanism cannot carry.
    #[error("the login cannot be expressed in the mechanism")]
    Inexpressible,
    /// Ours: what is to be logged in with is not for the mechanism that was chosen.
    #[error("the login does not fit the chosen mechanism")]
    Login,
    /// Ours: the cached keys no longer fit and there is no password to derive new ones from.
    #[error("the cached keys are for another salt or iteration count")]
    KeysOutdated,
    /// Ours: the operating system gives no random bytes.
    #[error("no random bytes to be had")]
    NoRandomness,
    /// Ours: the exchange was driven out of order.
    #[error("the exchange was driven out of order")]
    OutOfOrder,
    /// The server's: a message longer than [`MAX_MESSAGE`](crate::MAX_MESSAGE).
    #[error("the server's message is too long")]
    TooLong,
    /// The server's: a message that is not in the grammar.
    #[error("the server's message is malformed: {0}")]
    Syntax(#[from] SyntaxError),
    /// The server's: a message at a time when none is due.
    #[error("unexpected message from the server")]
    UnexpectedMessage,
    /// The server's, or an attack: its nonce does not begin with ours or adds nothing to it.
    #[error("the server's nonce does not continue ours")]
    Nonce,
    /// The server's, or an attack: fewer iterations than the policy wants.
    #[error("the server asks for only {0} iterations")]
    TooFewIterations(u32),
    /// The server's, or an attack: more iterations than the policy wants.
    #[error("the server asks for {0} iterations")]
    TooManyIterations(u32),
    /// The server's: a salt longer than [`MAX_SALT_LEN`](crate::scram::MAX_SALT_LEN).
    #[error("the server's salt is too long")]
    SaltLength,
    /// An attack: what the server says to have advertised is not what arrived (XEP-0474 §6.2). Worth showing to the
    /// user.
    #[error("the server's offer was changed on its way: attack")]
    Downgrade,
    /// The server does not say what it advertised, and the policy, or channel bindings that cannot be used
    /// (XEP-0474 §7), ask for it.
    #[error("the server does not prove what it advertised")]
    DowngradeProtectionMissing,
    /// The server's word for why it refused (RFC 5802 §7, `server-error-value`).
    #[error("the server refused: {0}")]
    Refused(String),
    /// An attack, or a broken server: success without a signature.
    #[error("the server claims success without proving to know the password")]
    SignatureMissing,
    /// An attack, or a broken server: its signature is wrong.
    #[error("the server does not know the password")]
    SignatureMismatch,
}
