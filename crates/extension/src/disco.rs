//! What extensions declare about their host: identities, features, forms, items, stream features.
//!
//! Declared data is complete by construction: a feature is listed exactly while the extension that handles it is installed.

use stonechat_jid::{BareJid, Jid};
use stonechat_stanza::{Element, forms::Form};

use crate::On;
use crate::point::Point;

/// An identity of service discovery (XEP-0030 §3.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The category, `"server"`.
    pub category: String,
    /// The type in the category, `"im"`.
    pub kind: String,
    /// The name for people, if any.
    pub name: Option<String>,
}

/// An item of service discovery (XEP-0030 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The address.
    pub jid: Jid,
    /// The node at that address, if any.
    pub node: Option<String>,
    /// The name for people, if any.
    pub name: Option<String>,
}

/// What service discovery tells of one address, node `None`.
#[derive(Debug, Clone, Default)]
pub struct Info {
    /// The identities.
    pub identities: Vec<Identity>,
    /// The features; sorted, each once.
    pub features: Vec<String>,
    /// The extended information (XEP-0128).
    pub forms: Vec<Form>,
    /// The items.
    pub items: Vec<Item>,
}

impl Info {
    pub(crate) fn add_feature(&mut self, feature: &str) {
        if let Err(at) = self.features.binary_search_by(|known| known.as_str().cmp(feature)) {
            self.features.insert(at, feature.to_owned());
        }
    }
}

/// A service discovery query, which maps may add to. Fired by the extension that answers service discovery.
#[derive(Debug)]
pub struct Disco {
    /// Whom the query is for: [`On::HOST`], [`On::OWN_ACCOUNT`] or [`On::OTHER_ACCOUNT`].
    pub on: On,
    /// The account asked about, if it is one.
    pub account: Option<BareJid>,
    /// The node asked about, if any.
    pub node: Option<String>,
    /// Who asks.
    pub asker: Jid,
    /// The answer so far; `None` while nobody knows the node.
    pub info: Option<Info>,
}

impl Point for Disco {
    const NAME: &'static str = "Disco";
}

/// When a stream feature is offered (RFC 6120 §4.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Beside the mechanisms, before a client has authenticated.
    BeforeAuth,
    /// Beside resource binding, when it has.
    AfterAuth,
}

/// All that was declared.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    pub(crate) host: Info,
    pub(crate) account: Info,
    pub(crate) stream_features: Vec<(Phase, Element)>,
}

impl Declared {
    /// What is declared for an address of this sort.
    pub(crate) fn info(&self, on: On) -> &Info {
        if on == On::HOST { &self.host } else { &self.account }
    }
}
