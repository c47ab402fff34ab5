//! The seam between an XMPP core and its extensions.
//!
//! An extension is a type with a [`Manifest`], a typed configuration section, and an [`install`](ServerExtension::install)
//! that registers handlers at typed hook points: who has read these three knows what it does. This crate has the
//! [hook points](point), the [kinds of handler](handler), the registry, and the virtual [`Host`] that runs the
//! extensions: its session table, the delivery rules of RFC 6121 §8, and each stanza's way from a client to
//! the mailboxes of the recipients. It has no sockets, no TLS, no mechanisms: those are the server's, and what extensions
//! add to a [`login`] is handed to it.
//!
//! [`client`] is the same seam for a client's extensions.
//!
//! With the feature `test-host` it also has an in-memory host for extensions' own tests.
//!
//! ```
//! use stonechat_extension::{
//!     Answer, Cx, InstallError, Installer, Manifest, NoConfig, On, Reply, Request, ServerExtension,
//! };
//! use stonechat_stanza::{Element, ParseError, Payload, StanzaError};
//!
//! const NS: &str = "urn:xmpp:ping";
//!
//! /// The payload: `<ping xmlns='urn:xmpp:ping'/>`.
//! struct Ping;
//! impl Payload for Ping {
//!     const NS: &'static str = NS;
//!     const NAME: &'static str = "ping";
//!     fn parse(_: &Element) -> Result<Self, ParseError> {
//!         Ok(Self)
//!     }
//!     fn to_element(&self) -> Element {
//!         Element::bare(Self::NAME, Self::NS)
//!     }
//! }
//!
//! /// Answers pings to the host; it keeps no state.
//! struct Pong;
//! impl ServerExtension for Pong {
//!     const MANIFEST: Manifest = Manifest::new("ping").xep(199, "2.0.1");
//!     type Config = NoConfig;
//!
//!     fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
//!         let pong = host.share(Pong);
//!         host.feature(NS);
//!         host.iq_get(On::HOST, &pong)
//!     }
//! }
//! impl Answer<Ping> for Pong {
//!     fn answer(&self, _: &mut Cx<'_>, _: &Request, _: Ping) -> Result<Reply, StanzaError> {
//!         Ok(Reply::empty())
//!     }
//! }
//! stonechat_extension::register!(server: Pong);
//! # fn main() {}
//! ```

mod accounts;
mod asked;
pub mod client;
mod clock;
mod config;
mod cx;
mod descriptor;
pub mod disco;
mod entry_id;
pub mod handler;
mod hold;
mod hooks;
mod host;
mod hosts;
mod install;
mod iq;
mod journal;
pub mod login;
mod mailbox;
mod manifest;
mod numbering;
mod order;
pub mod point;
pub mod routing;
mod server;
mod session;
mod states;
mod table;
mod tables;
#[cfg(feature = "test-host")]
pub mod test_host;

#[doc(hidden)]
pub use inventory;

pub use accounts::{AccountError, Accounts};
pub use asked::Answered;
pub use clock::{Clock, VirtualClock};
pub use config::{NoConfig, suggest};
pub use cx::Cx;
#[doc(hidden)]
pub use descriptor::Submission;
pub use descriptor::{Described, Descriptor, Registry, ServerSide, Side};
pub use disco::Phase;
pub use handler::{
    Answer, AsyncAnswer, AsyncGuard, BeforeSession, Begun, Claim, Command, Copies, Guard, HandlerError, Map,
    Nonza, Observe, React, Record, Reply, Serve, Verdict,
};
pub use hold::Hold;
pub use host::{BindError, Entered, Host, Limits, ResumeError, Setup, Violation};
pub use hosts::{Hosts, NoRemote, Remote};
pub use install::{InstallError, Installer, Keep, Placed, Stored};
pub use iq::{On, Request};
pub use journal::Journal;
pub use mailbox::{Ending, Full, Letters, Mailbox, Shelved, TooHigh, Wire};
pub use manifest::{MANIFEST_LIST, Manifest, Standard};
pub use numbering::Acks;
pub use point::{HoldBack, Point, Select, StanzaPoint, Targets, WaitingPoint};
pub use server::ServerExtension;
pub use session::{Account, Session, SessionState};
pub use tables::{Plan, Tables};
