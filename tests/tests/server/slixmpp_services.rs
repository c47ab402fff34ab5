//! What the server tells about itself and others, as slixmpp sees it.

use stonechat_tests::{Settings, foreign};

fn services(args: &[&str]) {
    let server = Settings::new().start_with_users(2);
    foreign::script(&server, "services.py", args);
}

#[test]
fn server_and_account_can_be_discovered() {
    services(&[
        "discovery",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/disco#items",
        "urn:xmpp:ping",
        "jabber:iq:version",
        "urn:xmpp:time",
        "jabber:iq:last",
        "urn:xmpp:carbons:2",
        "msgoffline",
    ]);
}

#[test]
fn a_request_that_nobody_knows_is_answered() {
    services(&["unknown_request"]);
}

#[test]
fn server_account_and_contacts_answer_pings() {
    services(&["ping"]);
}

#[test]
fn the_server_tells_its_version() {
    services(&["version"]);
}

#[test]
fn the_server_tells_the_time() {
    services(&["time"]);
}

#[test]
fn the_last_activity_is_told_to_subscribers_only() {
    services(&["last_activity"]);
}
