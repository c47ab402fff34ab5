//! The kinds of handler of a client. None of them waits; a panic counts as an error.
//!
//! | kind | may | on error |
//! |---|---|---|
//! | [`Guard`] | allow, reject, drop | rejects: it fails closed |
//! | [`Map`] | change the stanza | rejects: it may be half changed |
//! | [`Add`] | add to a stanza that is sent | logged and counted; nothing is added |
//! | [`Begin`] | say what a session begins with | logged and counted; nothing is said |
//! | [`Observe`] | see it, send, emit | logged and counted |
//! | [`Answer`] | own requests | the asker gets the error |
//! | [`Take`] | own messages with a payload | logged and counted; the message is gone |
//! | [`React`] | do what follows from an event of the session's life | logged and counted |

use stonechat_stanza::{Element, Payload, StanzaError};

use super::{Cx, Inbound, Outbound};
use crate::point::Point;
use crate::{HandlerError, Reply, Verdict};

/// Allows or refuses a stanza. A rejected one that came is answered with the error where it may be; one that was to be sent is not.
pub trait Guard<P: Point>: Send + Sync + 'static {
    /// Judges the event. All guards of a point are asked until one refuses; their order does not matter.
    fn guard(&self, cx: &Cx<'_>, event: &P) -> Verdict;
}

/// Changes a stanza. Where two maps of a point matter to each other, `before` and `after` say which is first.
pub trait Map<P: Point>: Send + Sync + 'static {
    /// Changes the event in place.
    ///
    /// # Errors
    /// Rejects the event.
    fn map(&self, cx: &Cx<'_>, event: &mut P) -> Result<(), StanzaError>;
}

/// Adds payloads to a stanza that is sent. All of them see it as the maps left it, so their order does not matter.
pub trait Add: Send + Sync + 'static {
    /// What is to be added.
    fn add(&self, cx: &Cx<'_>, event: &Outbound) -> Vec<Element>;
}

/// Says what the next session is to begin with, where the server can have that together with the login. It is asked before each login; whether it
/// came to that, nobody is told, so what matters is said again when the session is [there](super::Connected).
pub trait Begin: Send + Sync + 'static {
    /// What is to be said; `None` for nothing.
    fn begin(&self, cx: &Cx<'_>) -> Option<Element>;
}

/// Looks at a stanza that passed.
pub trait Observe<P: Point>: Send + Sync + 'static {
    /// Sees the event.
    fn observe(&self, cx: &mut Cx<'_>, event: &P);
}

/// Does what follows from an event of the session's life.
pub trait React<P: Point>: Send + Sync + 'static {
    /// Reacts to the event; what has to wait is [spawned](Cx::spawn).
    ///
    /// # Errors
    /// Logged and counted.
    fn react(&self, cx: &mut Cx<'_>, event: &P) -> Result<(), HandlerError>;
}

/// Owns messages that carry a payload `T`: the application does not see them, but what the owner [emits](Cx::emit).
pub trait Take<T: Payload + Send + 'static>: Send + Sync + 'static {
    /// Takes the message.
    ///
    /// # Errors
    /// Logged and counted.
    fn take(&self, cx: &mut Cx<'_>, message: &Inbound, payload: T) -> Result<(), HandlerError>;
}

/// Owns IQ requests with payload `T`.
pub trait Answer<T: Payload + Send + 'static>: Send + Sync + 'static {
    /// Answers the request. With [`Reply::Sent`] the owner answers by itself, later.
    ///
    /// # Errors
    /// The asker gets the stanza error.
    fn answer(&self, cx: &mut Cx<'_>, request: &Inbound, payload: T) -> Result<Reply, StanzaError>;
}
