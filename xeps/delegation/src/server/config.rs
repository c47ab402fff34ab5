//! The configuration: what is delegated to whom.

use serde::{Deserialize, Serialize};
use stonechat_stanza::jid::BareJid;

use crate::NS;

/// The commented default.
pub(super) const TEXT: &str = "\
# Which requests to the host and its accounts components answer in its place: none, unless it is said here.
# [{ component = \"pubsub.example.org\", namespace = \"http://jabber.org/protocol/pubsub\" }]
# `attributes = [\"node\"]` delegates only requests whose payload has these attributes. A namespace is delegated once.
# \"urn:xmpp:delegation:2:bare:disco#info:*\" and \"urn:xmpp:delegation:2:bare:disco#items:*\" delegate what is asked about the nodes and the
# items of accounts, as far as the server has no nodes of that name itself.
namespaces = []
# How many requests may wait for the answers of components at the same time. 1 to 10000.
requests = 1000
";

/// Namespaces that are the server's own: whoever answers these is the server.
const OWN: &[&str] = &[
    "",
    "jabber:client",
    "urn:ietf:params:xml:ns:xmpp-bind",
    "urn:ietf:params:xml:ns:xmpp-session",
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
];

/// See the commented default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// What is delegated.
    pub namespaces: Vec<Entry>,
    /// How many requests may wait for the answers of components at the same time.
    pub requests: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { namespaces: Vec::new(), requests: 1000 }
    }
}

/// A namespace that is delegated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entry {
    /// The domain of the component that answers.
    pub component: String,
    /// The namespace of the payload of requests.
    pub namespace: String,
    /// Attributes that the payload has to have.
    #[serde(default)]
    pub attributes: Vec<String>,
}

impl Config {
    /// Whether it makes sense, with the components by namespace; else what is wrong.
    pub(super) fn check(&self) -> Result<Vec<(BareJid, Entry)>, String> {
        if !(1..=10_000).contains(&self.requests) {
            return Err(format!("`requests` is {}; it goes from 1 to 10000", self.requests));
        }
        let mut checked: Vec<(BareJid, Entry)> = Vec::new();
        for entry in &self.namespaces {
            let Entry { component, namespace, .. } = entry;
            let jid =
                BareJid::parse(component).map_err(|error| format!("`namespaces`: `{component}`: {error}"))?;
            if jid.local().is_some() {
                return Err(format!("`namespaces`: `{component}` is not a domain"));
            }
            let is_own = namespace.starts_with(NS) && !super::is_special(namespace);
            if is_own || OWN.contains(&namespace.as_str()) {
                return Err(format!("`namespaces`: `{namespace}` cannot be delegated"));
            }
            if checked.iter().any(|(_, other)| other.namespace == *namespace) {
                return Err(format!("`namespaces`: `{namespace}` is delegated twice"));
            }
            checked.push((jid, entry.clone()));
        }
        Ok(checked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        let entry = |component: &str, namespace: &str| Entry {
            component: component.to_owned(),
            namespace: namespace.to_owned(),
            attributes: Vec::new(),
        };
        let check =
            |namespaces: &[Entry]| Config { namespaces: namespaces.to_vec(), ..Config::default() }.check();
        assert_eq!(check(&[entry("a.example", "urn:x"), entry("a.example", "urn:y")]).unwrap().len(), 2);
        assert!(check(&[entry("a.example", crate::INFO_OF_NODES)]).is_ok());
        for wrong in [
            &[entry("a@b.example", "urn:x")][..],
            &[entry("", "urn:x")],
            &[entry("a.example", "")],
            &[entry("a.example", "http://jabber.org/protocol/disco#info")],
            &[entry("a.example", "urn:xmpp:delegation:2")],
            &[entry("a.example", "urn:x"), entry("b.example", "urn:x")],
        ] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
        assert!(Config { requests: 0, ..Config::default() }.check().is_err());
    }
}
