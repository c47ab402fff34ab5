//! Whether a certificate is that of an XMPP domain (RFC 6120 §13.7, RFC 6125, RFC 9525).
//!
//! Only subject alternative names count, never the common name. Between servers a certificate is one of a server on both sides, so it
//! does not need to be one for TLS clients as well: public authorities no longer issue those (XEP-0178).

mod judge;
mod judged;
mod name;
mod signatures;
mod unjudged;

pub use judge::{Distrust, NoRoots, Roots, judge};
pub use judged::Judged;
pub use name::{Name, covers, names};
pub use unjudged::Unjudged;
