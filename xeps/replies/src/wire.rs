//! The payload (XEP-0461 §3).

use stonechat_stanza::jid::Jid;
use stonechat_stanza::payload;

/// Namespace of the payload and of the feature (§2).
pub const NS: &str = "urn:xmpp:reply:0";

payload! {
    /// The message answers another one.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Reply: NS, "reply" {
        /// Who has written that.
        pub to: Option<Jid> => optional("to"),
        /// Its id: in a room the one that the room has given (§4), otherwise that of the message.
        pub id: String => required("id"),
    }
}
