//! XEP-0444, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_xep_reactions::CLIENT;
use stonechat_xep_reactions::client::Reacted;

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn reactions_are_told_with_who_reacts() {
    // Example 5, §4.2.
    let mut client = TestClient::with(&[&CLIENT]);
    let reactions =
        "<reactions id='744f6e18' xmlns='urn:xmpp:reactions:0'><reaction>👋</reaction></reactions>";
    client.receive(&format!("<message from='romeo@capulet.net/orchard' type='chat'>{reactions}</message>"));
    let told: Reacted = client.event().unwrap();
    assert_eq!((told.by.as_str(), told.peer.as_str()), ("romeo@capulet.net", "romeo@capulet.net"));
    assert_eq!((told.reactions.id.as_str(), &told.reactions.all[..]), ("744f6e18", &["👋".to_owned()][..]));
    assert_eq!(told.delayed, None);
    client.receive(&format!("<message from='room@muc.example/romeo' type='groupchat'>{reactions}<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/></message>"));
    let told: Reacted = client.event().unwrap();
    assert_eq!((told.by.as_str(), told.peer.as_str()), ("room@muc.example/romeo", "room@muc.example"));
    assert!(told.delayed.is_some());
}

#[test]
fn a_message_with_two_lists_or_a_broken_one_says_nothing() {
    // §4.1.
    let mut client = TestClient::with(&[&CLIENT]);
    let one = "<reactions id='1' xmlns='urn:xmpp:reactions:0'/>";
    for lists in [format!("{one}{one}"), "<reactions xmlns='urn:xmpp:reactions:0'/>".to_owned()] {
        client.receive(&format!("<message from='romeo@capulet.net/orchard' type='chat'>{lists}</message>"));
        assert_eq!(client.event::<Reacted>(), None);
    }
}
