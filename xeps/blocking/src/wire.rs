//! The payloads of XEP-0191.

use stonechat_stanza::jid::Jid;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload, payload};

use crate::Report;

/// Namespace of the payloads and of the advertised feature (XEP-0191 §3.1).
pub const NS: &str = "urn:xmpp:blocking";

/// Namespace of [`Blocked`] (§9.1).
pub const ERRORS: &str = "urn:xmpp:blocking:errors";

payload! {
    /// The list, or the request for it (§3.2).
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct BlockList: NS, "blocklist" {
        /// The blocked addresses.
        pub items: Vec<Item> => payloads,
    }
}

payload! {
    /// Blocks addresses, or tells that they were blocked (§3.3).
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Block: NS, "block" {
        /// At least one.
        pub items: Vec<Item> => payloads,
    }
}

payload! {
    /// Unblocks addresses, or tells that they were unblocked (§3.4).
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Unblock: NS, "unblock" {
        /// None for all of the list (§3.5).
        pub items: Vec<Item> => payloads,
    }
}

payload! {
    /// In the error that answers what is sent to a blocked address (§3.3).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Blocked: ERRORS, "blocked";
}

/// An address of a list (§3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The address: of a resource, of an account, of a domain or of a domain's resource (§6).
    pub jid: Jid,
    /// In a request to block it, why (XEP-0377 §6). One that breaks the rules is read as none, as it must not hinder the block.
    pub report: Option<Report>,
}

impl Item {
    /// An item without a report.
    #[must_use]
    pub fn new(jid: Jid) -> Self {
        Self { jid, report: None }
    }
}

impl Payload for Item {
    const NS: &'static str = NS;
    const NAME: &'static str = "item";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let report = element.children().find(|child| Report::matches(child));
        let report = report.and_then(|report| Report::parse(report).ok());
        Ok(Self { jid: element.required_value("jid")?, report })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().attr("jid", &self.jid).payloads(&self.report).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stonechat_stanza::error::Condition;

    fn parse<T: Payload>(xml: &str) -> Result<T, ParseError> {
        T::parse(&xml.parse().expect("XML"))
    }

    /// Examples 3 to 6, 10 and 13.
    #[test]
    fn the_examples_are_read_and_written_back() {
        let list: BlockList = parse(
            "<blocklist xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/><item jid='iago@shakespeare.lit'/></blocklist>",
        )
        .unwrap();
        assert_eq!(list.items.len(), 2);
        assert_eq!(BlockList::parse(&list.to_element()).unwrap(), list);
        let block: Block =
            parse("<block xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/></block>").unwrap();
        assert_eq!(block.items, [Item::new("romeo@montague.net".parse().unwrap())]);
        let all: Unblock = parse("<unblock xmlns='urn:xmpp:blocking'/>").unwrap();
        assert!(all.items.is_empty());
        assert_eq!(
            parse::<BlockList>("<blocklist xmlns='urn:xmpp:blocking'/>").unwrap(),
            BlockList::default()
        );
    }

    #[test]
    fn an_item_needs_an_address() {
        let block = |item: &str| {
            parse::<Block>(&format!("<block xmlns='urn:xmpp:blocking'>{item}</block>"))
                .unwrap_err()
                .condition()
        };
        assert_eq!(block("<item/>"), Condition::BadRequest);
        assert_eq!(block("<item jid='@@'/>"), Condition::JidMalformed);
    }

    #[test]
    fn a_report_that_breaks_the_rules_does_not_hinder_the_block() {
        for report in ["<report xmlns='urn:xmpp:reporting:1'/>", "<report xmlns='urn:x'/>"] {
            let xml = format!("<item xmlns='urn:xmpp:blocking' jid='a@b'>{report}</item>");
            assert_eq!(parse::<Item>(&xml).unwrap(), Item::new("a@b".parse().unwrap()));
        }
    }
}
