//! XEP-0352, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_xep_csi::CLIENT;
use stonechat_xep_csi::client::ClientState;

fn client() -> TestClient {
    TestClient::with(&[&CLIENT]).with_feature("<csi xmlns='urn:xmpp:csi:0'/>".parse().unwrap())
}

fn set(client: &mut TestClient, active: bool) {
    let state = client.service::<ClientState>();
    let started = client.start(async move { state.set_active(active).await });
    assert_eq!(started.outcome(), Some(Ok(())));
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

/// §4.2, examples 2 and 3.
#[test]
fn changes_are_told_and_nothing_twice() {
    let mut client = client();
    client.run("connects\n stream ← nothing");
    assert!(client.service::<ClientState>().is_active());
    set(&mut client, true);
    client.run("stream ← nothing");
    set(&mut client, false);
    set(&mut client, false);
    client.run("stream ← <inactive xmlns='urn:xmpp:csi:0'/>\n stream ← nothing");
    set(&mut client, true);
    client.run("stream ← <active xmlns='urn:xmpp:csi:0'/>\n stream ← nothing\n server ← nothing");
}

/// §5.2.
#[test]
fn every_stream_is_told_as_each_begins_active() {
    let mut client = client();
    set(&mut client, false);
    client.run("stream ← nothing\n connects\n stream ← <inactive xmlns='urn:xmpp:csi:0'/>");
    client.run("disconnects\n resumes\n stream ← <inactive xmlns='urn:xmpp:csi:0'/>");
    set(&mut client, true);
    client.run("stream ← <active xmlns='urn:xmpp:csi:0'/>\n loses the session\n connects\n stream ← nothing");
}

/// XEP-0386 §3.2.
#[test]
fn a_session_begins_as_one_of_a_client_that_is_not_active() {
    let mut client = client();
    assert_eq!(client.beginnings(), []);
    set(&mut client, false);
    let inactive = "<inactive xmlns='urn:xmpp:csi:0'/>".parse().unwrap();
    assert_eq!(client.beginnings(), [("urn:xmpp:csi:0", inactive)]);
    // The person comes back before the login is done.
    set(&mut client, true);
    client.run("connects\n stream ← <active xmlns='urn:xmpp:csi:0'/>\n stream ← nothing");
    assert_eq!(client.beginnings(), []);
}

/// §4.1.
#[test]
fn a_server_that_does_not_know_it_is_told_nothing() {
    let mut client = TestClient::with(&[&CLIENT]);
    client.run("connects");
    set(&mut client, false);
    client.run("stream ← nothing\n disconnects\n connects\n stream ← nothing");
}
