//! The payloads (XEP-0333 §4).

use stonechat_stanza::payload;

/// Namespace of the payloads and of the feature (§3).
pub const NS: &str = stonechat_stanza::ns::MARKERS;

payload! {
    /// Asks for a marker (§4.1); the message has to have an id.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Markable: NS, "markable";
}

payload! {
    /// All up to this message was displayed (§4.2).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Displayed: NS, "displayed" {
        /// The id of the message: in a room the one that the room has given (§5).
        pub id: String => required("id"),
    }
}
