//! Components in Rust: a program that has a domain of an XMPP server and speaks for all addresses of it, such as a gateway or a bot with many
//! faces (XEP-0114, method "accept").
//!
//! - [`Component`] and its [`Events`] are what an application has; [`Builder`] composes them from a domain, its secret, the server's address,
//!   and the [extensions](stonechat_extension::client) that it wants: the same that clients have, such as those that answer pings and service
//!   discovery. Nothing is on that was not asked for.
//! - Requests for which no extension is installed are answered with `service-unavailable`; messages and presence are the application's.
//! - Should the connection break it comes back. What is sent meanwhile waits; what was on its way may be lost, as the protocol has no
//!   acknowledgements. A wrong secret is final.
//!
//! It speaks with any server that has components. The protocol has no TLS: the connection has to be one that nobody else listens on.
//!
//! Left out: XEP-0225, the method "connect", several connections of one component.
//!
//! ```no_run
//! use stonechat_component::{Component, Event};
//! use stonechat_stanza::{Kind, message};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let domain = "echo.example.org".parse()?;
//! let (component, mut events) = Component::builder(domain).secret("hunter2").start()?;
//! while let Some(event) = events.next().await {
//!     match event {
//!         Event::Stanza(heard) if heard.stanza.kind() == Kind::Message(message::Type::Chat) => {
//!             component.send(heard.stanza.reply()).await?;
//!         }
//!         Event::Closed(Some(error)) => return Err(error.into()),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod builder;
mod component;
mod driver;
mod error;
mod event;
mod open;

pub use builder::{Builder, StartError};
pub use component::Component;
pub use error::Error;
pub use event::{Event, Events};
pub use stonechat_extension::client::{Closed, Delivery, Inbound, Progress, RequestError, SendError};
