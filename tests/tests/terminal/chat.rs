//! The full-screen client in a terminal, in conversation with another client.

use crate::client::{Online, WITHIN, log_in, message};
use crate::support::Place;
use stonechat_client::Event;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Kind, Stanza, ns, presence};
use stonechat_tests::{Screen, Server, Settings, free_port};
use tokio::time::timeout;

/// `stonechat chat` as user1.
fn chat(server: &Server) -> Screen {
    let place = Place::of(server);
    place.screen(place.of_user("user1", &["chat"]))
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
    let (body, said) = heard(&mut other).await;
    assert_eq!(body, "hello from the screen");
    screen.shows("me: hello from the screen ✓");
    receipt(&other, &said).await;
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
        for (user, count) in [("user3", 2), ("user2", 1)] {
            let other = log_in(&server, user).await;
            for number in 0..count {
                writes(&other, &format!("<body>number {number}</body>")).await;
            }
            other.client.close().await;
        }
    });
    screen.shows("user3@localhost (2)");
    screen.shows("user2@localhost (1)");
    screen.key("M-1");
    let shown = screen.shows("number 1");
    assert!(!shown.contains("(2)") && shown.contains("user2@localhost (1)"), "{shown}");
    screen.key("C-c");
    screen.ends();

    // What was read is read when it starts again, and what was not is not.
    let mut screen = chat(&server);
    let shown = screen.shows("user2@localhost (1)");
    assert!(shown.contains("user3@localhost") && !shown.contains("user3@localhost ("), "{shown}");
    screen.key("C-c");
    screen.ends();
}

/// What a test waits for in a message that comes: a child by its namespace.
async fn with_child(online: &mut Online, namespace: &str) -> Stanza {
    stanza(online, |stanza| stanza.children().any(|child| child.ns() == namespace)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_account_s_other_device_receives_and_sends_is_shown() {
    let server = Settings::new().start_with_users(2);
    let mut screen = chat(&server);
    screen.shows("· online");
    let desk = log_in(&server, "user1").await;
    let mut other = log_in(&server, "user2").await;

    desk.client.send(message("user2@localhost", "from the desk")).await.unwrap();
    assert_eq!(heard(&mut other).await.0, "from the desk");
    screen.shows("user2@localhost");
    screen.key("M-1");
    screen.shows("me: from the desk ✓");
    // To that device alone.
    other.client.send(message(desk.jid.as_str(), "to the desk")).await.unwrap();
    screen.shows("user2@localhost: to the desk");

    // The archive has both, too.
    screen.types("/close");
    screen.types("/open user2@localhost");
    let shown = screen.shows("user2@localhost: to the desk");
    assert_eq!(shown.matches("from the desk").count(), 1, "{shown}");
    screen.types("/quit");
    screen.ends();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_corrected_answered_reacted_to_taken_back_and_read() {
    let server = Settings::new().start_with_users(2);
    let mut screen = chat(&server);
    screen.shows("· online");
    let mut other = log_in(&server, "user2").await;
    // Who may see that user1 is there may know what user1 reads.
    presence(&other, presence::Type::Subscribe).await;
    screen.shows("/accept user2@localhost");
    screen.types("/accept user2@localhost");
    stanza(&mut other, |stanza| stanza.kind() == Kind::Presence(presence::Type::Subscribed)).await;
    screen.types("/open user2@localhost");

    let said = |id: &str, children: &str| {
        format!("<message to='user1@localhost' type='chat' id='{id}'>{children}</message>")
    };
    let markable = "<body>helo</body><markable xmlns='urn:xmpp:chat-markers:0'/>";
    let correction = "<body>hello</body><replace xmlns='urn:xmpp:message-correct:0' id='m1'/>";
    for xml in [said("m1", markable), said("m2", correction)] {
        other.client.send(Stanza::parse(xml.as_bytes()).unwrap()).await.unwrap();
    }
    screen.shows("user2@localhost: hello ✎");
    let read = with_child(&mut other, "urn:xmpp:chat-markers:0").await;
    assert!(read.to_string().contains("id='m1'"), "{read}");

    screen.types("/reply good evning");
    let (body, answer) = heard(&mut other).await;
    assert!(body.ends_with("good evning") && answer.has("urn:xmpp:reply:0", "reply"), "{answer}");
    screen.shows("↱ user2@localhost: hello");
    screen.types("/correct good evening");
    let corrected = with_child(&mut other, "urn:xmpp:message-correct:0").await;
    assert!(corrected.to_string().contains("good evening"), "{corrected}");
    screen.shows("me: good evening ✎ ✓");
    screen.types("/react 👋");
    assert!(with_child(&mut other, "urn:xmpp:reactions:0").await.to_string().contains("👋"));
    screen.shows("↳ me: 👋");

    let id = answer.id().unwrap();
    writes(
        &other,
        &format!("<reactions xmlns='urn:xmpp:reactions:0' id='{id}'><reaction>🐢</reaction></reactions>"),
    )
    .await;
    screen.shows("↳ user2@localhost: 🐢");
    writes(&other, &format!("<displayed xmlns='urn:xmpp:chat-markers:0' id='{id}'/>")).await;
    screen.shows("✓✓ read");
    screen.types("/retract");
    let taken = with_child(&mut other, "urn:xmpp:message-retract:1").await;
    assert!(taken.to_string().contains(id), "{taken}");
    screen.shows("me: (taken back)");
    screen.types("/quit");
    screen.ends();
}
