//! The full-screen client and its terminal: its size, who has the focus, and how it is left.

use std::process::Command;

use crate::client::{Online, WITHIN, log_in};
use crate::support::{Layout, Place, with_environment};
use stonechat_client::Event;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Stanza, presence};
use stonechat_tests::{Screen, Server, Settings, stonechat};
use tokio::time::timeout;

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

/// Waits for a stanza.
async fn stanza(other: &mut Online, wanted: impl Fn(&Stanza) -> bool) -> Stanza {
    loop {
        let event = timeout(WITHIN, other.events.next()).await.expect("in time").expect("the client goes on");
        if let Event::Stanza(inbound) = event
            && wanted(&inbound.stanza)
        {
            return inbound.stanza;
        }
    }
}

/// The next marker: of which message it is.
async fn marker(other: &mut Online) -> String {
    let message = stanza(other, |stanza| stanza.has("urn:xmpp:chat-markers:0", "displayed")).await;
    let displayed = message.find("urn:xmpp:chat-markers:0", "displayed").unwrap().element().unwrap();
    displayed.attr("id").unwrap().to_owned()
}

async fn says_markably(other: &Online, id: &str) {
    let xml = format!(
        "<message to='user1@localhost' type='chat' id='{id}'><body>number {id}.</body>\
         <markable xmlns='urn:xmpp:chat-markers:0'/></message>"
    );
    other.client.send(Stanza::parse(xml.as_bytes()).unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_another_window_has_the_focus_is_unread_until_it_has_not() {
    let server = Settings::new().start_with_users(2);
    let mut screen = chat(&server);
    screen.shows("· online");
    let mut other = log_in(&server, "user2").await;
    // Who may see that user1 is there may know what user1 reads.
    let to: Jid = "user1@localhost".parse().unwrap();
    other.client.send(Stanza::presence(presence::Type::Subscribe).with_to(to)).await.unwrap();
    screen.shows("/accept user2@localhost");
    screen.types("/accept user2@localhost");
    let accepted = stonechat_stanza::Kind::Presence(presence::Type::Subscribed);
    stanza(&mut other, |stanza| stanza.kind() == accepted).await;
    screen.types("/open user2@localhost");
    says_markably(&other, "first").await;
    assert_eq!(marker(&mut other).await, "first");

    // As terminals say it. A message may be faster than that; then there are others.
    screen.key("-H 1b 5b 4f");
    let mut unread = None;
    for id in ["one", "two", "three", "four", "five"] {
        says_markably(&other, id).await;
        if screen.shows(&format!("number {id}.")).contains("user2@localhost (1)") {
            unread = Some(id);
            break;
        }
        assert_eq!(marker(&mut other).await, id);
    }
    let unread = unread.expect("a message that is not read");
    screen.key("-H 1b 5b 49");
    // Nothing was told before.
    assert_eq!(marker(&mut other).await, unread);
    screen.comes_to("nothing that is unread", |screen| !screen.contains("user2@localhost (1)"));
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
