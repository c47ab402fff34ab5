//! What an operator sees of other servers and decides about them: `federation test` and `status`, and policies that are reloaded.

use crate::client;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use crate::support::pair::Pair;
use crate::support::{OURS, THEIRS, log_in, refused, routed, settings, start};
use stonechat_stanza::error::Condition;
use stonechat_tests::{Authority, Output, Server, free_port};
use tokio::time::timeout;

/// No step of a test takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a message has before it is sent again.
const MOMENT: Duration = Duration::from_millis(500);

fn test(server: &Server, domain: &str) -> Output {
    server.command(&["federation", "test", "--from", OURS, domain], &[])
}

fn status(server: &Server) -> String {
    server.command(&["federation", "status"], &[]).expect_success().stdout
}

/// The test failed, and said why.
#[track_caller]
fn fails(output: &Output, step: &str, cause: &str) {
    assert_eq!(output.status.code(), Some(1), "{output}");
    let line = output.stdout.lines().find(|line| line.contains("WRONG")).unwrap_or_default();
    assert!(line.trim_start().starts_with(step) && line.contains(cause), "{output}");
    assert!(output.stderr.contains(cause), "{output}");
}

#[tokio::test]
async fn each_step_is_explained_where_all_is_well() {
    for (policy, proof) in
        [("certificate", "it takes our certificate"), ("dialback", "it has asked our server back")]
    {
        let pair = Pair::start(
            |authority| match policy {
                "certificate" => (authority.sign(&[OURS]), authority.sign(&[THEIRS])),
                _ => (authority.self_signed(&[OURS]), authority.self_signed(&[THEIRS])),
            },
            policy,
        );
        let output = test(&pair.ours, THEIRS).expect_success();
        let steps = [
            ("policy", ""),
            ("DNS", "the configuration has a route to 127.0.0.1 port"),
            ("addresses", "127.0.0.1"),
            ("TCP", "connected with 127.0.0.1:"),
            ("stream", "begins TLS"),
            ("TLS", "TLS 1.3"),
            ("certificate", if policy == "certificate" { "good: for other.test" } else { "not good" }),
            ("features", "streams for both directions"),
            ("authentication", proof),
        ];
        let lines: Vec<&str> = output.stdout.lines().collect();
        assert_eq!(lines.len(), steps.len() + 2, "{output}");
        assert_eq!(lines[0], "from stone.test to other.test");
        for ((step, words), line) in steps.iter().zip(&lines[1..]) {
            assert!(line.trim_start().starts_with(step) && line.contains(words), "{step}: {output}");
        }
        assert_eq!(lines[steps.len() + 1], "stanzas can be sent to other.test");
        // It was for the operator alone, and leaves nothing.
        assert!(status(&pair.ours).contains("no other server was spoken with"));
    }
}

#[tokio::test]
async fn the_step_that_fails_is_told_with_its_cause() {
    let authority = Authority::new();
    let closed = free_port();
    let ours = settings(OURS, &authority, &authority.sign(&[OURS]), "certificate");
    let ours = start(&routed(ours, THEIRS, closed, "s2s"), OURS);
    fails(&test(&ours, THEIRS), "TCP", "refused");
    fails(&test(&ours, OURS), "policy", "served here");
    fails(&test(&ours, "127.0.0.1"), "addresses", "not public");
    let account = test(&ours, "juliet@other.test");
    assert!(account.status.code() == Some(64) && account.stderr.contains("other.test"), "{account}");
    let from = ours.command(&["federation", "test", THEIRS, "--from", "nowhere.test"], &[]);
    assert!(from.stderr.contains("`nowhere.test` is not a host of this server"), "{from}");

    let bad = |authority: &Authority| (authority.sign(&[OURS]), authority.sign_expired(&[THEIRS]));
    let pair = Pair::start(bad, "certificate");
    fails(&test(&pair.ours, THEIRS), "certificate", "the certificate has expired");
    // The other side of it: ours is good, and what is wrong is that theirs is not believed to be who it says.
    let pair =
        Pair::start(|authority| (authority.self_signed(&[OURS]), authority.sign(&[THEIRS])), "certificate");
    fails(&test(&pair.ours, THEIRS), "authentication", "a certificate is required");
}

#[tokio::test]
async fn who_accepts_and_says_nothing_or_something_else_is_told_apart() {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ours = settings(OURS, &authority, &authority.sign(&[OURS]), "certificate");
    let ours = ours.set("federation.connect", 1);
    let ours = start(&routed(ours, THEIRS, port, "s2s"), OURS);
    fails(&test(&ours, THEIRS), "stream", "does not answer in time");
    let mailing = std::thread::spawn(move || {
        // The first is the one that was not answered.
        for stream in listener.incoming().take(2).skip(1) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]).unwrap();
            stream.write_all(b"220 mail.test ESMTP\r\n").unwrap();
        }
    });
    fails(&test(&ours, THEIRS), "stream", "cannot be read");
    mailing.join().unwrap();
}

#[tokio::test]
async fn the_status_of_a_pair_says_what_it_goes_through() {
    let pair =
        Pair::start(|authority| (authority.sign(&[OURS]), authority.sign_expired(&[THEIRS])), "certificate");
    let text = status(&pair.ours);
    assert!(text.contains("no other server was spoken with"), "{text}");
    pair.refused().await;
    let text = status(&pair.ours);
    for part in [
        "stone.test to other.test",
        "not reached",
        "tried again",
        "empty",
        "ago: the certificate has expired",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let pair = Pair::start(|authority| (authority.sign(&[OURS]), authority.sign(&[THEIRS])), "certificate");
    pair.they_speak().await;
    let text = status(&pair.ours);
    assert!(text.contains("there is a stream, opened from here") && text.contains("empty"), "{text}");
    let text = status(&pair.theirs);
    assert!(text.contains("there is a stream, opened by the other server"), "{text}");
}

#[tokio::test]
async fn the_status_names_the_streams_of_others_and_what_they_have_proved() {
    for (policy, proof) in [("certificate", "its certificate"), ("dialback", "dialback")] {
        let pair = Pair::start(
            |authority| match policy {
                "certificate" => (authority.sign(&[OURS]), authority.sign(&[THEIRS])),
                _ => (authority.self_signed(&[OURS]), authority.self_signed(&[THEIRS])),
            },
            policy,
        );
        let (one, mut two) = pair.users().await;
        for words in ["first", "second"] {
            one.client.send(client::message(two.jid.as_str(), words)).await.unwrap();
            assert_eq!(two.message().await, words);
        }
        let text = status(&pair.theirs);
        let expected = [
            "nothing was to be sent to other servers",
            "one stream of another server",
            "stone.test to other.test",
            "  from     127.0.0.1, for ",
            &format!("  proof    {proof}, TLS 1.3"),
            "  taken    2 stanzas, acknowledged, and can be resumed",
        ];
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{text}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.starts_with(expected), "{expected}: {text}");
        }
        // It goes with its connection.
        drop(pair.ours.stop());
        let gone = async {
            while status(&pair.theirs).contains("stone.test to other.test") {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, gone).await.unwrap_or_else(|_| panic!("{}", status(&pair.theirs)));
    }
}

/// Who is named is not spoken with from the reload on, in either direction, also on streams that are there; and again when it is not.
#[tokio::test]
async fn a_domain_can_be_shut_out_and_let_in_again_without_a_restart() {
    let authority = Authority::new();
    let (own, other) = (authority.sign(&[OURS]), authority.sign(&[THEIRS]));
    let (ours_at, theirs_at) = (free_port(), free_port());
    let base = routed(settings(OURS, &authority, &own, "certificate"), THEIRS, theirs_at, "s2s");
    let ours = start(&base, OURS);
    let _there = stonechat_tests::Cutter::start_at(ours_at, ours.ready().address("s2s"));
    let theirs = routed(settings(THEIRS, &authority, &other, "certificate"), OURS, ours_at, "s2s");
    let theirs = start(&theirs, THEIRS);
    let _here = stonechat_tests::Cutter::start_at(theirs_at, theirs.ready().address("s2s"));
    let mut one = log_in(&format!("user1@{OURS}"), ours.c2s()).await;
    let mut two = log_in(&format!("user1@{THEIRS}"), theirs.c2s()).await;
    crate::support::chat(&mut one, &mut two).await;

    for shut in [
        // A list of who is shut out, and one of who alone is let in.
        base.clone().set("federation.peers", policies(&[("*.test", "refuse")], theirs_at)),
        base.clone().set("federation.peers", policies(&[(THEIRS, "refuse")], theirs_at)),
        base.clone()
            .set("federation.policy", "refuse")
            .set("federation.peers", policies(&[("good.test", "certificate")], theirs_at)),
    ] {
        shut.rewrite(ours.folder());
        let _ = ours.command(&["reload"], &[]).expect_success();
        let error = refused(&mut one, two.jid.as_str()).await;
        assert_eq!(error.condition, Condition::NotAllowed, "{error}");
        comes_back(&mut two, one.jid.as_str(), "policy-violation").await;
        fails(&test(&ours, THEIRS), "policy", "not spoken with");

        base.rewrite(ours.folder());
        let _ = ours.command(&["reload"], &[]).expect_success();
        arrives(&mut one, &mut two).await;
        arrives(&mut two, &mut one).await;
    }
}

/// Policies of domains, with the route to the other server.
fn policies(policies: &[(&str, &str)], port: u16) -> toml::Value {
    let mut text = String::new();
    for (domain, policy) in policies {
        text += &format!("['{domain}']\npolicy = '{policy}'\n");
    }
    if policies.iter().all(|(domain, _)| *domain != THEIRS) {
        text += &format!("['{THEIRS}']\n");
    }
    text += &format!("route = {{ host = '127.0.0.1', port = {port} }}\n");
    toml::from_str(&text).unwrap()
}

/// A message comes back for this cause, if not the first: the stream that was there ends with the first that comes on it.
async fn comes_back(from: &mut client::Online, to: &str, cause: &str) {
    let mut last = None;
    let coming_back = async {
        loop {
            let heard = timeout(MOMENT, refused(from, to)).await.ok();
            if heard.as_ref().is_some_and(|error| error.text().unwrap_or_default().contains(cause)) {
                return;
            }
            last = heard.or(last.take());
        }
    };
    let came_back = timeout(PATIENCE, coming_back).await;
    assert!(came_back.is_ok(), "no message to {to} comes back for {cause}; the last error was {last:?}");
}

/// A message arrives, if not the first: a server that was shut out is tried again only after a while.
async fn arrives(from: &mut client::Online, to: &mut client::Online) {
    let name = to.jid.to_string();
    let arriving = async {
        loop {
            from.client.send(client::message(&name, "again")).await.unwrap();
            if timeout(MOMENT, to.message()).await.is_ok_and(|heard| heard == "again") {
                return;
            }
        }
    };
    assert!(timeout(PATIENCE, arriving).await.is_ok(), "nothing arrives at {name}");
}
