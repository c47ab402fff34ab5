//! The payload (XEP-0199 §4).

use stonechat_stanza::payload;

/// Namespace of the payload and of the advertised feature (XEP-0199 §7).
pub const NS: &str = "urn:xmpp:ping";

payload! {
    /// `<ping/>`, which has no content.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Ping: NS, "ping";
}
