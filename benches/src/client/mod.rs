//! A client of any XMPP server, and of the relay.

mod acks;
mod connection;
mod login;
mod register;
mod target;

pub use acks::{REQUEST, Word, acknowledgement};
pub use connection::{Connection, Reader, Writer};
pub use target::{Protocol, Target};

/// The password of all accounts, so that one can be made by copying another.
pub const PASSWORD: &str = "pw-for-all-of-them";

/// The name of an account: `u7`.
#[must_use]
pub fn name(account: usize) -> String {
    format!("u{account}")
}

/// The address of an account.
#[must_use]
pub fn address(account: usize) -> String {
    format!("u{account}@localhost")
}
