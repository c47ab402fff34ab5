//! XMPP streams without IO: the XML stream codec and the negotiation of a stream, for both roles (RFC 6120
//! §4 to §7), over TCP and over WebSocket (RFC 7395).
//!
//! - [`codec`] turns bytes into frames and back, within limits.
//! - [`negotiation`] leads a stream from its first header to a bound resource: two state machines, one for the
//!   server's side and one for the client's, that ask a driver for whatever is not XML.
//! - [`dialback`], [`bidi`] and [`negotiation::peer`] are for streams between servers.
//! - [`component`] and [`negotiation::component`] are for streams between a server and its components (XEP-0114).
//! - [`StreamHeader`], [`Features`], [`StreamError`], [`tls`], [`sasl`], [`bind`] and [`session`] are what they
//!   speak of.
//!
//! Not here: sockets, clocks and TLS; SASL mechanisms; SASL2, Bind 2 and stream management, which take part through
//! the elements that negotiation hands out; the rules of sessions and stanzas.
//!
//! A server's side up to the features, from the bytes of a client:
//!
//! ```
//! use bytes::BytesMut;
//! use stonechat_stream::codec::{Content, Decoder, Framing, Limits};
//! use stonechat_stream::negotiation::server::{Action, Awaits, Config, Host, Negotiation};
//!
//! let mut decoder = Decoder::new(Framing::Tcp, Content::Client, Limits::unauthenticated());
//! let mut stream = Negotiation::new(Config::new(Framing::Tcp));
//! let mut received = BytesMut::from(
//!     "<stream:stream to='example.org' version='1.0' xmlns='jabber:client' \
//!      xmlns:stream='http://etherx.jabber.org/streams'>",
//! );
//! let mut sent = Vec::new();
//! while stream.awaits() == Awaits::Frame {
//!     match decoder.decode(&mut received) {
//!         Ok(Some(frame)) => stream.frame(frame, received.len()),
//!         Ok(None) => break, // more bytes have to come
//!         Err(error) => stream.error(error.into()),
//!     }
//!     while let Some(action) = stream.next_action() {
//!         match action {
//!             Action::Send(bytes) => sent.extend(bytes),
//!             Action::HostWanted(wanted) => {
//!                 let known = wanted.to == "example.org";
//!                 stream.host(known.then(|| Host::new(["SCRAM-SHA-256"])));
//!             }
//!             other => unreachable!("the client has only opened a stream: {other:?}"),
//!         }
//!     }
//! }
//! let sent = String::from_utf8(sent)?;
//! assert!(sent.contains("<starttls") && sent.contains("<required/>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bidi;
pub mod bind;
pub mod codec;
pub mod component;
pub mod dialback;
mod error;
mod features;
mod header;
pub mod negotiation;
pub mod sasl;
pub mod session;
pub mod tls;

pub use error::{Condition, Fault, StreamError, Text};
pub use features::Features;
pub use header::{StreamHeader, Version};
