//! How commands reach a server that runs.
//!
//! A server listens on the Unix socket `control` in its data directory, which its owner alone can open. Each line that it
//! reads there is a [`Request`] in JSON, each line that it writes is the [`Reply`] to one, in the same order. Commands that
//! concern accounts do the same without a server, by starting one that listens nowhere: see [`Office`].

pub(crate) mod accounts;
mod client;
mod federation;
mod office;
mod protocol;
mod secret;
mod server;

pub(crate) use client::Client;
pub(crate) use office::{Office, running};
pub(crate) use protocol::{
    Answer, Arrival, Federation, HostStatus, Peering, PeeringFailure, PeeringState, Reply, Request, Session,
    Status, Step, Trial, User,
};
pub(crate) use secret::Secret;
pub(crate) use server::{Answering, ControlSocket};

/// The longest line, in bytes.
const MAX_LINE: u64 = 1 << 20;
