//! Seeing and revoking what has access to an account (XEP-0494).

use stonechat_tests::sasl2::{Sasl2, attribute};
use stonechat_tests::{Raw, Settings};

const LOGIN: &str = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>Gajim</software>\
    <device>Juliet&apos;s phone</device></user-agent><bind xmlns='urn:xmpp:bind:0'/>\
    <request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>";

/// The client with tokens, as the list has it.
fn phone(desk: &mut Raw) -> String {
    desk.send("<iq type='get' id='list'><list xmlns='urn:xmpp:cam:0'/></iq>");
    let list = desk.until("</iq>");
    let phone = list.split("<client ").find(|client| client.contains("Gajim"));
    phone.map(|client| format!(" {client}")).unwrap_or_else(|| panic!("not there: {list}"))
}

#[test]
fn a_client_is_seen_and_loses_its_access_when_it_knows_the_password_no_more() {
    let server = Settings::new().start_with_users(1);
    let mut client = Sasl2::connect(&server, "user1");
    client.plain("user1", LOGIN);
    client.success();

    let mut desk = Raw::login(&server, "user1", "desk");
    let seen = phone(&mut desk);
    assert!(
        seen.contains("<password/>") && seen.contains("<fast/>") && seen.contains("connected='true'"),
        "{seen}"
    );
    let id = attribute(&seen, "id").unwrap_or_else(|| panic!("no id: {seen}")).to_owned();
    let revoke = format!("<iq type='set' id='revoke'><revoke xmlns='urn:xmpp:cam:0' id='{id}'/></iq>");
    desk.send(&revoke);
    assert!(desk.until("</iq>").contains("<password-reset-required"), "it would be back at once");
    client.raw.ping("still");

    let _ = server.command(&["user", "passwd", "user1@localhost"], &["another-1"]).expect_success();
    let seen = phone(&mut desk);
    assert!(!seen.contains("<password/>") && !seen.contains("<fast/>"), "{seen}");
    desk.send(&revoke);
    desk.until("id='revoke'");
    client.raw.expect_stream_error("policy-violation");
    desk.ping("there");
}
