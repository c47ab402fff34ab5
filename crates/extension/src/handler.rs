//! The kinds of handler: what each may do, and what happens when it fails.
//!
//! At a point the kinds run in this order. A panic counts as an error, and so does an asynchronous handler that takes
//! longer than [`HANDLER_TIMEOUT`].
//!
//! | kind | may | on error |
//! |---|---|---|
//! | [`Guard`], [`AsyncGuard`] | allow, reject, drop, answer for nobody | rejects with `internal-server-error`: it fails closed |
//! | [`Map`] | change the event | rejects: the event may be half changed |
//! | [`Record`] | make it durable; awaited | logged and counted; rejects where the operator marked it required |
//! | [`Copy`](Copies) | send further stanzas | logged and counted; nothing of it is sent |
//! | [`Claim`] | own the event: take it, or hand it back | `internal-server-error` to the sender |
//! | [`Observe`] | look, after the fact | logged and counted |
//! | [`React`] | do what follows from an event of a session's or an account's life; awaited | logged and counted |
//! | [`Serve`] | own a domain beside the host's: take all that is for it | the stanza error, or `internal-server-error`, to the sender |
//!
//! IQ requests have exactly one owner, an [`Answer`] or [`AsyncAnswer`]. What takes part in a login is in [`login`](crate::login).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stonechat_jid::BareJid;
use stonechat_stanza::{Element, Payload, Stanza, StanzaError};

use crate::point::Point;
use crate::{Cx, Request, Session};

/// How long an asynchronous handler may take before it counts as failed.
pub const HANDLER_TIMEOUT: Duration = Duration::from_secs(30);

/// What a [`Guard`] or an [`AsyncGuard`] says.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Nothing to object to; the other guards decide.
    Allow,
    /// Refuse it and tell the sender, who gets this error unless the stanza is one that must not be answered.
    Reject(StanzaError),
    /// Refuse it and say nothing. For what would give something away.
    Drop,
    /// Refuse it, with the very answer that the sender would get if there were no such account (RFC 6121 §8.5.1). At points that are not
    /// about an account, `service-unavailable`.
    Absent,
}

/// Anything else than a peer's fault: for the log and the counters, never for a peer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HandlerError(String);

impl HandlerError {
    /// An error that says `message` to the operator.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl From<stonechat_store::Error> for HandlerError {
    fn from(error: stonechat_store::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<stonechat_stanza::ParseError> for HandlerError {
    fn from(error: stonechat_stanza::ParseError) -> Self {
        Self(error.to_string())
    }
}

/// Allows or refuses an event. It must not wait, so it keeps what it needs in memory.
pub trait Guard<P: Point>: Send + Sync + 'static {
    /// Judges the event. All guards of a point are asked until one refuses; their order does not matter.
    fn guard(&self, cx: &Cx<'_>, event: &P) -> Verdict;
}

/// Allows or refuses an event as a [`Guard`] does, where what it needs is not always in memory; at a [`WaitingPoint`](crate::WaitingPoint),
/// after the guards that need not wait.
#[async_trait]
pub trait AsyncGuard<P: Point>: Send + Sync + 'static {
    /// What can be said without waiting, which is all that most events should take; `None` to be asked again.
    fn at_once(&self, cx: &Cx<'_>, event: &P) -> Option<Verdict>;

    /// Judges an event of which nothing could be said at once.
    async fn guard(&self, cx: &Cx<'_>, event: &P) -> Verdict;
}

/// Changes an event. Where two maps of a point matter to each other, `before` and `after` say which is first.
pub trait Map<P: Point>: Send + Sync + 'static {
    /// Changes the event in place.
    ///
    /// # Errors
    /// Rejects the event: the sender gets this stanza error.
    fn map(&self, cx: &Cx<'_>, event: &mut P) -> Result<(), StanzaError>;
}

/// Makes an event durable before anything follows from it. Can neither refuse nor change it.
#[async_trait]
pub trait Record<P: Point>: Send + Sync + 'static {
    /// Records the event; it is durable when this returns.
    ///
    /// # Errors
    /// Logged and counted.
    async fn record(&self, cx: &Cx<'_>, event: &P) -> Result<(), HandlerError>;
}

/// Sends further stanzas because of an event (the kind called *copy*; the name [`Copy`] is taken in Rust).
pub trait Copies<P: Point>: Send + Sync + 'static {
    /// Sends copies with [`Cx::send`] or [`Cx::send_to_session`]; they leave after the original.
    ///
    /// # Errors
    /// Logged and counted; what was sent in this call is withdrawn.
    fn copy(&self, cx: &mut Cx<'_>, event: &P) -> Result<(), HandlerError>;
}

/// Owns an event: takes it, or hands it back to the next claim and at last to the core.
#[async_trait]
pub trait Claim<P: Point>: Send + Sync + 'static {
    /// Whether it may want the event, as far as that can be said without waiting; what it does not want passes it by at no cost. Asked for
    /// every event of the kinds that are claimed. Unless implemented, it may want them all.
    fn wants(&self, _: &Cx<'_>, _: &P) -> bool {
        true
    }

    /// `Ok(None)` when it took the event, `Ok(Some(event))` when it does not want it.
    ///
    /// # Errors
    /// The sender gets the stanza error, as far as the event has a stanza that may be answered.
    async fn claim(&self, cx: &mut Cx<'_>, event: P) -> Result<Option<P>, StanzaError>;
}

/// Looks at what happened. Cannot delay or change anything.
pub trait Observe<P: Point>: Send + Sync + 'static {
    /// Sees the event after the fact.
    fn observe(&self, cx: &Cx<'_>, event: &P);
}

/// Does what follows from an event of a session's or an account's life: loads, stores, sends. Awaited, in order.
#[async_trait]
pub trait React<P: Point>: Send + Sync + 'static {
    /// Reacts to the event.
    ///
    /// # Errors
    /// Logged and counted; what was sent before the error stays sent.
    async fn react(&self, cx: &mut Cx<'_>, event: &P) -> Result<(), HandlerError>;
}

/// The answer to an IQ request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// An empty result.
    Empty,
    /// A result with this payload.
    Payload(Element),
    /// None from here: the handler has sent the answer itself, or somebody else will.
    Sent,
}

impl Reply {
    /// An empty result.
    #[must_use]
    pub const fn empty() -> Self {
        Self::Empty
    }

    /// A result with this payload.
    pub fn with(payload: &impl Payload) -> Self {
        Self::Payload(payload.to_element())
    }
}

/// Owns IQ requests with payload `T`, and answers at once.
pub trait Answer<T: Payload + Send + 'static>: Send + Sync + 'static {
    /// Answers the request.
    ///
    /// # Errors
    /// The asker gets the stanza error.
    fn answer(&self, cx: &mut Cx<'_>, request: &Request, payload: T) -> Result<Reply, StanzaError>;
}

/// Owns IQ requests with payload `T`, and waits for something, such as a store, before it answers.
#[async_trait]
pub trait AsyncAnswer<T: Payload + Send + 'static>: Send + Sync + 'static {
    /// Answers the request.
    ///
    /// # Errors
    /// The asker gets the stanza error.
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, payload: T) -> Result<Reply, StanzaError>;
}

/// Owns a domain beside the host's, such as that of its rooms: whatever is for an address of it comes here, and nothing else happens to it.
/// Requests have to be answered.
#[async_trait]
pub trait Serve: Send + Sync + 'static {
    /// Takes a stanza whose header is sound, and sends what follows from it with [`Cx::send`], from addresses of its domain.
    ///
    /// # Errors
    /// The sender gets the stanza error, unless the stanza is one that must not be answered.
    async fn serve(&self, cx: &mut Cx<'_>, stanza: Stanza) -> Result<(), StanzaError>;
}

/// Takes top-level elements that are not stanzas, such as those of stream management, from a bound session.
pub trait Nonza: Send + Sync + 'static {
    /// Handles the element; [`Cx::send_nonza`] answers.
    ///
    /// # Errors
    /// Logged and counted; the stream goes on.
    fn nonza(&self, cx: &mut Cx<'_>, element: &Element) -> Result<(), HandlerError>;
}

/// Takes top-level elements from a client that has authenticated and has no session yet, such as the wish to continue one.
#[async_trait]
pub trait BeforeSession: Send + Sync + 'static {
    /// Handles the element. [`Cx::session`] is `None`.
    ///
    /// # Errors
    /// Logged and counted; the stream ends.
    async fn before_session(
        &self,
        cx: &mut Cx<'_>,
        account: &BareJid,
        element: &Element,
    ) -> Result<Begun, HandlerError>;
}

/// What comes of an element before the session.
#[derive(Debug)]
pub enum Begun {
    /// The client gets this element, and may go on as if nothing had been.
    Replied(Element),
    /// The client gets this element, and its stream is that of this session, which was [resumed](crate::Host::resume).
    Session(Arc<Session>, Element),
}

/// An operator's command that an extension offers.
#[async_trait]
pub trait Command: Send + Sync + 'static {
    /// Runs the command with the words that followed its name, and returns what to print.
    ///
    /// # Errors
    /// Printed to the operator.
    async fn run(&self, cx: &mut Cx<'_>, words: &[String]) -> Result<String, HandlerError>;
}
