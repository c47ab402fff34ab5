//! Resuming (XEP-0198 §5), on the old way and together with the login (XEP-0388, XEP-0386), as raw streams.

use stonechat_tests::sasl2::{Sasl2, attribute};
use stonechat_tests::{Raw, Server, Settings};

const BIND: &str = "<bind xmlns='urn:xmpp:bind:0'><tag>phone</tag>\
                    <enable xmlns='urn:xmpp:sm:3' resume='true'/><inactive xmlns='urn:xmpp:csi:0'/></bind>";

fn resume(h: u32, id: &str) -> String {
    format!("<resume xmlns='urn:xmpp:sm:3' h='{h}' previd='{id}'/>")
}

/// Enables stream management on a session that was bound, and gives the id.
fn enable(raw: &mut Raw) -> String {
    raw.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    let enabled = raw.next_whole().expect("an answer");
    attribute(&enabled, "id").unwrap_or_else(|| panic!("{enabled}")).to_owned()
}

fn failed(raw: &mut Raw, condition: &str) {
    let failed = raw.next_whole().expect("an answer");
    assert!(failed.starts_with("<failed xmlns='urn:xmpp:sm:3'") && failed.contains(condition), "{failed}");
}

fn server() -> Server {
    Settings::new().start_with_users(2)
}

#[test]
fn a_phone_that_comes_back_needs_one_round_trip() {
    let server = server();
    let mut phone = Sasl2::connect(&server, "user1");
    assert!(phone.features.contains("<sm xmlns='urn:xmpp:sm:3'/>"), "{}", phone.features);
    phone.plain("user1", BIND);
    let success = phone.success();
    let (_, enabled) = success.split_once("<enabled").unwrap_or_else(|| panic!("{success}"));
    assert_eq!(attribute(enabled, "resume"), Some("true"), "{success}");
    assert!(!success.contains("<sm "), "it is not offered again: {success}");
    let id = attribute(enabled, "id").expect("an id").to_owned();
    phone.raw.send("<presence/>");
    phone.raw.ping("p1");
    phone.raw.abort();

    let mut other = Raw::login(&server, "user2", "desk");
    other.send("<message to='user1@localhost' type='chat'><body>meanwhile</body></message>");
    let answers = other.ping("p2");
    assert!(!answers.contains("error"), "{answers}");

    let mut phone = Sasl2::connect(&server, "user1");
    // Its own presence and the pong were all that came.
    phone.plain("user1", &format!("{}{BIND}", resume(2, &id)));
    let success = phone.success();
    assert!(success.contains("<resumed") && !success.contains("<bound"), "{success}");
    assert!(success.contains("<authorization-identifier>user1@localhost/phone"), "{success}");
    let message = phone.raw.next_whole().expect("the message");
    assert!(message.contains("meanwhile"), "{message}");
}

#[test]
fn what_cannot_be_resumed_at_login_is_bound() {
    let server = server();
    let mut phone = Sasl2::connect(&server, "user1");
    phone.plain("user1", &format!("{}{BIND}", resume(0, "no-such-session")));
    let success = phone.success();
    assert!(
        success.contains("<failed xmlns='urn:xmpp:sm:3'") && success.contains("item-not-found"),
        "{success}"
    );
    assert!(success.contains("<bound") && success.contains("<enabled"), "{success}");
}

/// §3, §5: the order of things, and what may follow a failure.
#[test]
fn who_cannot_resume_is_told_so_and_may_bind() {
    let server = server();
    let mut raw = Raw::authenticated(&server, "user1");
    raw.send("<enable xmlns='urn:xmpp:sm:3'/>");
    failed(&mut raw, "unexpected-request");
    raw.send(resume(0, "no-such-session"));
    failed(&mut raw, "item-not-found");
    raw.send("<resume xmlns='urn:xmpp:sm:3' previd='x'/>");
    failed(&mut raw, "bad-request");
    raw.bind("desk");
    raw.ping("p1");
}

/// §5, §7: neither another account nor a guess resumes a session.
#[test]
fn nobody_else_resumes_a_session_and_who_counts_wrong_does_not() {
    let server = server();
    let mut raw = Raw::login(&server, "user1", "desk");
    let id = enable(&mut raw);
    raw.abort();
    let mut other = Raw::authenticated(&server, "user2");
    other.send(resume(0, &id));
    failed(&mut other, "item-not-found");
    let mut own = Raw::authenticated(&server, "user1");
    own.send(resume(7, &id));
    failed(&mut own, "undefined-condition");
    own.send(resume(0, &id));
    let resumed = own.next_whole().expect("an answer");
    assert!(resumed.starts_with("<resumed"), "{resumed}");
    own.ping("p1");
}

/// §6, example 17.
#[test]
fn a_count_beyond_what_was_sent_closes_the_stream() {
    let server = server();
    let mut raw = Raw::login(&server, "user1", "desk");
    let _ = enable(&mut raw);
    raw.ping("p1");
    raw.send("<a xmlns='urn:xmpp:sm:3' h='10'/>");
    let rest = raw.expect_stream_error("undefined-condition");
    assert!(rest.contains("<handled-count-too-high xmlns='urn:xmpp:sm:3' h='10' send-count='1'/>"), "{rest}");
}

/// §5, example 15.
#[test]
fn the_old_connection_of_a_resumed_session_ends_with_a_conflict() {
    let server = server();
    let mut old = Raw::login(&server, "user1", "desk");
    let id = enable(&mut old);
    let mut new = Raw::authenticated(&server, "user1");
    new.send(resume(0, &id));
    assert!(new.next_whole().expect("an answer").starts_with("<resumed"));
    old.expect_stream_error("conflict");
    new.ping("p1");
}

/// A session that is resumed has the rights that the account has now.
#[test]
fn a_session_of_an_account_that_was_removed_is_not_resumed() {
    let server = server();
    let mut raw = Raw::login(&server, "user1", "desk");
    let id = enable(&mut raw);
    raw.abort();
    let mut again = Raw::authenticated(&server, "user1");
    again.send(
        "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>",
    );
    again.until("</iq>");
    again.send("<iq type='set' id='leave'><query xmlns='jabber:iq:register'><remove/></query></iq>");
    again.rest();
    server.add_user("user1@localhost", "pw-user1");
    let mut anew = Raw::authenticated(&server, "user1");
    anew.send(resume(0, &id));
    failed(&mut anew, "item-not-found");
}

/// §7: who closes its stream ends its session.
#[test]
fn a_stream_that_was_closed_cannot_be_resumed() {
    let server = server();
    let mut raw = Raw::login(&server, "user1", "desk");
    let id = enable(&mut raw);
    raw.send("</stream:stream>");
    raw.rest();
    let mut again = Raw::authenticated(&server, "user1");
    again.send(resume(0, &id));
    failed(&mut again, "item-not-found");
}

#[test]
fn a_session_is_resumed_after_the_server_was_stopped_and_started() {
    let server = server();
    let mut raw = Raw::login(&server, "user1", "desk");
    let id = enable(&mut raw);
    raw.send(
        "<message to='user2@localhost/there' type='chat'><body>x</body></message><r xmlns='urn:xmpp:sm:3'/>",
    );
    let (_, folder) = server.stop();
    let rest = raw.rest();
    assert!(rest.contains("system-shutdown"), "{rest}");
    let server = Server::start_in(folder);
    let mut raw = Raw::authenticated(&server, "user1");
    raw.send(resume(0, &id));
    let resumed = raw.next_whole().expect("an answer");
    assert!(resumed.starts_with("<resumed"), "{resumed}");
}
