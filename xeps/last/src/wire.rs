//! The payloads (XEP-0012 §2).

use stonechat_stanza::payload;

/// Namespace of the payload and of the advertised feature (XEP-0012 §6).
pub const NS: &str = stonechat_stanza::ns::LAST;

payload! {
    /// The request, `<query/>` without content.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Query: NS, "query";
}

payload! {
    /// The answer. What it says depends on who is asked: of an account, how long ago it was last available (§3); of a client, how
    /// long it has been idle (§4); of a server, how long it has been running (§5).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Last: NS, "query" {
        /// So many seconds.
        pub seconds: u64 => required("seconds"),
        /// Of an account that is offline, the status of its last unavailable presence.
        pub status: Option<String> => optional_text,
    }
}
