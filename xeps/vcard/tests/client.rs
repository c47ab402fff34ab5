//! XEP-0054, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::RequestError;
use stonechat_extension::client::test_host::{Started, TestClient, answered, check};
use stonechat_stanza::StanzaError;
use stonechat_xep_vcard::client::VCards;
use stonechat_xep_vcard::{CLIENT, VCard};

fn own(client: &mut TestClient) -> Started<Result<Option<VCard>, RequestError>> {
    let vcards = client.service::<VCards>();
    client.start(async move { vcards.own().await })
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

/// §3.1, §3.3; examples 1, 2, 8, 9.
#[test]
fn vcards_are_asked_for() {
    let mut client = TestClient::with(&[&CLIENT]);
    let started = own(&mut client);
    let found = answered(&mut client, &started, "<vCard xmlns='vcard-temp'><FN>Peter</FN></vCard>");
    assert_eq!(found.unwrap().unwrap().full_name().as_deref(), Some("Peter"));
    let vcards = client.service::<VCards>();
    let _started = client.start(async move { vcards.of("jer@jabber.org".parse().unwrap()).await });
    client.run("server ← <iq type='get' to='jer@jabber.org'><vCard xmlns='vcard-temp'/></iq>");
}

/// §3.1, §3.3; examples 3, 4, 10.
#[test]
fn there_may_be_none() {
    let mut client = TestClient::with(&[&CLIENT]);
    let started = own(&mut client);
    assert_eq!(answered(&mut client, &started, "<vCard xmlns='vcard-temp'/>"), Ok(None));
    for (error, is_none) in [
        (StanzaError::item_not_found(), true),
        (StanzaError::service_unavailable(), true),
        (StanzaError::forbidden(), false),
    ] {
        let started = own(&mut client);
        let question = client.sent().unwrap();
        client.receive(&question.error_reply(&error).unwrap().to_string());
        assert_eq!(started.outcome().unwrap().is_ok(), is_none, "{error:?}");
    }
}

/// §3.2; examples 5, 6.
#[test]
fn the_own_one_is_changed_as_a_whole() {
    let mut client = TestClient::with(&[&CLIENT]);
    let vcards = client.service::<VCards>();
    let started = client.start(async move { vcards.change(|own| own.with_text("FN", Some("Peter"))).await });
    let question = client.sent().unwrap();
    let mut answer = question.reply();
    answer
        .push_bytes(b"<vCard xmlns='vcard-temp'><FN>x</FN><TEL><HOME/><NUMBER>1</NUMBER></TEL></vCard>")
        .unwrap();
    client.receive(&answer.to_string());
    let request = client.sent().unwrap();
    assert_eq!(
        request.children().next().unwrap().element().unwrap(),
        "<vCard xmlns='vcard-temp'><FN>Peter</FN><TEL><HOME/><NUMBER>1</NUMBER></TEL></vCard>"
            .parse()
            .unwrap()
    );
    client.receive(&request.reply().to_string());
    assert_eq!(started.outcome(), Some(Ok(())));
}
