//! What whoever reads the log is not to learn, however much is logged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stonechat_tests::sasl2::{Sasl2, attribute};
use stonechat_tests::{Raw, Server, Settings};

const REGISTERED: &str = "registered-S3cret";
const CHANGED: &str = "changed-S3cret";
const WRONG: &str = "wrong-S3cret";

/// Registers an account before the login (XEP-0077 §3.1).
fn register(server: &Server, name: &str, password: &str) {
    let mut raw = Raw::secured(server, "localhost");
    raw.send(format!(
        "<iq type='set' id='reg'><query xmlns='jabber:iq:register'><username>{name}</username>\
         <password>{password}</password></query></iq>"
    ));
    assert!(raw.until("id='reg'").contains("<iq"), "no answer");
    assert!(raw.until(">").contains("result"), "it is refused");
}

/// What PLAIN says, as it is on the wire.
fn plain(name: &str, password: &str) -> String {
    STANDARD.encode(format!("\0{name}\0{password}"))
}

#[test]
fn passwords_and_tokens_are_not_in_the_log() {
    let server = Settings::new()
        .set("log.level", "debug")
        .set("extensions.register.allow-creation", true)
        .start_with_users(1);
    register(&server, "bill", REGISTERED);

    let mut wrong = Raw::secured(&server, "localhost");
    wrong.plain("", "bill", WRONG);
    wrong.until("<failure");
    let mut raw = Raw::secured(&server, "localhost");
    raw.plain("", "bill", REGISTERED);
    raw.until("<success");
    raw.until(">");
    raw.open("localhost");
    raw.bind("desk");
    raw.send(format!(
        "<iq type='set' id='change' to='localhost'><query xmlns='jabber:iq:register'><username>bill</username>\
         <password>{CHANGED}</password></query></iq>"
    ));
    raw.until("id='change'");
    raw.ping("after");
    // Refused, so that what was asked for is worth a line of the log, if anything is.
    raw.send(format!(
        "<iq type='set' id='other' to='localhost'><query xmlns='jabber:iq:register'><username>user1</username>\
         <password>{WRONG}</password></query></iq>"
    ));
    raw.until("id='other'");
    raw.ping("after-that");

    let mut phone = Sasl2::connect(&server, "user1");
    phone.plain(
        "user1",
        "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/><bind xmlns='urn:xmpp:bind:0'/>\
         <request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>",
    );
    let success = phone.success();
    let (_, token) = success.split_once("<token").expect("a token");
    let token = attribute(token, "token").expect("a token").to_owned();

    let (output, _folder) = server.stop();
    let log = format!("{}{}", output.stdout, output.stderr);
    assert!(log.contains("DEBUG"), "this is no proof: {log}");
    for secret in [REGISTERED, CHANGED, WRONG, "pw-user1", &token] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
    for (name, password) in [("bill", REGISTERED), ("bill", WRONG), ("user1", "pw-user1")] {
        assert!(!log.contains(&plain(name, password)), "PLAIN of {name} is in the log:\n{log}");
    }
}
