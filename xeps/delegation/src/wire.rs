//! The payload (XEP-0355 §4).

use stonechat_stanza::forward::Forwarded;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload};

/// Namespace of the payload and of the advertised feature (§7.1).
pub const NS: &str = "urn:xmpp:delegation:2";

/// What delegates questions about those nodes of accounts that the server does not know (§7.2.4).
pub const INFO_OF_NODES: &str = "urn:xmpp:delegation:2:bare:disco#info:*";
/// What delegates questions about the items of accounts, and of those nodes (§7.2.5).
pub const ITEMS_OF_ACCOUNTS: &str = "urn:xmpp:delegation:2:bare:disco#items:*";

/// A namespace that is delegated (§4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegated {
    /// The namespace of the payload of requests.
    pub namespace: String,
    /// Attributes that the payload has to have, if there are any.
    pub attributes: Vec<String>,
}

/// `<delegation/>`: what is delegated to a component, or a request for it, or its answer.
#[derive(Debug, Clone, Default)]
pub struct Delegation {
    /// What is delegated.
    pub delegated: Vec<Delegated>,
    /// The request or the answer.
    pub forwarded: Option<Forwarded>,
}

impl Payload for Delegation {
    const NS: &'static str = NS;
    const NAME: &'static str = "delegation";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let delegated = |child: &Element| {
            let attributes = child.children().filter(|child| child.is("attribute", NS));
            let names = attributes.map(|attribute| attribute.required("name").map(str::to_owned));
            let attributes = names.collect::<Result<_, _>>()?;
            Ok(Delegated { namespace: child.required("namespace")?.to_owned(), attributes })
        };
        let children = element.children().filter(|child| child.is("delegated", NS));
        let delegated = children.map(delegated).collect::<Result<_, ParseError>>()?;
        Ok(Self { delegated, forwarded: element.get()? })
    }

    fn to_element(&self) -> Element {
        let delegated = self.delegated.iter().map(|delegated| {
            let attribute = |name: &String| Builder::new("attribute", NS).attr("name", name).build();
            let builder = Builder::new("delegated", NS).attr("namespace", &delegated.namespace);
            builder.children(delegated.attributes.iter().map(attribute)).build()
        });
        Builder::of::<Self>().children(delegated).payloads(&self.forwarded).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Example 1.
    #[test]
    fn what_is_delegated_is_told_and_read() {
        let xml = "<delegation xmlns='urn:xmpp:delegation:2'>
                     <delegated namespace='urn:xmpp:mam:2'><attribute name='node'/></delegated>
                     <delegated namespace='http://jabber.org/protocol/pubsub'/>
                   </delegation>";
        let read = Delegation::parse(&xml.parse().expect("test XML is well-formed")).unwrap();
        let delegated = |namespace: &str, attributes: &[&str]| Delegated {
            namespace: namespace.to_owned(),
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
        };
        let expected =
            [delegated("urn:xmpp:mam:2", &["node"]), delegated("http://jabber.org/protocol/pubsub", &[])];
        assert_eq!(read.delegated, expected);
        assert_eq!(Delegation::parse(&read.to_element()).unwrap().delegated, expected);
    }

    /// Example 4.
    #[test]
    fn an_answer_is_read() {
        let xml = "<delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>
                     <iq to='juliet@capulet.lit/balcony' id='pep1' type='result' xmlns='jabber:client'>
                       <pubsub xmlns='http://jabber.org/protocol/pubsub'/>
                     </iq></forwarded></delegation>";
        let read = Delegation::parse(&xml.parse().expect("test XML is well-formed")).unwrap();
        assert_eq!(read.forwarded.unwrap().stanza.id(), Some("pep1"));
    }
}
