//! The commands.

pub(crate) mod archive;
pub(crate) mod disco;
pub(crate) mod listen;
pub(crate) mod passwd;
pub(crate) mod ping;
pub(crate) mod register;
pub(crate) mod roster;
pub(crate) mod send;
pub(crate) mod upload;
