//! XEP-0363, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::RequestError;
use stonechat_extension::client::test_host::{Started, TestClient, check};
use stonechat_stanza::jid::Jid;
use stonechat_xep_upload::client::{Service, SlotError, Uploads};
use stonechat_xep_upload::{CLIENT, Purpose, Request, Slot};

const INFO: &str = "http://jabber.org/protocol/disco#info";
const ITEMS: &str = "http://jabber.org/protocol/disco#items";

fn client() -> TestClient {
    TestClient::with(&[&CLIENT, &stonechat_xep_disco::CLIENT])
}

fn find(client: &mut TestClient) -> Started<Result<Option<Service>, RequestError>> {
    let uploads = client.service::<Uploads>();
    client.start(async move { uploads.find("montague.tld".parse().unwrap()).await })
}

fn answer(client: &mut TestClient, from: &str, ns: &str, children: &str) {
    let question = client.sent().unwrap();
    assert_eq!((question.to().unwrap().as_str(), question.has(ns, "query")), (from, true));
    let mut answer = question.reply();
    answer.push_bytes(format!("<query xmlns='{ns}'>{children}</query>").as_bytes()).unwrap();
    client.receive(&answer.to_string());
}

const UPLOAD: &str = "<identity category='store' type='file'/><feature var='urn:xmpp:http:upload:0'/><feature var='urn:xmpp:http:upload:purpose:0#profile'/>\
    <x type='result' xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:http:upload:0</value></field>\
    <field var='max-file-size'><value>5242880</value></field></x>";

fn service(max_file_size: Option<u64>) -> Service {
    let jid: Jid = "upload.montague.tld".parse().unwrap();
    Service { jid, max_file_size, purposes: vec!["profile".to_owned()] }
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT, &stonechat_xep_disco::CLIENT]);
}

/// §3; examples 1 to 4.
#[test]
fn a_service_is_found_among_the_servers_items() {
    let mut client = client();
    let started = find(&mut client);
    answer(&mut client, "montague.tld", INFO, "<feature var='urn:x'/>");
    answer(
        &mut client,
        "montague.tld",
        ITEMS,
        "<item jid='conference.montague.tld'/><item jid='down.montague.tld'/><item jid='upload.montague.tld' name='HTTP File Upload'/>",
    );
    answer(&mut client, "conference.montague.tld", INFO, "<feature var='http://jabber.org/protocol/muc'/>");
    let question = client.sent().unwrap();
    let error = stonechat_stanza::StanzaError::remote_server_timeout();
    client.receive(&question.error_reply(&error).unwrap().to_string());
    answer(&mut client, "upload.montague.tld", INFO, UPLOAD);
    let found = started.outcome().unwrap().unwrap().unwrap();
    assert_eq!(found, service(Some(5_242_880)));
    assert!(found.knows(Purpose::Profile) && !found.knows(Purpose::Permanent));
}

#[test]
fn the_server_itself_may_be_it_or_nobody() {
    let mut client = client();
    let started = find(&mut client);
    answer(&mut client, "montague.tld", INFO, "<feature var='urn:xmpp:http:upload:0'/>");
    assert_eq!(started.outcome().unwrap().unwrap().unwrap().jid, "montague.tld".parse::<Jid>().unwrap());
    let started = find(&mut client);
    answer(&mut client, "montague.tld", INFO, "");
    answer(&mut client, "montague.tld", ITEMS, "");
    assert_eq!(started.outcome(), Some(Ok(None)));
}

fn slot(client: &mut TestClient, most: Option<u64>) -> Started<Result<Slot, SlotError>> {
    let uploads = client.service::<Uploads>();
    let content_type = Some("image/jpeg".to_owned());
    let request = Request { filename: "très cool.jpg".into(), size: 23456, content_type, purpose: None };
    client.start(async move { uploads.slot(&service(most), &request).await })
}

/// §4; examples 5, 6.
#[test]
fn a_slot_is_asked_for() {
    let mut client = client();
    let started = slot(&mut client, None);
    let question = client.sent().unwrap();
    assert_eq!(
        question.children().next().unwrap().element().unwrap(),
        "<request xmlns='urn:xmpp:http:upload:0' filename='très cool.jpg' size='23456' content-type='image/jpeg'/>".parse().unwrap()
    );
    let mut answer = question.reply();
    answer
        .push_bytes(b"<slot xmlns='urn:xmpp:http:upload:0'><put url='https://upload.montague.tld/x'><header name='Cookie'>a</header></put><get url='https://download.montague.tld/x'/></slot>")
        .unwrap();
    client.receive(&answer.to_string());
    let slot = started.outcome().unwrap().unwrap();
    assert_eq!(
        (slot.put.host(), slot.get.host(), slot.headers.len()),
        ("upload.montague.tld", "download.montague.tld", 1)
    );
}

/// §4: "The host MUST provide Transport Layer Security".
#[test]
fn a_slot_that_is_not_at_https_is_not_used() {
    let mut client = client();
    for (put, get) in [("http://a/x", "https://a/x"), ("https://a/x", "http://a/x")] {
        let started = slot(&mut client, None);
        let mut answer = client.sent().unwrap().reply();
        answer
            .push_bytes(
                format!("<slot xmlns='urn:xmpp:http:upload:0'><put url='{put}'/><get url='{get}'/></slot>")
                    .as_bytes(),
            )
            .unwrap();
        client.receive(&answer.to_string());
        assert!(matches!(started.outcome(), Some(Err(SlotError::Request(RequestError::Malformed(_))))));
    }
}

/// §6; examples 11 to 13.
#[test]
fn a_refusal_says_what_may_be_done() {
    let mut client = client();
    assert_eq!(slot(&mut client, Some(20_000)).outcome(), Some(Err(SlotError::TooLarge(Some(20_000)))));
    assert!(client.sent().is_none(), "it need not be asked");
    for (condition, inside, expected) in [
        (
            "not-acceptable",
            "<file-too-large xmlns='urn:xmpp:http:upload:0'><max-file-size>20000</max-file-size></file-too-large>",
            Some(SlotError::TooLarge(Some(20_000))),
        ),
        (
            "resource-constraint",
            "<retry xmlns='urn:xmpp:http:upload:0' stamp='2017-12-03T23:42:05Z'/>",
            Some(SlotError::Later("2017-12-03T23:42:05Z".parse().unwrap())),
        ),
        ("forbidden", "", None),
    ] {
        let started = slot(&mut client, None);
        let id = client.sent().unwrap().id().unwrap().to_owned();
        client.receive(&format!(
            "<iq type='error' from='upload.montague.tld' id='{id}'><error type='auth'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{inside}</error></iq>"
        ));
        let error = started.outcome().unwrap().unwrap_err();
        match expected {
            Some(expected) => assert_eq!(error, expected),
            None => assert!(matches!(error, SlotError::Request(RequestError::Refused(_)))),
        }
    }
}
