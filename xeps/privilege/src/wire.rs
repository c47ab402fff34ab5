//! The payloads (XEP-0356 §4 to §7).

use stonechat_stanza::forward::Forwarded;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload, Stanza, enumeration, iq, ns};

/// Namespace of the payloads.
pub const NS: &str = "urn:xmpp:privilege:2";

enumeration! {
    /// Which requests are allowed (§4.1, §6.1).
    #[derive(Default)]
    pub enum Access {
        /// None.
        #[default]
        None = "none",
        /// Those of type `get`.
        Get = "get",
        /// Those of type `set`.
        Set = "set",
        /// Both.
        Both = "both",
    }
}

impl Access {
    /// Whether requests of this type are allowed; answers are no requests.
    #[must_use]
    pub const fn allows(self, kind: iq::Type) -> bool {
        match kind {
            iq::Type::Get => matches!(self, Self::Get | Self::Both),
            iq::Type::Set => matches!(self, Self::Set | Self::Both),
            iq::Type::Result | iq::Type::Error => false,
        }
    }
}

/// Something that a component may do, as it is told (§4.2, §5.2, §6.2, §7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Perm {
    /// Read or change rosters.
    Roster {
        /// Which of both.
        access: Access,
        /// Whether it is told of each change of an item, which it has to be allowed to read.
        push: bool,
    },
    /// Send messages, in the name of the host or of an account.
    Message,
    /// Send requests of these namespaces in the name of an account.
    Iq(Vec<(String, Access)>),
    /// Know when accounts come and go.
    Presence,
}

impl Perm {
    fn to_element(&self) -> Element {
        let perm = |access: &str| Builder::new("perm", NS).attr("access", access);
        match self {
            Self::Roster { access, push } => {
                let perm = perm("roster").attr("type", access);
                if access.allows(iq::Type::Get) { perm.attr("push", push).build() } else { perm.build() }
            }
            Self::Message => perm("message").attr("type", "outgoing").build(),
            Self::Iq(namespaces) => {
                let namespace = |(ns, access): &(String, Access)| {
                    Builder::new("namespace", NS).attr("ns", ns).attr("type", access).build()
                };
                perm("iq").children(namespaces.iter().map(namespace)).build()
            }
            Self::Presence => perm("presence").attr("type", "managed_entity").build(),
        }
    }

    /// `None` for what this crate does not know, which is ignored.
    fn parse(element: &Element) -> Result<Option<Self>, ParseError> {
        Ok(match (element.required("access")?, element.attr("type")) {
            ("roster", _) => {
                let access: Access = element.value("type")?.unwrap_or_default();
                // §4.1: nothing is pushed to who may not read it, whatever is said.
                let push = access.allows(iq::Type::Get) && element.boolean("push")?.unwrap_or(true);
                Some(Self::Roster { access, push })
            }
            ("message", Some("outgoing")) => Some(Self::Message),
            ("presence", Some("managed_entity")) => Some(Self::Presence),
            ("iq", _) => {
                let namespaces = element.children().filter(|child| child.is("namespace", NS));
                let namespace = |child: &Element| {
                    Ok((child.required("ns")?.to_owned(), child.value("type")?.unwrap_or_default()))
                };
                Some(Self::Iq(namespaces.map(namespace).collect::<Result<_, ParseError>>()?))
            }
            _ => None,
        })
    }
}

/// `<privilege/>`: what a component may do, or a stanza of it in another name, or the answer to one.
#[derive(Debug, Clone, Default)]
pub struct Privilege {
    /// What it may do.
    pub perms: Vec<Perm>,
    /// The stanza.
    pub forwarded: Option<Forwarded>,
}

impl Payload for Privilege {
    const NS: &'static str = NS;
    const NAME: &'static str = "privilege";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let perms = element.children().filter(|child| child.is("perm", NS)).map(Perm::parse);
        let perms = perms.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok(Self { perms, forwarded: element.get()? })
    }

    fn to_element(&self) -> Element {
        let perms = self.perms.iter().map(Perm::to_element);
        Builder::of::<Self>().children(perms).payloads(&self.forwarded).build()
    }
}

/// `<privileged_iq/>`: a request that is to be sent in the name of an account (§6.3).
#[derive(Debug, Clone)]
pub struct PrivilegedIq {
    /// The request; `None` when it is not in the namespace `jabber:client`, which has to be refused.
    pub request: Option<Stanza>,
}

impl Payload for PrivilegedIq {
    const NS: &'static str = NS;
    const NAME: &'static str = "privileged_iq";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let request = element.children().find(|child| child.is("iq", ns::CLIENT));
        let request = request.map(Stanza::from_element).transpose();
        Ok(Self { request: request.map_err(|_| ParseError::bad_request("the request is not valid"))? })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().children(self.request.as_ref().map(Stanza::to_element)).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<T: Payload>(xml: &str) -> T {
        T::parse(&xml.parse().expect("test XML is well-formed")).unwrap()
    }

    /// Examples 1, 5 and 8.
    #[test]
    fn what_may_be_done_is_told_and_read() {
        let told = Privilege {
            perms: vec![
                Perm::Roster { access: Access::Both, push: true },
                Perm::Roster { access: Access::Get, push: false },
                Perm::Roster { access: Access::Get, push: true },
                Perm::Roster { access: Access::Set, push: false },
                Perm::Message,
                Perm::Iq(vec![("http://jabber.org/protocol/pubsub".to_owned(), Access::Set)]),
                Perm::Presence,
            ],
            forwarded: None,
        };
        let read: Privilege = parse(
            "<privilege xmlns='urn:xmpp:privilege:2'>
               <perm access='roster' type='both' push='true'/>
               <perm access='roster' type='get' push='false'/>
               <perm access='roster' type='get'/>
               <perm access='roster' type='set' push='true'/>
               <perm access='message' type='outgoing'/>
               <perm access='iq'><namespace ns='http://jabber.org/protocol/pubsub' type='set'/></perm>
               <perm access='presence' type='managed_entity'/>
               <perm access='teleport' type='outgoing'/>
             </privilege>",
        );
        assert_eq!(read.perms, told.perms);
        assert_eq!(Privilege::parse(&told.to_element()).unwrap().perms, told.perms);
    }

    /// Example 6.
    #[test]
    fn a_message_in_another_name_is_read() {
        let read: Privilege = parse(
            "<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'>
               <message from='juliet@capulet.lit' id='foo' to='romeo@montague.lit/orchard' xmlns='jabber:client'/>
             </forwarded></privilege>",
        );
        assert_eq!(read.forwarded.unwrap().stanza.from().unwrap().as_str(), "juliet@capulet.lit");
    }

    /// Example 9, and the fourth rule of §6.3.
    #[test]
    fn a_request_in_another_name_is_read_if_it_is_one_of_a_client() {
        let with = |ns: &str| -> PrivilegedIq {
            parse(&format!(
                "<privileged_iq xmlns='urn:xmpp:privilege:2'><iq xmlns='{ns}' type='set' to='romeo@montaigu.lit' id='sub_1'>
                   <pubsub xmlns='http://jabber.org/protocol/pubsub'/></iq></privileged_iq>"
            ))
        };
        assert_eq!(with("jabber:client").request.unwrap().id(), Some("sub_1"));
        for ns in ["jabber:server", "jabber:component:accept", "urn:xmpp:privilege:2"] {
            assert!(with(ns).request.is_none(), "{ns}");
        }
        let again = PrivilegedIq::parse(&with("jabber:client").to_element()).unwrap();
        assert!(again.request.is_some());
    }

    #[test]
    fn answers_are_no_requests() {
        for access in [Access::None, Access::Get, Access::Set, Access::Both] {
            assert!(!access.allows(iq::Type::Result) && !access.allows(iq::Type::Error));
        }
        assert!(Access::Both.allows(iq::Type::Get) && Access::Both.allows(iq::Type::Set));
        assert!(Access::Get.allows(iq::Type::Get) && !Access::Get.allows(iq::Type::Set));
        assert!(Access::Set.allows(iq::Type::Set) && !Access::Set.allows(iq::Type::Get));
        assert!(!Access::None.allows(iq::Type::Get) && !Access::None.allows(iq::Type::Set));
    }
}
