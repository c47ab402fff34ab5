//! XEP-0202 (Entity Time), version 2.0: what time is it on the other side?
//!
//! The server tells the time of its clock to anybody who asks the host, always with the offset `Z`: where it stands is
//! nobody's business (§6). The client tells its own, see [`client`], and asks others. Requests to a full JID are for that client and pass through. The older XEP-0090 is obsolete and not here.
//!
//! ```
//! use stonechat_stanza::{Element, Payload};
//! use stonechat_xep_time::{Offset, Time};
//!
//! let element: Element = "<time xmlns='urn:xmpp:time'><tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time>".parse()?;
//! let time = Time::parse(&element)?;
//! assert_eq!(time.offset, Offset { minutes: -360 });
//! assert_eq!(time.to_element(), element);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod wire;
pub use wire::{NS, Offset, Query, Time};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Extension, SERVER};
