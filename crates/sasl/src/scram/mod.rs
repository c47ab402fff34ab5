//! What both roles of SCRAM (RFC 5802, RFC 7677) share: hashes, stored keys, messages, downgrade protection.

mod credentials;
mod decoy;
#[cfg(feature = "serde")]
mod document;
mod downgrade;
mod hash;
mod key;
mod keys;
mod message;
mod nonce;
mod proof;

pub use credentials::Credentials;
pub use decoy::Decoy;
pub use downgrade::Advertised;
pub use hash::Hash;
pub use keys::{ClientKeys, Keys, KeysError};
pub use message::SyntaxError;

pub(crate) use key::Key;
pub(crate) use message::{ClientFinal, ClientFirst, Flag, ServerFinal, ServerFirst, escape, gs2_header};
pub(crate) use nonce::nonce;
pub(crate) use proof::Proof;

/// Fewest PBKDF2 iterations that either role works with: what RFC 5802 §5.1 and RFC 7677 §4 ask for at least. Stored
/// keys below it are refused, so a store that was tampered with cannot weaken an exchange.
pub const MIN_ITERATIONS: u32 = 4096;

/// PBKDF2 iterations for new credentials, for every hash. About 1 ms with SHA-1 and SHA-256 and 7 ms with SHA-512
/// on one core of a current machine.
pub const DEFAULT_ITERATIONS: u32 = 10_000;

/// Most PBKDF2 iterations that either role works with. A hostile server could otherwise keep a client busy for
/// hours; this many take about a second.
pub const MAX_ITERATIONS: u32 = 2_000_000;

/// Length of a salt that this crate makes, in bytes (RFC 7677's example has as many).
pub const SALT_LEN: usize = 16;

/// Longest salt that either role works with, in bytes.
pub const MAX_SALT_LEN: usize = 128;
