//! The payloads of queries and their answers (XEP-0313 §4 and §5).

use stonechat_stanza::forms::Form;
use stonechat_stanza::forward::Forwarded;
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{payload, rsm};

/// Namespace of the payloads and of the feature (§7).
pub const NS: &str = "urn:xmpp:mam:2";
/// The feature that promises `before-id`, `after-id`, `ids`, flipped pages and metadata (§7).
pub const EXTENDED: &str = "urn:xmpp:mam:2#extended";
/// The feature that promises to understand the field `include-groupchat` (§7).
pub const GROUPCHAT_FIELD: &str = "urn:xmpp:mam:2#groupchat-field";

payload! {
    /// Asks for messages of an archive (§4), or for the form to do so with (§4.1.5).
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Query: NS, "query" {
        /// Comes back with every result.
        pub queryid: Option<String> => optional("queryid"),
        /// A node of a pubsub service (XEP-0442); accounts have none.
        pub node: Option<String> => optional("node"),
        /// Which messages; see [`Filter`](crate::Filter).
        pub form: Option<Form> => payload,
        /// Which page of them.
        pub set: Option<rsm::Request> => payload,
        /// Whether the last of the page comes first (§4.3.4).
        pub flip_page: bool => flag("flip-page"),
    }
}

payload! {
    /// A message of an archive (§4.2). To be believed only from the archive that was asked (§8.2).
    #[derive(Debug, Clone)]
    pub struct Archived: NS, "result" {
        /// The query's.
        pub queryid: Option<String> => optional("queryid"),
        /// The id in the archive.
        pub id: String => required("id"),
        /// The message, and when it was archived.
        pub forwarded: Forwarded => required_payload,
    }
}

payload! {
    /// The end of a page (§4.3).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Fin: NS, "fin" {
        /// Whether nothing is left in the direction of the query.
        pub complete: bool => boolean("complete", false),
        /// Whether a later query would give the same.
        pub stable: bool => boolean("stable", true),
        /// What the page has.
        pub set: rsm::Response => required_payload,
    }
}

payload! {
    /// Asks for the bounds of an archive, and tells them (§5). An empty archive has none.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Metadata: NS, "metadata" {
        /// The first message.
        pub start: Option<Start> => payload,
        /// The last message.
        pub end: Option<End> => payload,
    }
}

payload! {
    /// The first message of an archive.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Start: NS, "start" {
        /// Its id.
        pub id: String => required("id"),
        /// When it was archived.
        pub timestamp: DateTime => required("timestamp"),
    }
}

payload! {
    /// The last message of an archive.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct End: NS, "end" {
        /// Its id.
        pub id: String => required("id"),
        /// When it was archived.
        pub timestamp: DateTime => required("timestamp"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stonechat_stanza::payload::Payload as _;
    use stonechat_stanza::{Element, Stanza};

    use super::*;

    fn element(text: &str) -> Element {
        text.parse().expect(text)
    }

    /// Examples 2, 20 and 24.
    #[test]
    fn the_queries_of_the_examples_are_read() {
        let plain = Query::parse(&element("<query xmlns='urn:xmpp:mam:2' queryid='f27' />")).unwrap();
        assert_eq!(plain, Query { queryid: Some("f27".into()), ..Query::default() });
        let flipped = Query::parse(&element(
            "<query xmlns='urn:xmpp:mam:2'>
               <x xmlns='jabber:x:data' type='submit'>
                 <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>
                 <field var='start'><value>2010-08-07T00:00:00Z</value></field>
               </x>
               <set xmlns='http://jabber.org/protocol/rsm'><max>10</max><after>09af3-cc343-b409f</after></set>
               <flip-page/>
             </query>",
        ))
        .unwrap();
        assert!(flipped.flip_page && flipped.form.is_some());
        assert_eq!(flipped.set, Some(rsm::Request::after("09af3-cc343-b409f", 10)));
        assert_eq!(Query::parse(&flipped.to_element()).unwrap(), flipped);
    }

    /// Example 17.
    #[test]
    fn a_result_is_read() {
        let message = Stanza::parse(
            b"<message id='aeb213' to='juliet@capulet.lit/chamber'>
                <result xmlns='urn:xmpp:mam:2' queryid='f27' id='28482-98726-73623'>
                  <forwarded xmlns='urn:xmpp:forward:0'>
                    <delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>
                    <message xmlns='jabber:client' to='juliet@capulet.lit/balcony' from='romeo@montague.lit/orchard' type='chat'>
                      <body>Call me but love, and I'll be new baptized; Henceforth I never will be Romeo.</body>
                    </message>
                  </forwarded>
                </result>
              </message>",
        )
        .unwrap();
        let result: Archived = message.get().unwrap().unwrap();
        assert_eq!((result.id.as_str(), result.queryid.as_deref()), ("28482-98726-73623", Some("f27")));
        assert_eq!(result.forwarded.stanza.from().unwrap().as_str(), "romeo@montague.lit/orchard");
    }

    /// Examples 22 and 26.
    #[test]
    fn the_answers_of_the_examples_are_read_and_written() {
        let fin = element(
            "<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'>\
             <count>16</count><first index='0'>23452-4534-1</first><last>390-2342-22</last></set></fin>",
        );
        let read = Fin::parse(&fin).unwrap();
        assert!(read.complete && read.stable);
        assert_eq!(read.to_element(), fin);
        let metadata = element(
            "<metadata xmlns='urn:xmpp:mam:2'><start id='YWxwaGEg' timestamp='2008-08-22T21:09:04Z'/>\
             <end id='b21lZ2Eg' timestamp='2020-04-20T14:34:21Z'/></metadata>",
        );
        assert_eq!(Metadata::parse(&metadata).unwrap().to_element(), metadata);
        assert_eq!(Metadata::default().to_element(), element("<metadata xmlns='urn:xmpp:mam:2'/>"));
    }

    proptest! {
        #[test]
        fn queries_survive_a_round_trip(queryid in "[a-z<&' ]{0,8}", max: u32, flip_page: bool) {
            let set = Some(rsm::Request::last(max));
            let query = Query { queryid: Some(queryid), set, flip_page, ..Query::default() };
            prop_assert_eq!(Query::parse(&query.to_element()), Ok(query));
        }
    }
}
