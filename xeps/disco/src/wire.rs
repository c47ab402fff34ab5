//! The payloads (XEP-0030 §3, §4; XEP-0128 §2).

use stonechat_stanza::forms::Form;
use stonechat_stanza::{jid::Jid, payload};

/// Namespace of requests for information, and the feature that says they are answered.
pub const INFO: &str = stonechat_stanza::ns::DISCO_INFO;
/// Namespace of requests for items, and the feature that says they are answered.
pub const ITEMS: &str = stonechat_stanza::ns::DISCO_ITEMS;

payload! {
    /// The request for information (§3.1); what else is in it is ignored.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct InfoQuery: INFO, "query" {
        /// The node asked about (§3.2).
        pub node: Option<String> => optional("node"),
    }
}

payload! {
    /// The answer to a request for information (§3.1).
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Info: INFO, "query" {
        /// The node that was asked about (§3.2).
        pub node: Option<String> => optional("node"),
        /// What the entity is.
        pub identities: Vec<Identity> => payloads,
        /// What it can do.
        pub features: Vec<Feature> => payloads,
        /// Extended information (XEP-0128).
        pub forms: Vec<Form> => payloads,
    }
}

payload! {
    /// An identity: `<identity/>` (§3.1).
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
    pub struct Identity: INFO, "identity" {
        /// The category, `"server"`.
        pub category: String => required("category"),
        /// The type in the category, `"im"`.
        pub kind: String => required("type"),
        /// The language of the name.
        pub lang: Option<String> => lang,
        /// The name for people.
        pub name: Option<String> => optional("name"),
    }
}

payload! {
    /// A feature: `<feature/>` (§3.1).
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
    pub struct Feature: INFO, "feature" {
        /// The namespace of a protocol, or another name.
        pub var: String => required("var"),
    }
}

payload! {
    /// The request for items (§4.1); what else is in it is ignored.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct ItemsQuery: ITEMS, "query" {
        /// The node asked about (§4.2).
        pub node: Option<String> => optional("node"),
    }
}

payload! {
    /// The answer to a request for items (§4.1).
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Items: ITEMS, "query" {
        /// The node that was asked about (§4.2).
        pub node: Option<String> => optional("node"),
        /// The items.
        pub items: Vec<Item> => payloads,
    }
}

payload! {
    /// An item: `<item/>` (§4.1).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Item: ITEMS, "item" {
        /// The address.
        pub jid: Jid => required("jid"),
        /// The node at that address (§4.2).
        pub node: Option<String> => optional("node"),
        /// The name for people.
        pub name: Option<String> => optional("name"),
    }
}

impl Info {
    /// Whether it has this feature.
    ///
    /// ```
    /// use stonechat_stanza::Payload as _;
    /// let info = "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:ping'/></query>";
    /// let info = stonechat_xep_disco::Info::parse(&info.parse().unwrap()).unwrap();
    /// assert!(info.has("urn:xmpp:ping"));
    /// ```
    #[must_use]
    pub fn has(&self, feature: &str) -> bool {
        // §3.1: who answers at all supports this one, also those who do not say so.
        feature == INFO || self.features.iter().any(|listed| listed.var == feature)
    }
}
