//! A client of any XMPP server, and of the relay.

mod connection;
mod login;
mod register;
mod target;

pub use connection::{Connection, Reader, Writer};
pub use target::{Protocol, Target};

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

/// The password of an account.
#[must_use]
pub fn password(account: usize) -> String {
    format!("pw-for-u{account}")
}
