//! Roles and affiliations, asked for and changed (§8, §9, §10.3 to §10.8).

use stonechat_stanza::{Element, ParseError, Payload, payload::Builder};

use super::{ADMIN, Item};

/// `<query xmlns='http://jabber.org/protocol/muc#admin'/>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admin {
    /// Who has what, who is to have what, or of what all are asked for.
    pub items: Vec<Item>,
}

impl Payload for Admin {
    const NS: &'static str = ADMIN;
    const NAME: &'static str = "query";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let items = element.children().filter(|child| child.is("item", ADMIN));
        Ok(Self { items: items.map(Item::read).collect::<Result<_, _>>()? })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().children(self.items.iter().map(|item| item.write(ADMIN))).build()
    }
}
