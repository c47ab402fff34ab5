//! A stop that is asked for, and a reload.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use stonechat_tests::{Raw, Server, Settings, Stream, WITHIN, foreign};

const ROSTER: &str = "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>";

#[test]
fn clients_are_told_of_the_stop_and_find_their_data_afterwards() {
    let server = Settings::new().set("timeouts.shutdown", 3).start_with_users(3);
    let mut one = Raw::login(&server, "user1", "one");
    one.send("<presence/>");
    one.send(
        "<iq type='set' id='set'><query xmlns='jabber:iq:roster'>\
         <item jid='user2@localhost' name='Two'><group>Friends</group></item></query></iq>",
    );
    one.send("<message to='user2@localhost' type='chat'><body>until later</body></message>");
    one.ping("done");
    let mut negotiating = Raw::secured(&server, "localhost");
    let slixmpp = foreign::start_script(&server, "answer.py", &["told_of_the_end", "user3@localhost"]);
    slixmpp.wait_for(Stream::Stdout, WITHIN, "online", |line| (line == "online").then_some(()));

    let (output, folder) = server.stop();
    assert!(output.status.success(), "{output}");
    one.expect_stream_error("system-shutdown");
    negotiating.expect_stream_error("system-shutdown");
    let told = slixmpp.finish(WITHIN).expect_success().stdout;
    assert!(told.contains("told: system-shutdown"), "{told}");

    let server = Server::start_in(folder);
    let mut one = Raw::login(&server, "user1", "one");
    one.send(ROSTER);
    let roster = one.until("</iq>");
    for part in ["user2@localhost", "Two", "<group>Friends</group>"] {
        assert!(roster.contains(part), "{part} in {roster}");
    }
    let mut two = Raw::login(&server, "user2", "two");
    two.send("<presence/>");
    let waiting = two.ping("waiting");
    assert_eq!(waiting.matches("until later").count(), 1, "{waiting}");
}

#[test]
fn a_reload_adds_and_removes_hosts_and_disconnects_nobody_else() {
    let server = Settings::new().host("old.example").start_with_users(1);
    server.add_user("resident@old.example", "pw-resident");
    let mut one = Raw::login(&server, "user1", "one");
    let mut resident = Raw::secured(&server, "old.example");
    resident.plain("", "resident", "pw-resident");
    resident.until("<success");
    resident.until(">");
    resident.open("old.example");
    resident.bind("home");
    let mut early = Raw::connect(server.c2s());
    early.send(stonechat_tests::header("new.example"));
    early.expect_stream_error("host-unknown");

    Settings::new().host("new.example").rewrite(server.folder());
    server.process().signal(Signal::HUP);
    await_host(&server, "new.example");
    let mut new = Raw::secured(&server, "new.example");
    new.send("</stream:stream>");
    one.ping("still-here");
    resident.expect_stream_error("host-gone");
    let mut late = Raw::connect(server.c2s());
    late.send(stonechat_tests::header("old.example"));
    late.expect_stream_error("host-unknown");
    one.ping("and-now");
}

/// Asks for the host until it is served.
fn await_host(server: &Server, domain: &str) {
    let deadline = Instant::now() + WITHIN;
    loop {
        let mut raw = Raw::connect(server.c2s());
        raw.send(stonechat_tests::header(domain));
        let answer = raw.until(">");
        let answer = answer + &raw.until(">") + &raw.until(">");
        if answer.contains("features") {
            return;
        }
        assert!(answer.contains("stream:error"), "{answer}");
        assert!(Instant::now() < deadline, "{domain} is not served\n{}", server.process().transcript());
        std::thread::yield_now();
    }
}

#[test]
fn a_configuration_that_is_wrong_changes_nothing() {
    let server = Settings::new().start_with_users(1);
    let mut one = Raw::login(&server, "user1", "one");
    Settings::new().set("timeouts.idel", 7).host("new.example").rewrite(server.folder());
    let refused = server.command(&["reload"], &[]).expect_failure();
    assert!(refused.stderr.contains("idel") && refused.stderr.contains("idle"), "{refused}");
    server.process().signal(Signal::HUP);
    server.process().wait_for(Stream::Stderr, WITHIN, "why not", |line| line.contains("idel").then_some(()));
    one.ping("still-here");
    let mut new = Raw::connect(server.c2s());
    new.send(stonechat_tests::header("new.example"));
    new.expect_stream_error("host-unknown");
    assert!(server.process().exit_status().is_none());
}

#[test]
fn a_client_that_does_not_read_cannot_hold_up_the_stop() {
    let settings = Settings::new().set("timeouts.shutdown", 1).set("timeouts.mailbox", 0.1);
    let server = settings.set("limits.bytes_per_second", 0).start_with_users(2);
    let _deaf = Raw::login(&server, "user1", "deaf");
    let mut two = Raw::login(&server, "user2", "two");
    let text = "x".repeat(100_000);
    // More than the sockets hold, so that the server has something that it cannot write.
    for _ in 0..100 {
        two.send(format!("<message to='user1@localhost/deaf' type='headline'><body>{text}</body></message>"));
    }
    two.ping("all-taken");
    let start = Instant::now();
    let (output, _folder) = server.stop();
    assert!(output.status.success(), "{output}");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}
