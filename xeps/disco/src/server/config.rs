//! The configuration.

use serde::{Deserialize, Serialize};
use stonechat_extension::disco::Item;
use stonechat_stanza::jid::Jid;

/// The commented default.
pub(super) const TEXT: &str = "\
# The name of the server for people; empty for none.
name = \"Stonechat\"
# What belongs to the host and is not told by an extension, such as services on other machines:
# [{ jid = \"rooms.example.org\", name = \"Rooms\" }]; `name` and `node` may be left out.
items = []
";

/// What the host tells of itself, beyond what extensions declare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// The name of the server for people; empty for none.
    pub name: String,
    /// What belongs to the host and is not told by an extension.
    pub items: Vec<ConfiguredItem>,
}

/// An item of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConfiguredItem {
    /// The address.
    pub jid: String,
    /// The node at that address; empty for none.
    #[serde(default)]
    pub node: String,
    /// The name for people; empty for none.
    #[serde(default)]
    pub name: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { name: "Stonechat".to_owned(), items: Vec::new() }
    }
}

impl Config {
    /// The items, or what is wrong with one.
    pub(super) fn items(&self) -> Result<Vec<Item>, String> {
        self.items.iter().map(ConfiguredItem::item).collect()
    }
}

impl ConfiguredItem {
    fn item(&self) -> Result<Item, String> {
        let jid = Jid::parse(&self.jid);
        let jid = jid.map_err(|error| format!("`items`: `{}` is no address: {error}", self.jid))?;
        Ok(Item { jid, node: some(&self.node), name: some(&self.name) })
    }
}

/// `None` for an empty text.
pub(super) fn some(text: &str) -> Option<String> {
    Some(text).filter(|text| !text.is_empty()).map(str::to_owned)
}
