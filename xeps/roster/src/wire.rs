//! The payload (RFC 6121 §2.1).

use stonechat_stanza::jid::Jid;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload, enumeration};

/// Namespace of the payload.
pub const NS: &str = stonechat_stanza::ns::ROSTER;

enumeration! {
    /// Who sees whose presence, from the point of view of the roster's owner (RFC 6121 §2.1.2.5).
    #[derive(Default)]
    pub enum Subscription {
        /// Neither sees the other.
        #[default]
        None = "none",
        /// The owner sees the contact.
        To = "to",
        /// The contact sees the owner.
        From = "from",
        /// Both see each other.
        Both = "both",
    }
}

impl Subscription {
    /// Of the two directions.
    #[must_use]
    pub const fn new(to: bool, from: bool) -> Self {
        match (to, from) {
            (false, false) => Self::None,
            (true, false) => Self::To,
            (false, true) => Self::From,
            (true, true) => Self::Both,
        }
    }

    /// Whether the owner is subscribed to the contact's presence: `to` or `both`.
    #[must_use]
    pub const fn is_to(self) -> bool {
        matches!(self, Self::To | Self::Both)
    }

    /// Whether the contact is subscribed to the owner's presence: `from` or `both`.
    #[must_use]
    pub const fn is_from(self) -> bool {
        matches!(self, Self::From | Self::Both)
    }
}

/// `<query/>`: a request for a roster, a roster, a change or a push.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The version (§2.1.1). In a request it is the one that the client knows, empty when it knows none but
    /// wants to use versions.
    pub ver: Option<String>,
    /// The items: none in a request, one in a change or push.
    pub items: Vec<Item>,
}

impl Query {
    /// One item, as in a change.
    #[must_use]
    pub fn of(item: Item) -> Self {
        Self { ver: None, items: vec![item] }
    }
}

impl Payload for Query {
    const NS: &'static str = NS;
    const NAME: &'static str = "query";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        Ok(Self { ver: element.attr("ver").map(str::to_owned), items: element.all()? })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().optional("ver", self.ver.as_ref()).payloads(&self.items).build()
    }
}

/// `<item/>`: a contact (§2.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The contact's address.
    pub jid: Jid,
    /// The name that the owner gave it; empty when it has none (§2.4.1).
    pub name: String,
    /// The state of the subscriptions. Values that the RFC does not know are read as `none`.
    pub subscription: Subscription,
    /// Whether the item is (to be) removed: `subscription='remove'`.
    pub removed: bool,
    /// Whether the owner waits for the contact's answer to a subscription request (§2.1.2.2).
    pub ask: bool,
    /// Whether a request of the contact will be granted unasked (§2.1.2.1).
    pub approved: bool,
    /// The groups that the owner put it into.
    pub groups: Vec<String>,
}

impl Item {
    /// An item with nothing but an address.
    #[must_use]
    pub const fn new(jid: Jid) -> Self {
        Self {
            jid,
            name: String::new(),
            subscription: Subscription::None,
            removed: false,
            ask: false,
            approved: false,
            groups: Vec::new(),
        }
    }
}

impl Payload for Item {
    const NS: &'static str = NS;
    const NAME: &'static str = "item";

    /// Lenient where the receiver has to ignore what it does not know: `subscription` and `ask`.
    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let subscription = element.attr("subscription").unwrap_or_default();
        Ok(Self {
            jid: element.required_value("jid")?,
            name: element.attr("name").unwrap_or_default().to_owned(),
            subscription: subscription.parse().unwrap_or_default(),
            removed: subscription == "remove",
            ask: element.attr("ask") == Some("subscribe"),
            approved: element.boolean("approved")?.unwrap_or_default(),
            groups: element.child_values("group")?,
        })
    }

    fn to_element(&self) -> Element {
        let subscription = if self.removed { "remove" } else { self.subscription.as_str() };
        let mut item = Builder::of::<Self>()
            .attr("jid", &self.jid)
            .optional("name", Some(&self.name).filter(|name| !name.is_empty()))
            .attr("subscription", subscription)
            .optional("ask", self.ask.then_some("subscribe"))
            .optional("approved", self.approved.then_some("true"));
        for group in &self.groups {
            item = item.text_child("group", group);
        }
        item.build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(xml: &str) -> Result<Query, ParseError> {
        Query::parse(&xml.parse().expect("XML"))
    }

    #[test]
    fn the_roster_of_section_2_2_is_read_and_written_back() {
        let query = parse(
            "<query xmlns='jabber:iq:roster' ver='ver11'>
               <item jid='romeo@example.net' name='Romeo' subscription='both'><group>Friends</group></item>
               <item jid='mercutio@example.com' name='Mercutio' subscription='from'/>
               <item jid='benvolio@example.net' ask='subscribe' approved='1'/>
             </query>",
        )
        .unwrap();
        assert_eq!(query.ver.as_deref(), Some("ver11"));
        assert_eq!(query.items[0].groups, ["Friends"]);
        assert_eq!(query.items[1].subscription, Subscription::From);
        assert!(query.items[2].ask && query.items[2].approved);
        assert_eq!(Query::parse(&query.to_element()).unwrap(), query);
    }

    #[test]
    fn a_subscription_that_is_not_known_is_none() {
        let query =
            parse("<query xmlns='jabber:iq:roster'><item jid='a@b' subscription='maybe'/></query>").unwrap();
        assert_eq!(query.items[0].subscription, Subscription::None);
    }

    #[test]
    fn an_item_needs_an_address() {
        assert!(parse("<query xmlns='jabber:iq:roster'><item/></query>").is_err());
        let error = parse("<query xmlns='jabber:iq:roster'><item jid='@@'/></query>").unwrap_err();
        assert_eq!(error.condition(), stonechat_stanza::error::Condition::JidMalformed);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            name in "[ -~]{0,20}", groups in prop::collection::vec("[a-zA-Z<&' ]{1,10}", 0..4),
            removed: bool, ask: bool, approved: bool, to: bool, from: bool,
        ) {
            let subscription = if removed { Subscription::None } else { Subscription::new(to, from) };
            let jid = "a@example.org".parse().unwrap();
            let item = Item { jid, name, subscription, removed, ask, approved, groups };
            prop_assert_eq!(Item::parse(&item.to_element()).unwrap(), item);
        }
    }
}
