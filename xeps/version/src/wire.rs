//! The payloads (XEP-0092 §2 and §3).

use stonechat_stanza::payload;

/// Namespace of the payload and of the advertised feature.
pub const NS: &str = "jabber:iq:version";

payload! {
    /// The request, `<query/>` without content.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Query: NS, "query";
}

payload! {
    /// The answer.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Version: NS, "query" {
        /// The natural-language name of the software.
        pub name: String => required_child("name"),
        /// The version.
        pub version: String => required_child("version"),
        /// The operating system.
        pub os: Option<String> => child("os"),
    }
}
