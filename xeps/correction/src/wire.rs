//! The payload (XEP-0308 §3).

use stonechat_stanza::{Stanza, payload};

/// Namespace of the payload and of the feature (§2).
pub const NS: &str = "urn:xmpp:message-correct:0";

payload! {
    /// The message takes the place of another one.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Replace: NS, "replace" {
        /// The id of the original: not that of a correction of it (§4).
        pub id: String => required("id"),
    }
}

/// Makes a message the correction of the one that was sent first with the id `original`. It has to be complete (§4), with an id of its own.
#[must_use]
pub fn correct(original: &str, mut message: Stanza) -> Stanza {
    message.remove(NS, "replace");
    message.with(&Replace { id: original.to_owned() })
}
