//! From an XMPP domain to a connection with it, for clients and servers alike.
//!
//! - [`Resolver`] finds the hosts that serve a domain: SRV records for direct TLS and STARTTLS as one list (RFC 2782, XEP-0368 §5), and
//!   the domain itself where there are none (RFC 6120 §3.2).
//! - [`race`] connects to the address that answers first (RFC 8305).
//! - [`certificate`] decides whether a certificate is that of a domain: [`certificate::names`] compares names (RFC 6125, RFC 6120
//!   §13.7), [`certificate::judge`] looks at the chain as well. [`certificate::Unjudged`] lets a handshake come to an end, so that
//!   a policy can decide after it.
//! - [`Transport`] is a connection that has been made, with TLS or without.
//! - [`Backoff`] and [`Waits`] say when to try again.
//!
//! Not here: what is said on a connection; DNSSEC and DANE, POSH, host-meta; certificates that were revoked; a pool of connections.
//!
//! ```
//! use stonechat_net::{Service, certificate::{Name, covers}};
//!
//! let names = [Name::Dns("*.example.org".into()), Name::Srv("_xmpp-server.example.com".into())];
//! assert!(covers(&names, "chat.example.org", Service::Server));
//! assert!(!covers(&names, "example.org", Service::Server));
//! assert!(covers(&names, "example.com", Service::Server));
//! assert!(!covers(&names, "example.com", Service::Client));
//! ```

mod backoff;
pub mod certificate;
mod dns;
mod reach;
mod srv;
mod transport;

pub use backoff::{Backoff, Waits};
pub use dns::{NoService, Resolver};
pub use reach::{Unreachable, interleaved, is_public, race};
pub use srv::{Service, Target};
pub use transport::{Connection, Transport, Turn};

/// A domain, or a host's name, as DNS and certificates have it: in A-labels. What cannot be written so is left as it is, for them to
/// refuse.
#[must_use]
pub fn ascii(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned())
}
