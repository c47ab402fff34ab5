use proptest::prelude::*;
use stonechat_stanza::Payload;

use super::*;

fn element(xml: &str) -> Element {
    xml.parse().expect("XML")
}

/// Reads it, and it is written as it was read.
fn both<T: Payload>(xml: &str) -> T {
    let read = T::parse(&element(xml)).expect("it is read");
    assert_eq!(read.to_element(), element(xml), "it is written as it was read");
    read
}

fn pubsub(child: &str) -> PubSub {
    both(&format!("<pubsub xmlns='http://jabber.org/protocol/pubsub'>{child}</pubsub>"))
}

fn owner(child: &str) -> Owner {
    both(&format!("<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'>{child}</pubsub>"))
}

fn event(child: &str) -> Event {
    both(&format!("<event xmlns='http://jabber.org/protocol/pubsub#event'>{child}</event>"))
}

/// Examples 96, 97, 98, 114 and 115.
#[test]
fn publishing_and_retracting() {
    let entry = "<entry xmlns='http://www.w3.org/2005/Atom'><title>Soliloquy</title></entry>";
    let publish =
        pubsub(&format!("<publish node='princely_musings'><item id='bnd81g'>{entry}</item></publish>"));
    assert_eq!(
        publish,
        PubSub::publish("princely_musings", Item::new(element(entry)).with_id("bnd81g"), None)
    );
    let publish = pubsub(
        "<publish node='n'><item/></publish><publish-options><x xmlns='jabber:x:data' type='submit'>\
         <field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>\
         <field var='pubsub#access_model'><value>presence</value></field></x></publish-options>",
    );
    let PubSub::Publish { options: Some(options), .. } = publish else { panic!("{publish:?}") };
    assert_eq!(options, crate::publish_options([("pubsub#access_model", "presence")]));
    let retract = pubsub("<retract node='princely_musings'><item id='ae89'/></retract>");
    assert_eq!(retract, PubSub::Retract { node: "princely_musings".into(), id: "ae89".into(), notify: None });
    assert!(matches!(
        pubsub("<retract node='n' notify='true'><item id='i'/></retract>"),
        PubSub::Retract { notify: Some(true), .. }
    ));
}

/// Examples 28, 29, 47, 48, 74, 80, 83, 125; 20 and 21.
#[test]
fn subscribing_fetching_and_making() {
    assert!(matches!(pubsub("<subscribe node='n' jid='francisco@denmark.lit'/>"), PubSub::Subscribe { .. }));
    let answer =
        pubsub("<subscription node='n' jid='francisco@denmark.lit' subid='ba49' subscription='subscribed'/>");
    assert!(matches!(answer, PubSub::Subscription(Subscription { standing: Standing::Subscribed, .. })));
    pubsub("<unsubscribe node='n' jid='francisco@denmark.lit' subid='ba49'/>");
    pubsub("<subscriptions node='n'/>");
    pubsub(
        "<subscriptions><subscription node='n' jid='francisco@denmark.lit' subscription='pending'/></subscriptions>",
    );
    assert!(
        matches!(pubsub("<items node='n'/>"), PubSub::Items { max: None, items, .. } if items.is_empty())
    );
    pubsub("<items node='n' max_items='2'/>");
    pubsub("<items node='n'><item id='ae890'/></items>");
    pubsub("<create node='n'/>");
    pubsub("<create/>");
    let configure =
        pubsub("<create node='n'/><configure><x xmlns='jabber:x:data' type='submit'/></configure>");
    assert!(matches!(configure, PubSub::Create { configuration: Some(_), .. }));
    let nothing = PubSub::parse(&element("<pubsub xmlns='http://jabber.org/protocol/pubsub'/>"));
    assert!(nothing.is_err());
    let unknown = PubSub::parse(&element(
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><dance node='n'/></pubsub>",
    ));
    assert_eq!(unknown.expect_err("nobody dances").condition(), Condition::FeatureNotImplemented);
}

/// Examples 139, 157, 158 and 163.
#[test]
fn owners() {
    assert_eq!(owner("<configure node='n'/>"), Owner::Configure { node: "n".into(), form: None });
    owner("<configure node='n'><x xmlns='jabber:x:data' type='form'/></configure>");
    owner("<delete node='n'/>");
    owner("<delete node='n'><redirect uri='xmpp:hamlet@denmark.lit?;node=blog'/></delete>");
    owner("<purge node='n'/>");
}

/// Examples 100, 102, 117, 150, 160, 165; §12.14.
#[test]
fn events() {
    let items = event(
        "<items node='n'><item id='1'><entry xmlns='http://www.w3.org/2005/Atom'/></item><item id='2'/><retract id='3'/></items>",
    );
    let Event::Items { items, retracted, .. } = &items else { panic!("{items:?}") };
    assert_eq!((items.len(), retracted.as_slice()), (2, &["3".to_owned()][..]));
    assert!(items[0].payload.is_some() && items[1].payload.is_none());
    for child in ["<purge node='n'/>", "<delete node='n'/>", "<configuration node='n'/>", "<items node='n'/>"]
    {
        assert_eq!(event(child).node(), Some("n"), "{child}");
    }
    event("<subscription node='n' jid='francisco@denmark.lit' subscription='none'/>");
}

#[test]
fn a_refused_condition_is_known() {
    let error = "<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><precondition-not-met xmlns='http://jabber.org/protocol/pubsub#errors'/></error>";
    let stanza = format!("<iq type='error' id='1'>{error}</iq>");
    let stanza = stonechat_stanza::Stanza::parse(stanza.as_bytes()).expect("a stanza");
    assert!(precondition_not_met(&stanza.error().expect("an error")));
    assert!(!precondition_not_met(&StanzaError::conflict()));
}

proptest! {
    #[test]
    fn whatever_is_written_is_read(
        node in "[a-z:/#.]{1,12}", id in "[ -~]{1,9}", notify in prop::option::of(any::<bool>()), max in prop::option::of(any::<u32>()),
    ) {
        let node = || node.clone();
        let all = [
            PubSub::Retract { node: node(), id: id.clone(), notify },
            PubSub::Items { node: node(), max, items: vec![Item::default().with_id(id.clone())] },
            PubSub::Create { node: Some(node()), configuration: None },
            PubSub::publish(node(), Item::new(Element::bare("x", "urn:x")).with_id(id.clone()), Some(crate::private())),
        ];
        for payload in all {
            prop_assert_eq!(PubSub::parse(&payload.to_element()).unwrap(), payload);
        }
        let event = Event::Items { node: node(), items: Vec::new(), retracted: vec![id] };
        prop_assert_eq!(Event::parse(&event.to_element()).unwrap(), event);
    }
}
