//! XEP-0191, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::sync::Arc;

use stonechat_extension::client::RequestError;
use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::jid::Jid;
use stonechat_xep_blocking::CLIENT;
use stonechat_xep_blocking::client::{Blocking, Event};

fn jid(text: &str) -> Jid {
    text.parse().unwrap()
}

/// A client whose list has two addresses (examples 3 and 4, §3.2).
fn online() -> TestClient {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    let request = client.sent().unwrap();
    assert!(request.has("urn:xmpp:blocking", "blocklist"), "{request}");
    client.receive(&format!("<iq type='result' id='{}'><blocklist xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/><item jid='iago@shakespeare.lit'/></blocklist></iq>", request.id().unwrap()));
    assert_eq!(client.event(), Some(Event::Loaded));
    client
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn the_list_is_fetched_with_a_new_session() {
    let mut client = online();
    let blocking = client.service::<Blocking>();
    assert_eq!(blocking.addresses(), [jid("iago@shakespeare.lit"), jid("romeo@montague.net")]);
    assert!(blocking.is_blocked(jid("romeo@montague.net/orchard").as_jid_ref()));
    assert!(!blocking.is_blocked(jid("mercutio@montague.net").as_jid_ref()));
    client.disconnect(true);
    client.connect(true);
    assert!(client.sent().is_none());
}

#[test]
fn pushes_of_the_own_account_change_the_list() {
    // §3.3 to §3.5.
    let mut client = online();
    let blocking = client.service::<Blocking>();
    let mut push = |child: &str| {
        client.receive(&format!("<iq type='set' id='push1'>{child}</iq>"));
        assert!(!client.sent().unwrap().kind().is_error());
        client.event::<Event>().unwrap()
    };
    let blocked = push("<block xmlns='urn:xmpp:blocking'><item jid='tybalt@capulet.com'/></block>");
    assert_eq!(blocked, Event::Blocked(vec![jid("tybalt@capulet.com")]));
    let unblocked = push("<unblock xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/></unblock>");
    assert_eq!(unblocked, Event::Unblocked(vec![jid("romeo@montague.net")]));
    assert_eq!(blocking.addresses(), [jid("iago@shakespeare.lit"), jid("tybalt@capulet.com")]);
    let all = push("<unblock xmlns='urn:xmpp:blocking'/>");
    assert_eq!(all, Event::Unblocked(vec![jid("iago@shakespeare.lit"), jid("tybalt@capulet.com")]));
    assert!(blocking.addresses().is_empty());
}

#[test]
fn pushes_of_anybody_else_are_ignored() {
    let mut client = online();
    for from in ["eve@example.net/x", "example.com", "juliet@example.com/other"] {
        client.receive(&format!(
            "<iq type='set' id='1' from='{from}'><unblock xmlns='urn:xmpp:blocking'/></iq>"
        ));
        assert!(client.sent().unwrap().kind().is_error());
    }
    assert_eq!(client.event::<Event>(), None);
    assert_eq!(client.service::<Blocking>().addresses().len(), 2);
}

#[test]
fn a_push_that_overtakes_the_list_counts_after_it() {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    let request = client.sent().unwrap();
    client
        .receive("<iq type='set' id='1'><unblock xmlns='urn:xmpp:blocking'><item jid='a@b'/></unblock></iq>");
    client.receive(&format!(
        "<iq type='result' id='{}'><blocklist xmlns='urn:xmpp:blocking'><item jid='a@b'/></blocklist></iq>",
        request.id().unwrap()
    ));
    assert_eq!(client.event(), Some(Event::Loaded));
    assert_eq!(client.event(), Some(Event::Unblocked(vec![jid("a@b")])));
    assert!(client.service::<Blocking>().addresses().is_empty());
}

#[test]
fn a_server_without_blocking_is_told() {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    let refusal =
        client.sent().unwrap().error_reply(&stonechat_stanza::StanzaError::service_unavailable()).unwrap();
    client.receive(&refusal.to_string());
    assert!(matches!(client.event(), Some(Event::Failed(RequestError::Refused(_)))));
}

#[test]
fn addresses_are_blocked_and_unblocked_and_none_is_not_all() {
    // Examples 6, 9 and 12.
    let mut client = online();
    let blocking = client.service::<Blocking>();
    let service = Arc::clone(&blocking);
    let done = client.start(async move {
        service.block(&[jid("a@b")]).await?;
        service.unblock(&[]).await?;
        service.unblock(&[jid("a@b")]).await?;
        service.unblock_all().await
    });
    for expected in [
        "<block xmlns='urn:xmpp:blocking'><item jid='a@b'/></block>",
        "<unblock xmlns='urn:xmpp:blocking'><item jid='a@b'/></unblock>",
        "<unblock xmlns='urn:xmpp:blocking'/>",
    ] {
        let request = client.sent().unwrap();
        assert!(request.to_string().contains(expected), "{request}");
        client.receive(&request.reply().to_string());
    }
    assert_eq!(done.outcome(), Some(Ok(())));
}
