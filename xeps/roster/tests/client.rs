//! RFC 6121 §2, the client's side, on the test client.

use stonechat_extension::client::RequestError;
use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::Element;
use stonechat_stanza::jid::Jid;
use stonechat_xep_roster::client::{Change, Contacts};
use stonechat_xep_roster::{CLIENT, Item};

fn jid(text: &str) -> Jid {
    text.parse().expect("an address")
}

/// A client that has asked for its roster.
fn asking() -> (TestClient, String) {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    let request = client.sent().expect("it asks for the roster");
    let id = request.id().expect("requests have ids").to_owned();
    assert!(!request.to_string().contains("ver="), "§2.6.2: {request}");
    (client, id)
}

/// A client that has a roster of one contact.
fn loaded() -> TestClient {
    let (mut client, id) = asking();
    client.receive(&format!(
        "<iq type='result' id='{id}'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse' subscription='both'><group>Servants</group></item></query></iq>"
    ));
    assert_eq!(client.event(), Some(Change::Loaded));
    client
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn the_roster_is_asked_for_and_kept() {
    let client = loaded();
    let contacts = client.service::<Contacts>();
    let nurse = contacts.get(&jid("nurse@example.com")).expect("a contact");
    assert_eq!((nurse.name.as_str(), nurse.groups.as_slice()), ("Nurse", &["Servants".to_owned()][..]));
    assert_eq!(contacts.all().len(), 1);
}

#[test]
fn a_push_changes_it_and_is_answered() {
    let mut client = loaded();
    client.run(
        "server → <iq type='set' id='push1'><query xmlns='jabber:iq:roster'><item jid='romeo@example.net' subscription='to'/></query></iq>
         server ← <iq type='result' id='push1'/>
         server → <iq type='set' id='push2' from='juliet@example.com'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' subscription='remove'/></query></iq>
         server ← <iq type='result' id='push2' to='juliet@example.com'/>",
    );
    assert!(matches!(client.event(), Some(Change::Set(item)) if item.jid == "romeo@example.net"));
    assert_eq!(client.event(), Some(Change::Removed(jid("nurse@example.com"))));
    assert_eq!(client.service::<Contacts>().all().len(), 1);
}

#[test]
fn a_push_of_somebody_else_is_ignored() {
    let mut client = loaded();
    for forger in ["eve@example.net/x", "juliet@example.com/other", "example.com", "nurse@example.com"] {
        client.receive(&format!(
            "<iq type='set' id='p' from='{forger}'><query xmlns='jabber:iq:roster'><item jid='eve@example.net' subscription='both'/></query></iq>"
        ));
        client.run("server ← <iq type='error' id='p'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }
    assert_eq!(client.event::<Change>(), None);
    assert!(client.service::<Contacts>().get(&jid("eve@example.net")).is_none());
}

#[test]
fn a_roster_of_somebody_else_is_none() {
    let (mut client, id) = asking();
    client.receive(&format!(
        "<iq type='result' id='{id}' from='eve@example.net/x'><query xmlns='jabber:iq:roster'><item jid='eve@example.net'/></query></iq>"
    ));
    assert!(client.event::<Change>().is_none() && client.service::<Contacts>().all().is_empty());
}

#[test]
fn a_push_has_one_item() {
    loaded().run(
        "server → <iq type='set' id='1'><query xmlns='jabber:iq:roster'/></iq>
         server ← <iq type='error' id='1'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         server → <iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='a@b'/><item jid='b@b'/></query></iq>
         server ← <iq type='error' id='2'/>",
    );
}

#[test]
fn a_push_right_behind_the_roster_is_newer() {
    let (mut client, id) = asking();
    client.receive(&format!(
        "<iq type='result' id='{id}'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Old'/></query></iq>"
    ));
    client.receive("<iq type='set' id='p'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='New'/></query></iq>");
    let contacts = client.service::<Contacts>();
    assert_eq!(contacts.get(&jid("nurse@example.com")).map(|item| item.name), Some("New".to_owned()));
}

#[test]
fn a_version_that_is_known_spares_the_roster() {
    let mut client =
        TestClient::with(&[&CLIENT]).with_feature(Element::bare("ver", "urn:xmpp:features:rosterver"));
    let contacts = client.service::<Contacts>();
    contacts.restore("ver7".to_owned(), [Item::new(jid("nurse@example.com"))]);
    client.connect(false);
    let request = client.sent().expect("it asks for the roster");
    assert!(request.to_string().contains("ver='ver7'"), "{request}");
    client.receive(&format!("<iq type='result' id='{}'/>", request.id().unwrap_or_default()));
    client.receive("<iq type='set' id='p'><query xmlns='jabber:iq:roster' ver='ver8'><item jid='romeo@example.net'/></query></iq>");
    assert_eq!((contacts.all().len(), contacts.version().as_deref()), (2, Some("ver8")));

    // The next session asks for what has changed since; one that is resumed for nothing.
    client.sent();
    client.disconnect(true);
    client.connect(true);
    assert!(client.sent().is_none());
    client.disconnect(false);
    client.connect(false);
    let request = client.sent().expect("it asks again");
    assert!(request.to_string().contains("ver='ver8'"), "{request}");
}

#[test]
fn changes_are_asked_for_and_show_when_the_server_has_made_them() {
    let mut client = loaded();
    let contacts = client.service::<Contacts>();
    let started = client
        .start(async move { contacts.set(jid("romeo@example.net"), "Romeo", vec!["Friends".into()]).await });
    let request = client.sent().expect("a change");
    assert!(request.to_string().contains("<item jid='romeo@example.net' name='Romeo'"), "{request}");
    assert!(client.service::<Contacts>().get(&jid("romeo@example.net")).is_none());
    client.receive(&request.reply().to_string());
    assert_eq!(started.outcome(), Some(Ok(())));

    let contacts = client.service::<Contacts>();
    let started = client.start(async move { contacts.remove(jid("nurse@example.com")).await });
    let request = client.sent().expect("a removal");
    assert!(request.to_string().contains("subscription='remove'"), "{request}");
    client.disconnect(false);
    assert_eq!(started.outcome(), Some(Err(RequestError::Lost)));
}

#[test]
fn no_more_contacts_are_kept_than_may() {
    let mut client = TestClient::configured(&[&CLIENT], &[("roster", "max-contacts = 1")]);
    client.connect(false);
    for name in ["a", "b", "a"] {
        client.receive(&format!(
            "<iq type='set' id='p'><query xmlns='jabber:iq:roster'><item jid='{name}@b'/></query></iq>"
        ));
    }
    assert_eq!(client.service::<Contacts>().all().len(), 1);
}

#[test]
fn a_server_without_a_roster_is_told_of() {
    let (mut client, id) = asking();
    client.receive(&format!(
        "<iq type='error' id='{id}'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    ));
    assert!(matches!(client.event(), Some(Change::Failed(RequestError::Refused(_)))));
}
