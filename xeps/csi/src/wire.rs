//! What is on the wire (XEP-0352 §4).

use stonechat_stanza::{ns, payload};

/// Namespace of the elements and of the stream feature (§4.1).
pub const NS: &str = ns::CSI;

payload! {
    /// The client's person looks (§4.2).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Active: NS, "active";
}

payload! {
    /// The client's person does not look (§4.2).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Inactive: NS, "inactive";
}
