//! The payload (XEP-0393 §7).

use stonechat_stanza::payload;

/// Namespace of the payload and of the feature (§4).
pub const NS: &str = "urn:xmpp:styling:0";

payload! {
    /// The body of the message is to be shown as it is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Unstyled: NS, "unstyled";
}
