//! XEP-0199, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::time::Duration;

use stonechat_extension::client::RequestError;
use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_xep_ping::CLIENT;
use stonechat_xep_ping::client::Pinger;

const WITHIN: Duration = Duration::from_secs(5);

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn a_ping_of_the_server_or_of_another_client_is_answered() {
    // Examples 1, 2, 8 and 9 (§4.1, §4.4).
    TestClient::with(&[&CLIENT]).run(
        "connects
         server → <iq from='example.com' to='juliet@example.com/balcony' id='s2c1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
         server ← <iq to='example.com' id='s2c1' type='result'/>
         server → <iq from='romeo@example.net/home' to='juliet@example.com/balcony' id='e2e1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
         server ← <iq to='romeo@example.net/home' id='e2e1' type='result'/>
         app ← nothing",
    );
}

#[test]
fn a_client_without_the_extension_answers_that_it_has_none() {
    // Example 3.
    TestClient::with(&[]).run(
        "connects
         server → <iq from='example.com' id='s2c1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
         server ← <iq to='example.com' id='s2c1' type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    );
}

fn ping(answer: &str) -> Option<Result<(), RequestError>> {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    let pinger = client.service::<Pinger>();
    let to = "example.com".parse().unwrap();
    let started = client.start(async move { pinger.ping(Some(to), WITHIN).await });
    let request = client.sent().unwrap();
    assert!(request.to_string().contains("<ping xmlns='urn:xmpp:ping'/>"), "{request}");
    client.receive(&answer.replace("ID", request.id().unwrap()));
    started.outcome()
}

#[test]
fn a_result_and_an_error_that_pings_are_unknown_are_answers() {
    assert_eq!(ping("<iq type='result' id='ID' from='example.com'/>"), Some(Ok(())));
    let unknown = "<iq type='error' id='ID' from='example.com'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
    assert_eq!(ping(unknown), Some(Ok(())));
}

#[test]
fn an_error_of_the_network_is_not_an_answer() {
    let gone = "<iq type='error' id='ID' from='example.com'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
    assert!(matches!(ping(gone), Some(Err(RequestError::Refused(_)))));
}

#[test]
fn an_answer_of_somebody_else_is_none() {
    assert_eq!(ping("<iq type='result' id='ID' from='eve@example.com/1'/>"), None);
    assert_eq!(ping("<iq type='result' id='ID'/>"), None);
}

#[test]
fn without_an_answer_a_ping_ends_in_time() {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    let pinger = client.service::<Pinger>();
    let started = client.start(async move { pinger.ping(None, WITHIN).await });
    client.advance(WITHIN - Duration::from_millis(1));
    assert!(started.outcome().is_none());
    client.advance(Duration::from_millis(1));
    assert_eq!(started.outcome(), Some(Err(RequestError::Timeout)));
}
