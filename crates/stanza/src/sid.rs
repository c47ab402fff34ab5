//! Unique and stable stanza ids (XEP-0359).

use stonechat_jid::Jid;

use crate::payload::{Payload, trim};
use crate::{Stanza, ns};

crate::payload! {
    /// The id that the entity `by` has given to a stanza (XEP-0359 §2.1).
    ///
    /// It can be believed only where `by` enforces the rules of §3 and says so in its features (§6).
    ///
    /// ```
    /// use stonechat_stanza::{Element, payload::Payload, sid::StanzaId};
    ///
    /// let element: Element =
    ///     "<stanza-id xmlns='urn:xmpp:sid:0' id='de305d54' by='room@muc.example.com'/>".parse()?;
    /// assert_eq!(StanzaId::parse(&element)?.id, "de305d54");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    pub struct StanzaId: ns::SID, "stanza-id" {
        /// The id, unique and stable among those of `by`.
        pub id: String => required("id"),
        /// Who has given it: the account for one-to-one messages, the room in a room (§3 rule 7).
        pub by: Jid => required("by"),
    }
}

crate::payload! {
    /// The id that the sender of a stanza has given to it (XEP-0359 §2.2). Anybody can write any.
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    pub struct OriginId: ns::SID, "origin-id" {
        /// The id.
        pub id: String => required("id"),
    }
}

crate::payload! {
    /// Another stanza, by its [`StanzaId`] (XEP-0359 §4).
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    pub struct ReferencedStanza: ns::SID, "referenced-stanza" {
        /// The id.
        pub id: String => required("id"),
        /// Who has given it.
        pub by: Option<Jid> => optional("by"),
    }
}

/// Removes every [`StanzaId`] that claims to be given by `by`, and says how many there were.
///
/// Who is about to give an id as `by`, or could, calls this first: nobody else may (XEP-0359 §3 rule 2). An
/// incomplete one goes too.
pub fn remove(stanza: &mut Stanza, by: &Jid) -> usize {
    let mut removed = 0;
    stanza.retain(|child| {
        let element = child.is(ns::SID, StanzaId::NAME).then(|| child.element().ok()).flatten();
        let claim = element.as_ref().and_then(|element| element.attr("by"));
        let claimed = claim.and_then(|claim| Jid::parse_received(trim(claim)).ok());
        let ours = claimed.as_ref() == Some(by);
        removed += usize::from(ours);
        !ours
    });
    removed
}

#[cfg(test)]
mod tests {
    use minidom::Element;
    use proptest::prelude::*;

    use super::*;
    use crate::error::Condition;
    use crate::payload::ElementExt;
    use crate::test_trees::{any_element, text};

    /// XEP-0359 examples 3 and 4.
    #[test]
    fn the_ids_of_the_examples_are_found() {
        let message: Element = "<message xmlns='jabber:client' to='room@muc.example.com' type='groupchat'>
              <body>Typical body text</body>
              <stanza-id xmlns='urn:xmpp:sid:0'
                         id='5f3dbc5e-e1d3-4077-a492-693f3769c7ad'
                         by='room@muc.example.com'/>
              <origin-id xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2-eb6b9e546013'/>
              <referenced-stanza xmlns='urn:xmpp:sid:0' id='xep359-stanza-id' by='muc.example.org'/>
            </message>"
            .parse()
            .unwrap();
        let id: StanzaId = message.require().unwrap();
        assert_eq!(
            (id.id.as_str(), id.by.to_string()),
            ("5f3dbc5e-e1d3-4077-a492-693f3769c7ad", "room@muc.example.com".into())
        );
        assert_eq!(message.require::<OriginId>().unwrap().id, "de305d54-75b4-431b-adb2-eb6b9e546013");
        assert_eq!(message.require::<ReferencedStanza>().unwrap().id, "xep359-stanza-id");
    }

    /// XEP-0359 §3 rules 5 and 6.
    #[test]
    fn ids_must_be_complete() {
        let condition = |xml: &str| StanzaId::parse(&xml.parse().unwrap()).unwrap_err().condition();
        assert_eq!(condition("<stanza-id xmlns='urn:xmpp:sid:0' id='1'/>"), Condition::BadRequest);
        assert_eq!(condition("<stanza-id xmlns='urn:xmpp:sid:0' by='a@b.example'/>"), Condition::BadRequest);
        assert_eq!(condition("<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='@'/>"), Condition::JidMalformed);
        assert!(OriginId::parse(&Element::bare("origin-id", ns::SID)).is_err());
    }

    /// XEP-0359 §3 rules 2 and 3.
    #[test]
    fn only_forged_ids_are_removed() {
        let ids = "<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='Room@muc.example.com'/>\
            <stanza-id xmlns='urn:xmpp:sid:0' by='room@muc.example.com'/>\
            <stanza-id xmlns='urn:xmpp:sid:0' id='2' by='other@muc.example.com'/>\
            <origin-id xmlns='urn:xmpp:sid:0' id='3' by='room@muc.example.com'/>";
        let mut stanza = Stanza::parse(format!("<message>{ids}</message>").as_bytes()).unwrap();
        let room: Jid = "room@muc.example.com".parse().unwrap();
        assert_eq!(remove(&mut stanza, &room), 2);
        assert_eq!(stanza.get::<StanzaId>().unwrap().map(|id| id.id).as_deref(), Some("2"));
        assert!(stanza.has(ns::SID, "origin-id"));
        assert_eq!(remove(&mut stanza, &room), 0);
    }

    proptest! {
        #[test]
        fn ids_survive_a_round_trip(id in text(), by in "[a-z]{1,8}@[a-z]{1,8}\\.example") {
            let by: Jid = by.parse().expect("letters make an address");
            let stanza_id = StanzaId { id: id.clone(), by: by.clone() };
            prop_assert_eq!(StanzaId::parse(&stanza_id.to_element()), Ok(stanza_id));
            let origin_id = OriginId { id: id.clone() };
            prop_assert_eq!(OriginId::parse(&origin_id.to_element()), Ok(origin_id));
            let referenced = ReferencedStanza { id, by: Some(by) };
            prop_assert_eq!(ReferencedStanza::parse(&referenced.to_element()), Ok(referenced));
        }

        #[test]
        fn no_element_makes_a_parser_panic(
            element in any_element(ns::SID, &["stanza-id", "origin-id", "referenced-stanza"], &["id", "by"]),
        ) {
            let _ = (StanzaId::parse(&element), OriginId::parse(&element), ReferencedStanza::parse(&element));
        }
    }
}
