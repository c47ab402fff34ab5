//! The negotiation of a stream, from its first header to a bound resource, for both roles, without IO
//! (RFC 6120 §4 to §7, RFC 7395, XEP-0368).
//!
//! [`server::Negotiation`] is the receiving entity of a client's stream, [`client::Negotiation`] the initiating
//! one. A *driver* stands between a machine and the world: it feeds what the
//! [codec](crate::codec) reads, and does what the machine asks for: writing bytes, the TLS handshake, SASL
//! mechanisms, looking up a host, binding a resource.
//!
//! ```text
//!  client                                server               the server's driver is asked for
//!    │  <stream:stream to='example.org'>   │
//!    │────────────────────────────────────▶│ ─ HostWanted ──▶  host(..)
//!    │     <stream:stream> <features>      │
//!    │◀────────────────────────────────────│
//!    │  <starttls/>                        │                  only on TCP without direct TLS
//!    │────────────────────────────────────▶│
//!    │                         <proceed/>  │
//!    │◀────────────────────────────────────│ ─ StartTls ────▶  tls_established()
//!    │═══════════ TLS handshake ═══════════│
//!    │  <stream:stream> again              │ ─ HostWanted ──▶  host(..)
//!    │◀───────────────────────────────────▶│
//!    │  <auth mechanism='SCRAM-SHA-256'/>  │
//!    │────────────────────────────────────▶│ ─ Authenticate ─▶  challenge(..)
//!    │     <challenge/> ⇄ <response/>      │ ─ Respond ─────▶  success(..) or failure(..)
//!    │                         <success/>  │
//!    │◀────────────────────────────────────│ ─ Restart ─────▶  a fresh decoder
//!    │  <stream:stream> again              │ ─ HostWanted ──▶  host(..)
//!    │◀───────────────────────────────────▶│
//!    │  <iq type='set'><bind/></iq>        │
//!    │────────────────────────────────────▶│ ─ Bind ────────▶  bound(..) or bind_failed(..)
//!    │                 <iq type='result'>  │
//!    │◀────────────────────────────────────│ ─ Established ─▶  a session
//! ```
//!
//! The states of the server, with what leads from one to the next:
//!
//! ```text
//!             header          host(..)
//!  ┌─▶ Header ──────▶ Host ─────────────▶ Open ◀──────────────────────────┐
//!  │                                       │ │                            │
//!  │   tls_established()      <starttls/>  │ ├─ <auth/> ──▶ Authenticating ─ failure(..)
//!  ├────────────────────── Tls ◀───────────┤ │              │   ▲ challenge(..)
//!  │                                       │ │              ▼   │ <response/>
//!  │   success(..), restart                │ │            Challenged
//!  ├─────────────────────── Authenticating │ ├─ IQ, unknown element ▶ Asked ─ answer_*(..)
//!  │                                       │ └─ <bind/> ──▶ Binding ─ bind_failed(..)
//!  any state ── error, close ──▶ Closed    ┆                   └──── bound(..) ──▶ Established
//! ```
//!
//! An element that the driver answers with [`Challenge`](server::Answer::Challenge) leads to a state in which only further such elements
//! are taken.
//!
//! A machine never panics and never waits. Whatever a peer sends out of turn has a stream error or a failure
//! that the RFC names; whatever a driver does out of turn closes the stream with
//! `internal-server-error`, since going on could mean skipping a step. A closed machine ignores everything.
//!
//! # Extensions
//!
//! Elements that a machine does not know are handed to the driver, whose answer may say that an authentication is
//! under way, that the client is authenticated without a restart, or that the session is established. That, and features of any
//! kind, is where SASL2 (XEP-0388), Bind 2 (XEP-0386) and resumption (XEP-0198) take their place, beside SASL and binding.
//! [`server::Action`], [`server::Answer`] and [`client::Action`] may grow and are marked so.

pub mod client;
pub mod component;
pub mod peer;
mod queue;
pub mod server;

/// What protects the connection of a stream, and what has to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tls {
    /// TLS is there from the first byte: direct TLS (XEP-0368), `wss:`, or a trusted proxy in front.
    Established,
    /// TCP without TLS, and STARTTLS comes before anything else. The one to use.
    ///
    /// On a WebSocket, which knows no STARTTLS (RFC 7395 §3.9), this refuses every stream.
    Required,
    /// TCP without TLS; STARTTLS is offered or, on the client, used where it is offered. Whoever controls
    /// the network can take the offer away, and with it the protection: for a loopback address only.
    Optional,
    /// No TLS and no STARTTLS: for a loopback address only.
    Unavailable,
}

/// A new identifier for a stream: 160 bits from the operating system, since it must be neither guessable nor ever
/// repeated (RFC 6120 §4.7.3). `None` if the operating system has no randomness to give.
#[must_use]
pub fn stream_id() -> Option<String> {
    use base64::Engine as _;
    let mut random = [0; 20];
    getrandom::fill(&mut random).ok()?;
    Some(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random))
}

#[cfg(test)]
mod tests;
