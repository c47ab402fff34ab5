//! The payloads (XEP-0184 §5.3, §5.4).

use stonechat_stanza::payload;

/// Namespace of the payloads and of the feature (§6).
pub const NS: &str = stonechat_stanza::ns::RECEIPTS;

payload! {
    /// Asks for a receipt; the message has to have an id.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Request: NS, "request";
}

payload! {
    /// The receipt.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Received: NS, "received" {
        /// The id of the message that was received.
        pub id: String => required("id"),
    }
}
