//! What an exchange asks for next.

use super::{PasswordCheck, Refusal};
use crate::Mechanism;

/// What an [`Exchange`](super::Exchange) asks for next.
#[derive(Debug)]
#[must_use = "the exchange waits for this step"]
pub enum Step {
    /// Send this to the client as `<challenge/>`, and give its answer to [`Exchange::step`](super::Exchange::step).
    Challenge(Vec<u8>),
    /// Look the account up and give it to [`Exchange::provide`](super::Exchange::provide).
    NeedCredentials(Lookup),
    /// Carry the check out on a thread that may be busy for milliseconds, and give its outcome to
    /// [`Exchange::checked`](super::Exchange::checked). Bound how many run at a time.
    CheckPassword(PasswordCheck),
    /// The client is authenticated.
    Done(Success),
    /// The exchange failed; send its [`failure`](Refusal::failure).
    Failed(Refusal),
}

/// Which account to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lookup {
    /// The user name after SASLprep, not empty, at most 1023 bytes. Usually the JID's localpart (RFC 6120 §6.3.7);
    /// preparing it as one is left to do.
    pub username: String,
    /// The mechanism that the credentials are for.
    pub mechanism: Mechanism,
}

/// An authenticated client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Success {
    /// Who it is. The session's address derives from this alone.
    pub identity: Identity,
    /// The authorization identity as the client sent it, found to be the same as `identity`.
    pub authzid: Option<String>,
    /// Data for `<success/>`: the server's signature.
    pub data: Option<Vec<u8>>,
    /// Which of the account's tokens was proved, counted from 0 in the order of [`Account::holding`](super::Account::holding).
    pub token: Option<usize>,
    /// The mechanism.
    pub mechanism: Mechanism,
}

/// Who was authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The account with the name that came with [`Account::found`](super::Account::found).
    Account(String),
    /// One of the identities of the client's certificate.
    Certificate(String),
    /// Nobody in particular: the caller makes up an address.
    Anonymous {
        /// What the client says of itself, up to 255 characters; not to be trusted or shown to others.
        trace: Option<String>,
    },
}
