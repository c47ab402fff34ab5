//! Listening, accepting connections, and how many of them.

mod accept;
mod bind;
mod connections;
mod network;

pub(crate) use accept::{accept, serve};
pub(crate) use bind::{Bound, bind};
pub(crate) use connections::{Connections, Permit};
pub(crate) use network::Network;
