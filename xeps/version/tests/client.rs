//! XEP-0092, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::test_host::{TestClient, answered, check};
use stonechat_xep_version::client::Versions;
use stonechat_xep_version::{CLIENT, Version};

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn whoever_asks_is_told_and_not_what_system_it_is() {
    // Examples 1 and 2; §5.
    TestClient::with(&[&CLIENT]).run(&format!(
        "server → <iq type='get' from='romeo@montague.net/orchard' id='version_1'><query xmlns='jabber:iq:version'/></iq>
         server ← <iq type='result' to='romeo@montague.net/orchard' id='version_1'><query xmlns='jabber:iq:version'><name>Stonechat</name><version>{}</version></query></iq>",
        env!("CARGO_PKG_VERSION")
    ));
}

#[test]
fn who_does_not_want_to_answer_has_no_such_feature() {
    let mut client = TestClient::configured(&[&CLIENT], &[("version", "answer = false")]);
    client.run(
        "server → <iq type='get' from='romeo@montague.net/orchard' id='1'><query xmlns='jabber:iq:version'/></iq>
         server ← <iq type='error' id='1'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    );
    assert!(client.tables().info().features.is_empty());
}

#[test]
fn others_are_asked() {
    let mut client = TestClient::with(&[&CLIENT]);
    let versions = client.service::<Versions>();
    let started =
        client.start(async move { versions.of(Some("juliet@capulet.com/balcony".parse().unwrap())).await });
    let answer = "<query xmlns='jabber:iq:version'><name>Exodus</name><version>0.7.0.4</version><os>Windows-XP 5.01.2600</os></query>";
    let expected =
        Version { name: "Exodus".into(), version: "0.7.0.4".into(), os: Some("Windows-XP 5.01.2600".into()) };
    assert_eq!(answered(&mut client, &started, answer), Ok(expected));
}
