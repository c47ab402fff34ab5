//! XMPP stanzas (RFC 6120 §8): a header that is parsed, over a payload that stays bytes until somebody
//! asks for it.
//!
//! - [`Stanza`]: message, presence and iq, with their [`Kind`], addresses and id; received with one
//!   allocation, cloned with none. Its [`Child`]ren are found by name and parsed on demand.
//! - [`Payload`]: what a typed payload implements; [`payload!`] declares one. Those that many extensions
//!   share are here: [`forms`] (XEP-0004), [`rsm`] (0059), [`delay`] (0203), [`forward`] (0297), [`hints`]
//!   (0334), [`sid`] (0359), [`time`] (0082); and, beside stanzas, [`sm`] (0198).
//! - [`class`]: what is to become of a message: archived, copied, stored, pushed, or held back for a while.
//! - [`StanzaError`]: every condition of RFC 6120 §8.3.3.
//! - [`xml`]: the scanner, reader and writer beneath.
//!
//! Streams, their headers and their errors are in `stonechat-stream`; what a single XEP says about its own
//! payload is in the crate of that XEP.
//!
//! ```
//! use stonechat_stanza::{Element, Stanza, StanzaError, iq, ns};
//!
//! let request = Stanza::parse(
//!     b"<iq from='juliet@example.com/balcony' to='example.com' id='1' type='get'>\
//!       <query xmlns='jabber:iq:version'/></iq>",
//! )?;
//! assert!(request.has(ns::VERSION, "query"));
//! assert_eq!(request.defect(), None);
//!
//! let answer = request.reply().with_element(
//!     &Element::builder("query", ns::VERSION).append(Element::builder("name", ns::VERSION).append("Stonechat")).build(),
//! );
//! assert_eq!(
//!     answer.to_string(),
//!     "<iq to='juliet@example.com/balcony' from='example.com' id='1' type='result'>\
//!      <query xmlns='jabber:iq:version'><name>Stonechat</name></query></iq>"
//! );
//!
//! let refusal = request.error_reply(&StanzaError::service_unavailable()).ok_or("errors are not answered")?;
//! assert_eq!(refusal.error(), Some(StanzaError::service_unavailable()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod class;
pub mod delay;
pub mod error;
pub mod forms;
pub mod forward;
pub mod hints;
pub mod iq;
pub mod message;
pub mod ns;
pub mod payload;
pub mod presence;
pub mod rsm;
pub mod sid;
pub mod sm;
pub mod time;
pub mod xml;

mod child;
mod contain;
mod defect;
mod header;
mod kind;
mod nonza;
mod raw;
mod stanza;

#[cfg(test)]
mod test_trees;

pub use minidom::Element;
pub use stonechat_jid as jid;

pub use child::Child;
pub use defect::Defect;
pub use error::StanzaError;
pub use kind::Kind;
pub use nonza::Nonza;
pub use payload::{ParseError, Payload};
pub use stanza::Stanza;
