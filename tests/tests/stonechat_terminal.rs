//! The full-screen client and its terminal: its size, and how it is left.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod client;
mod terminal;

use std::process::Command;

use client::{Online, log_in};
use stonechat_stanza::Stanza;
use stonechat_tests::{Screen, Server, Settings, stonechat};
use terminal::{Layout, Place, with_environment};

/// `stonechat chat` as user1.
fn chat(server: &Server) -> Screen {
    let place = Place::of(server);
    place.screen(place.of_user("user1", &["chat"]))
}

/// Another client says something.
async fn says(other: &Online, children: &str) {
    let xml = format!("<message to='user1@localhost' type='chat'>{children}</message>");
    other.client.send(Stanza::parse(xml.as_bytes()).unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_follows_the_size_of_the_terminal() {
    let server = Settings::new().start_with_users(2);
    let mut screen = chat(&server);
    screen.shows("· online");
    let other = log_in(&server, "user2").await;
    let line = format!("{}finis", "word ".repeat(12));
    screen.types("/open user2@localhost");
    screen.types(&line);
    let whole = format!("me: {line} ✓");
    screen.shows(&whole);
    screen.text("half a thought");
    says(&other, "<composing xmlns='http://jabber.org/protocol/chatstates'/>").await;
    let status = "user2@localhost is typing…".to_owned();
    screen.shows(&status);
    let expected = Layout { said: whole.clone(), status, input: "> half a thought".to_owned() };
    for (width, height) in [(60, 20), (30, 10), (60, 20)] {
        screen.resize(width, height);
        let shown = screen.comes_to("all that there was, in other rows", |screen| {
            Layout::narrow(screen, width, height).as_ref() == Some(&expected)
        });
        assert!(!shown.contains(&whole), "{shown}");
    }
    screen.resize(120, 40);
    let shown = screen.comes_to("the line in one row", |screen| screen.contains(&whole));
    let rows: Vec<&str> = shown.lines().map(str::trim_end).collect();
    assert!(rows.len() == 40 && rows[0].starts_with(" user1@localhost/"), "{shown}");
    assert_eq!(rows[38..], [&expected.status, &expected.input], "{shown}");
    screen.key("C-c");
    screen.ends();
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let server = Settings::new().start_with_users(1);
    // `timeout` sends SIGTERM when the time is over.
    let script = "timeout --foreground 4 \"$0\" chat; echo \"ended with $?\"; stty -a; read line";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(stonechat());
    let place = Place::of(&server);
    let mut screen = place.screen(with_environment(shell, &place.of_user("user1", &[])));
    screen.shows("· online");
    screen.shows("ended with 124");
    let shown = screen.shows("icanon");
    assert!(!shown.contains("-icanon") && !shown.contains("-echo ") && !shown.contains("online"), "{shown}");
    screen.key("Enter");
    screen.ends();
}
