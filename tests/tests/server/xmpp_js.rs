//! xmpp.js talks with slixmpp.

use std::time::Duration;

use stonechat_tests::{Process, Settings, Stream, WITHIN, foreign};

/// xmpp.js is refused with a wrong password, logs in, adds a contact, subscribes both ways, and chats.
fn chat(scheme: &str) {
    let server = Settings::new().start_with_users(2);
    let echo = foreign::start_script(&server, "answer.py", &["echo", "user2@localhost", "end"]);
    echo.wait_for(Stream::Stdout, WITHIN, "online", |line| (line == "online").then_some(()));
    let mut node = foreign::node();
    foreign::point(&mut node, &server);
    node.args(["chat.mjs", scheme, "user1", "user2@localhost"]);
    let output = Process::spawn(node).finish(Duration::from_secs(120));
    assert!(output.status.success(), "{output}\nthe other\n{}", echo.transcript());
    let output = foreign::succeed(&server, echo);
    assert_eq!(output.stdout.matches("from user1@localhost: <").count(), 20, "{output}");
}

#[test]
fn xmpp_js_chats_with_slixmpp_over_starttls() {
    chat("xmpp");
}

#[test]
fn xmpp_js_chats_with_slixmpp_over_direct_tls() {
    chat("xmpps");
}

/// xmpp.js logs in by SASL2 with Bind 2, gets a token, and comes back with it.
fn come_back(scheme: &str) {
    let server = Settings::new().start_with_users(1);
    let mut node = foreign::node();
    foreign::point(&mut node, &server);
    node.args(["fast.mjs", scheme, "user1"]);
    let output = Process::spawn(node).finish(Duration::from_secs(120));
    assert!(output.status.success(), "{output}\nthe server said\n{}", server.process().transcript());
}

#[test]
fn xmpp_js_comes_back_with_a_token_over_starttls() {
    come_back("xmpp");
}

#[test]
fn xmpp_js_comes_back_with_a_token_over_direct_tls() {
    come_back("xmpps");
}
