//! The seam between a client's core and its extensions.
//!
//! The same as on the server: an extension is a type with a [`Manifest`](crate::Manifest), a typed configuration section, and an
//! [`install`](Extension::install) that registers handlers at typed points. Nothing is on that was not asked for.
//!
//! ```text
//!  server ──▶ answer to a request? ──yes──▶ whoever asked
//!                   │ no
//!                   ▼
//!               Inbound (guards, maps, observers) ─┬─▶ iq get, set ──▶ its owner, else service-unavailable
//!                                                  ├─▶ message with a payload that is owned ──▶ its owner
//!                                                  └─▶ everything else ──▶ (Learned, if a message) ──▶ the application
//!
//!  application, extensions ──▶ Outbound (guards, maps, additions, observers) ──▶ server
//!
//!  elements of the stream that are no stanzas ──▶ server, past all of this
//!
//!  life of a session:  what it begins with ──▶ login ──▶ Connected ⇄ Disconnected
//! ```
//!
//! | point | guard | map | observe | react |
//! |---|---|---|---|---|
//! | [`Inbound`], [`Outbound`] | ✓ | ✓ | ✓ | |
//! | [`Learned`] | ✓ | | | ✓ |
//! | [`Connected`], [`Disconnected`], points of other crates | | | | ✓ |
//!
//! Handlers do not wait. What waits is a [task](Cx::spawn) that has a [`Handle`], by which stanzas are sent, requests are
//! asked, and [events](Event) come into the application's stream of events; what is to be done [later](Cx::later) is called then.
//!
//! [`Senders`] says from whom something may come; it is checked in one place, before an owner sees it (RFC 6121 §2.1.6,
//! XEP-0280 §11, XEP-0313 §4.2), and what comes from others is not acted upon.
//!
//! What is to be said before there is a session, such as the wish for an account, is said on a stream that is [`BeforeLogin`].
//!
//! [`Pipeline`] is all of this as a machine without IO, for the core that has the connection.
//!
//! ```
//! use stonechat_extension::client::{Answer, Cx, Extension, Inbound, Installer, Senders};
//! use stonechat_extension::{InstallError, Manifest, NoConfig, Reply};
//! use stonechat_stanza::{StanzaError, payload};
//!
//! payload! {
//!     /// `<ping xmlns='urn:xmpp:ping'/>`
//!     struct Ping: "urn:xmpp:ping", "ping";
//! }
//!
//! /// Answers whoever asks.
//! struct Pong;
//! impl Extension for Pong {
//!     const MANIFEST: Manifest = Manifest::new("ping").xep(199, "2.0.1");
//!     type Config = NoConfig;
//!
//!     fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
//!         let pong = client.share(Pong);
//!         client.feature("urn:xmpp:ping");
//!         client.iq_get(Senders::ANYONE, &pong)
//!     }
//! }
//! impl Answer<Ping> for Pong {
//!     fn answer(&self, _: &mut Cx<'_>, _: &Inbound, _: Ping) -> Result<Reply, StanzaError> {
//!         Ok(Reply::empty())
//!     }
//! }
//! stonechat_extension::register!(client: Pong);
//! # fn main() {}
//! ```

mod authors;
mod before_login;
mod cx;
mod delivery;
mod descriptor;
mod error;
mod event;
mod extension;
mod handle;
mod handler;
mod hooks;
mod install;
mod owners;
mod pipeline;
mod point;
mod query;
mod requests;
mod sender;
mod tables;
#[cfg(feature = "test-host")]
pub mod test_host;
mod timers;

pub use authors::Authors;
pub use before_login::BeforeLogin;
pub use cx::Cx;
pub use delivery::{Delivery, Progress, SendError, Tracker};
#[doc(hidden)]
pub use descriptor::Submission;
pub use descriptor::{ClientSide, Descriptor};
pub use error::{Closed, RequestError};
pub use event::{Event, EventBody};
pub use extension::Extension;
pub use handle::{Command, Commands, DEFAULT_TIMEOUT, Handle, channel};
pub use handler::{Add, Answer, Begin, Guard, Map, Observe, React, Take};
pub use install::Installer;
pub use pipeline::{Effect, Pipeline, Task};
pub use point::{Connected, Disconnected, Inbound, Learned, Outbound, Way};
pub use query::Query;
pub use requests::MOST_REQUESTS;
pub use sender::{Admitted, Circle, Expected, Sender, Senders};
pub use tables::Tables;

/// An id for a stanza or a query: 128 random bits as text.
#[must_use]
pub fn new_id() -> String {
    crate::numbering::random()
}
