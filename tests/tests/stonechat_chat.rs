//! The full-screen client in a terminal, in conversation with another client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod client;

use std::process::Command;

use client::{Online, WITHIN, log_in};
use stonechat_client::Event;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Kind, Stanza, ns, presence};
use stonechat_tests::{Screen, Server, Settings, free_port, stonechat};
use tokio::time::timeout;

/// `stonechat chat` as user1.
fn chat(server: &Server) -> Screen {
    let mut program = Command::new(stonechat());
    program.arg("chat");
    started(server, program)
}

/// A program in whose environment user1 is.
fn started(server: &Server, mut program: Command) -> Screen {
    let folder = server.folder().join("home");
    std::fs::create_dir_all(&folder).unwrap();
    program
        .env("STONECHAT_JID", "user1@localhost")
        .env("STONECHAT_PASSWORD", "pw-user1")
        .env("STONECHAT_HOST", "127.0.0.1")
        .env("STONECHAT_PORT", server.c2s().port().to_string())
        .env("STONECHAT_CA", server.certificate("localhost"))
        .env("NO_COLOR", "1");
    Screen::start(&program, &folder)
}

/// Waits for a stanza. A session that could not be resumed begins anew meanwhile.
async fn stanza(online: &mut Online, wanted: impl Fn(&Stanza) -> bool) -> Stanza {
    loop {
        let event =
            timeout(WITHIN, online.events.next()).await.expect("in time").expect("the client goes on");
        match event {
            Event::Stanza(inbound) if wanted(&inbound.stanza) => return inbound.stanza,
            Event::Online { resumed: false, .. } => {
                online.client.send(Stanza::presence(presence::Type::Available)).await.unwrap();
            }
            _ => {}
        }
    }
}

/// Waits for the next message that has a body: that, and the message.
async fn heard(online: &mut Online) -> (String, Stanza) {
    let message = stanza(online, |stanza| stanza.has(ns::CLIENT, "body")).await;
    let body = message.find(ns::CLIENT, "body").unwrap().element().unwrap().text();
    (body, message)
}

/// What another client would send by itself: a receipt.
async fn receipt(online: &Online, of: &Stanza) {
    let xml = format!(
        "<message to='{}'><received xmlns='urn:xmpp:receipts' id='{}'/></message>",
        of.from().unwrap(),
        of.id().unwrap()
    );
    online.client.send(Stanza::parse(xml.as_bytes()).unwrap()).await.unwrap();
}

/// Another client writes, and says that it is typing.
async fn writes(online: &Online, xml: &str) {
    let xml = format!("<message to='user1@localhost' type='chat'>{xml}</message>");
    online.client.send(Stanza::parse(xml.as_bytes()).unwrap()).await.unwrap();
}

async fn presence(online: &Online, kind: presence::Type) {
    let to: Jid = "user1@localhost".parse().unwrap();
    online.client.send(Stanza::presence(kind).with_to(to)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_survives_a_restart_of_the_server() {
    // The port has to be the same after the restart.
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let config = format!(
        "data = 'data'\n[[listeners]]\naddress = '{address}'\nkind = 'starttls'\n[authentication]\niterations = 4096\n[hosts.localhost]\n"
    );
    let server = Server::start(|_| config);
    for user in ["user1", "user2"] {
        server.add_user(&format!("{user}@localhost"), &format!("pw-{user}"));
    }
    let mut screen = chat(&server);
    screen.shows("user1@localhost/");
    screen.shows("· online");

    // The other one becomes a contact.
    let mut other = log_in(&server, "user2").await;
    screen.types("/add user2@localhost Other");
    screen.shows("○ Other");
    stanza(&mut other, |stanza| stanza.kind() == Kind::Presence(presence::Type::Subscribe)).await;
    presence(&other, presence::Type::Subscribed).await;
    screen.shows("● Other");

    // Completion, a message, its marks.
    screen.text("/open us");
    screen.key("Tab");
    screen.shows("> /open user2@localhost");
    screen.key("Enter");
    screen.types("hello from the screen");
    let (body, message) = heard(&mut other).await;
    assert_eq!(body, "hello from the screen");
    screen.shows("me: hello from the screen ✓");
    receipt(&other, &message).await;
    screen.shows("me: hello from the screen ✓✓");

    // What the other one does.
    writes(&other, "<composing xmlns='http://jabber.org/protocol/chatstates'/>").await;
    screen.shows("Other is typing…");
    writes(&other, "<body>good night</body>").await;
    let shown = screen.shows("Other: good night");
    assert!(!shown.contains("is typing"), "{shown}");

    // The server is restarted, and something is written meanwhile.
    let (_, folder) = server.stop();
    screen.shows("· offline");
    screen.types("are you still there?");
    screen.shows("are you still there? … waits");
    screen.shows("1 message waits");
    let server = Server::start_in(folder);
    let shown = screen.shows("are you still there? ✓");
    assert!(shown.contains("· online") && !shown.contains("waits"), "{shown}");
    let (body, _) = heard(&mut other).await;
    assert_eq!(body, "are you still there?");

    // The archive has it all, each message once.
    screen.types("/close");
    screen.types("/open user2@localhost");
    let shown = screen.shows("me: hello from the screen");
    for text in ["hello from the screen", "good night", "are you still there?"] {
        assert_eq!(shown.matches(text).count(), 1, "{text}\n{shown}");
    }
    screen.types("/quit");
    screen.ends();
    drop(server);
}

#[test]
fn unread_messages_are_counted() {
    let server = Settings::new().start_with_users(3);
    let mut screen = chat(&server);
    screen.shows("· online");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for (user, count) in [("user2", 1), ("user3", 2)] {
            let other = log_in(&server, user).await;
            for number in 0..count {
                writes(&other, &format!("<body>number {number}</body>")).await;
            }
            other.client.close().await;
        }
    });
    screen.shows("user3@localhost (2)");
    screen.shows("user2@localhost (1)");
    screen.key("M-2");
    let shown = screen.shows("number 1");
    assert!(!shown.contains("(2)") && shown.contains("user2@localhost (1)"), "{shown}");
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
    let mut screen = started(&server, shell);
    screen.shows("· online");
    screen.shows("ended with 124");
    let shown = screen.shows("icanon");
    assert!(!shown.contains("-icanon") && !shown.contains("-echo ") && !shown.contains("online"), "{shown}");
    screen.key("Enter");
    screen.ends();
}
