//! The protocol of a client without IO: bytes and the time go in, bytes and [events](Event) come out.
//!
//! [`Machine`] is one client, over as many connections as it takes: it negotiates each stream, logs in, binds or resumes a session,
//! counts stanzas both ways (XEP-0198), sends again what was not acknowledged, asks whether the server is still there, and says when to
//! connect again. A *driver* has the sockets, TLS, the clock and a thread to derive keys on.
//!
//! ```text
//!            start()                 connected()            a session
//!   Idle ──────────────▶ Connecting ─────────────▶ Login ──────────────▶ Online
//!                           ▲  │ connect_failed()    │ error              │ lost(), error, silence
//!                  timeout()│  ▼                     ▼                    ▼
//!                        Waiting ◀──────────────── is it final? ──yes──▶ Closed ◀── close()
//! ```
//!
//! [`Unauthenticated`] is a stream on which nobody logs in, for what is to be said before that.
//!
//! After each input the driver does what [`Machine::poll_event`] has, and writes what [`Machine::poll_output`] has; at
//! [`Machine::deadline`] it calls [`Machine::timeout`].

mod alive;
mod config;
mod error;
mod event;
mod login;
mod machine;
mod online;
mod outbox;
mod unauthenticated;
mod wire;

#[cfg(test)]
mod tests;

pub use alive::KeepAlive;
pub use config::{Config, FastToken, Security};
pub use error::{Error, Fault};
pub use event::{Event, Fate};
pub use machine::Machine;
pub use outbox::{QueueError, QueueLimits, Ticket, Unacknowledged};
pub use stonechat_net::Backoff;
pub use unauthenticated::{Unauthenticated, UnauthenticatedEvent};
pub use wire::UserAgent;
