//! RFC 6121 §2, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::RequestError;
use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::Payload as _;
use stonechat_xep_roster::CLIENT;
use stonechat_xep_roster::client::{Event, Roster};
use stonechat_xep_roster::{Item, Query, Subscription};

const ROSTER: &str = "<query xmlns='jabber:iq:roster' ver='ver7'>\
    <item jid='nurse@example.com' subscription='from'/><item jid='romeo@example.net' name='Romeo' subscription='both'/></query>";

fn online(roster: &str) -> TestClient {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    answer(&mut client, roster);
    client
}

fn answer(client: &mut TestClient, roster: &str) {
    let request = client.sent().unwrap();
    let result = format!("<iq type='result' id='{}'>{roster}</iq>", request.id().unwrap());
    client.receive(&result);
}

fn events(client: &mut TestClient) -> Vec<Event> {
    std::iter::from_fn(|| client.event()).collect()
}

fn item(jid: &str) -> Item {
    Item::new(jid.parse().unwrap())
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn a_new_session_loads_the_roster() {
    // §2.2, with §2.6.2: an empty version when none is known.
    let mut client = TestClient::with(&[&CLIENT]);
    client.run(
        "connects
         server ← <iq type='get'><query xmlns='jabber:iq:roster' ver=''/></iq>
         server ← nothing",
    );
    let mut client = online(ROSTER);
    let events = events(&mut client);
    assert_eq!((events.len(), events.last()), (3, Some(&Event::Loaded)));
    let roster = client.service::<Roster>();
    let romeo = roster.get(&"romeo@example.net".parse().unwrap()).unwrap();
    assert_eq!((romeo.name.as_str(), romeo.subscription), ("Romeo", Subscription::Both));
    assert!(roster.sees_us(&"nurse@example.com".parse().unwrap()));
    assert!(!roster.sees_us(&"eve@example.com".parse().unwrap()));
}

#[test]
fn the_next_session_asks_with_the_version_and_a_resumed_one_does_not_ask() {
    let mut client = online(ROSTER);
    events(&mut client);
    client.run(
        "disconnects
         resumes
         server ← nothing
         loses the session
         connects",
    );
    let request = client.sent().unwrap().to_string();
    assert!(request.contains("ver='ver7'"), "{request}");
}

#[test]
fn an_empty_answer_means_that_the_cache_is_right() {
    // §2.6.3. What is cached survives as XML.
    let cached = Query::parse(&online(ROSTER).service::<Roster>().cached().to_element()).unwrap();
    let mut client = TestClient::with(&[&CLIENT]);
    let roster = client.service::<Roster>();
    assert!(roster.restore(cached.clone()));
    client.connect(false);
    assert!(!roster.restore(cached), "too late");
    answer(&mut client, "");
    assert_eq!(events(&mut client), [Event::Loaded]);
    assert_eq!(roster.items().len(), 2);
}

#[test]
fn a_push_of_the_own_account_changes_the_roster_and_is_answered() {
    // §2.1.6, with and without the bare address.
    let mut client = online(ROSTER);
    events(&mut client);
    client.run(
        "server → <iq to='juliet@example.com/balcony' id='a78b4q6ha463' type='set'><query xmlns='jabber:iq:roster' ver='ver9'><item jid='nurse@example.com' name='Nurse' subscription='both'/></query></iq>
         server ← <iq type='result' id='a78b4q6ha463'/>
         server → <iq from='juliet@example.com' id='2' type='set'><query xmlns='jabber:iq:roster' ver='ver10'><item jid='romeo@example.net' subscription='remove'/></query></iq>
         server ← <iq type='result' id='2' to='juliet@example.com'/>",
    );
    let [Event::Changed { item, before: Some(before) }, Event::Removed(removed)] = &events(&mut client)[..]
    else {
        panic!("other events")
    };
    assert_eq!((item.name.as_str(), before.name.as_str()), ("Nurse", ""));
    assert_eq!(removed.jid, "romeo@example.net");
    assert_eq!(client.service::<Roster>().cached().ver.as_deref(), Some("ver10"));
}

#[test]
fn a_push_of_anybody_else_is_ignored() {
    let mut client = online(ROSTER);
    events(&mut client);
    let push = "<query xmlns='jabber:iq:roster'><item jid='eve@example.com' subscription='both'/></query>";
    for from in ["eve@example.com", "example.com", "juliet@example.com/other", "romeo@example.net/orchard"] {
        client.receive(&format!("<iq from='{from}' id='1' type='set'>{push}</iq>"));
        let answer = client.sent().unwrap();
        assert!(answer.kind().is_error(), "{answer}");
    }
    assert_eq!(events(&mut client), []);
    assert_eq!(client.service::<Roster>().items().len(), 2);
}

#[test]
fn a_push_with_more_or_less_than_one_item_is_refused() {
    let mut client = online(ROSTER);
    client.run(
        "server → <iq id='1' type='set'><query xmlns='jabber:iq:roster'/></iq>
         server ← <iq id='1' type='error'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         server → <iq id='2' type='set'><query xmlns='jabber:iq:roster'><item jid='a@b'/><item jid='c@d'/></query></iq>
         server ← <iq id='2' type='error'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    );
}

#[test]
fn contacts_are_added_renamed_and_removed() {
    let mut client = online(ROSTER);
    let roster = client.service::<Roster>();
    let service = std::sync::Arc::clone(&roster);
    let added = client.start(async move {
        service.add("paris@example.org".parse().unwrap(), "Paris", &["Suitors".to_owned()]).await
    });
    let expected = Item { name: "Paris".into(), groups: vec!["Suitors".into()], ..item("paris@example.org") };
    let request = client.sent().unwrap();
    assert_eq!(request.get::<Query>().unwrap().unwrap(), Query::of(expected));
    client.receive(&request.reply().to_string());
    assert_eq!(added.outcome(), Some(Ok(())));

    client.receive("<iq id='1' type='set'><query xmlns='jabber:iq:roster'><item jid='paris@example.org' name='Paris'><group>Suitors</group></item></query></iq>");
    client.sent();
    let service = std::sync::Arc::clone(&roster);
    let _renamed =
        client.start(async move { service.rename("paris@example.org".parse().unwrap(), "Count").await });
    let request = client.sent().unwrap().get::<Query>().unwrap().unwrap();
    assert_eq!(
        (request.items[0].name.as_str(), &request.items[0].groups[..]),
        ("Count", &["Suitors".to_owned()][..])
    );

    let removed = client.start(async move { roster.remove("paris@example.org".parse().unwrap()).await });
    assert!(client.sent().unwrap().to_string().contains("subscription='remove'"));
    client.disconnect(false);
    assert_eq!(removed.outcome(), Some(Err(RequestError::Lost)));
}

#[test]
fn when_the_roster_cannot_be_loaded_that_is_told() {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    let request = client.sent().unwrap();
    let error = request.error_reply(&stonechat_stanza::StanzaError::item_not_found()).unwrap();
    client.receive(&error.to_string());
    assert!(matches!(client.event(), Some(Event::Failed(RequestError::Refused(_)))));
    let roster = client.service::<Roster>();
    let settled = client.start(async move { roster.settled().await });
    assert_eq!(settled.outcome(), Some(()));
}
