//! The payloads (XEP-0060 §18).

mod event;
mod item;
mod owner;
mod pubsub;

pub use event::Event;
pub use item::{Item, Standing, Subscription};
pub use owner::Owner;
pub use pubsub::PubSub;

use stonechat_stanza::StanzaError;
use stonechat_stanza::error::Condition;
use stonechat_stanza::{Element, ParseError};

/// Namespace of requests, and the feature of services.
pub const NS: &str = "http://jabber.org/protocol/pubsub";
/// Namespace of the requests of owners.
pub const OWNER: &str = "http://jabber.org/protocol/pubsub#owner";
/// Namespace of what subscribers are told.
pub const EVENT: &str = "http://jabber.org/protocol/pubsub#event";
/// Namespace of errors.
pub const ERRORS: &str = "http://jabber.org/protocol/pubsub#errors";

/// Whether a publication was refused because the node is not configured as the publisher wants (§7.1.5).
#[must_use]
pub fn precondition_not_met(error: &StanzaError) -> bool {
    error.condition == Condition::Conflict && error.has_application(ERRORS, "precondition-not-met")
}

/// The first child that says what it is about, and not how.
fn subject<'a>(element: &'a Element, ns: &str) -> Result<&'a Element, ParseError> {
    let about = |child: &&Element| {
        child.has_ns(ns) && !matches!(child.name(), "configure" | "publish-options" | "options")
    };
    let children = || element.children();
    let first = children().find(about).or_else(|| children().find(|child| child.has_ns(ns)));
    first.ok_or_else(|| ParseError::bad_request("a request about nothing"))
}

fn unknown(element: &Element) -> ParseError {
    ParseError::feature_not_implemented(format!("<{}/> is not known", element.name()))
}

#[cfg(test)]
mod tests;
