//! The core of an XMPP client: connect, log in, stay connected, ask and be asked.
//!
//! - [`Client`] and its [`Events`] are what an application has; [`Builder`] composes them from an account, a way to log in, and the
//!   [extensions](stonechat_extension::client) that it wants. Nothing is on that was not asked for.
//! - [`protocol`] is all of it without sockets and without a clock: a machine that takes bytes and the time.
//! - [`Entrance`] is a connection on which nobody has logged in, for who wants an account.
//! - [`Place`] and [`Trust`] say where to connect and whom to believe.
//!
//! It connects where the domain's SRV records say (RFC 2782, XEP-0368), to the address that answers first (RFC 8305), by direct TLS or
//! STARTTLS; the certificate has to be that of the account's domain. It logs in with the strongest mechanism that the
//! policy allows, bound to the TLS connection where that can be, and believes no server that does not prove to know the password; by SASL2,
//! Bind 2 and FAST in one round where they are offered. Should the connection break it comes back, resumes the session (XEP-0198), and sends
//! again what the server has not acknowledged, once. A wrong password is final.
//!
//! Left out: WebSocket and BOSH, host-meta (XEP-0156), `see-other-host` and the location of XEP-0198, DNSSEC and DANE, certificates for
//! EXTERNAL, and TLS 1.3 early data.
//!
//! ```no_run
//! use stonechat_client::{Client, Event};
//! use stonechat_stanza::{Stanza, message, presence};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let account = "juliet@example.com".parse()?;
//! let (client, mut events) = Client::builder(account).password("r0m30").start()?;
//! client.send(Stanza::presence(presence::Type::Available)).await?;
//! while let Some(event) = events.next().await {
//!     match event {
//!         Event::Stanza(inbound) => println!("{}", inbound.stanza),
//!         Event::Offline { error, retry: None, .. } => eprintln!("{error}, and that is it"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod builder;
mod client;
mod connect;
mod driver;
mod entrance;
mod event;
pub mod protocol;
mod tls;

pub use builder::{Builder, StartError};
pub use client::Client;
pub use connect::Place;
pub use entrance::Entrance;
pub use event::{Event, Events};
pub use protocol::{Error, FastToken, Fault};
pub use stonechat_extension::client::{Delivery, Progress, RequestError, SendError};
pub use tls::Trust;
