//! What is said in rooms about what was said: who may say it, and to whom it goes.

use stonechat_xep_muc::Role;
use stonechat_xep_muc::client::{Exit, News, Occupant, Said, Why};

use super::super::event::Past;
use super::rooms::{COVEN, coven, occupant};
use super::*;

/// What somebody says, with the id that the room gives it and who they are.
fn said(nick: &str, occupant: Option<&str>, id: &str, children: &str) -> Said {
    let from = if nick.is_empty() { COVEN.to_owned() } else { format!("{COVEN}/{nick}") };
    let xml = format!("<message from='{from}' type='groupchat' id='own-{id}'>{children}</message>");
    let message = Stanza::parse(xml.as_bytes()).unwrap();
    let (nick, own) = (Some(nick.to_owned()).filter(|nick| !nick.is_empty()), nick == "juliet");
    let (occupant, id) = (occupant.map(str::to_owned), Some(id.to_owned()).filter(|id| !id.is_empty()));
    Said { nick, occupant, id, own, reflected: own, delay: None, message }
}

fn body(text: &str) -> String {
    format!("<body>{text}</body>")
}

fn reaction(id: &str, emoji: &str) -> String {
    format!("<reactions xmlns='urn:xmpp:reactions:0' id='{id}'><reaction>{emoji}</reaction></reactions>")
}

fn retraction(id: &str) -> String {
    format!("<body>/me retracted</body><retract xmlns='urn:xmpp:message-retract:1' id='{id}'/>")
}

impl Chat {
    fn says(&mut self, nick: &str, occupant: Option<&str>, id: &str, children: &str) {
        self.news(News::Said(said(nick, occupant, id, children)));
    }

    /// The hag says something to us alone.
    fn whispers(&mut self, id: &str, children: &str) {
        let xml = format!("<message from='{COVEN}/hag' type='chat' id='{id}'>{children}</message>");
        let message = Stanza::parse(xml.as_bytes()).unwrap();
        let nick = "hag".to_owned();
        if message.to_string().contains("<body") {
            self.news(News::Whispered { nick, message });
        } else {
            let (nick, occupant, id, delay) = (Some(nick), None, None, None);
            self.news(News::Unspoken(Said {
                nick,
                occupant,
                id,
                own: false,
                reflected: false,
                delay,
                message,
            }));
        }
    }
}

/// XEP-0461 §3, §4.1.
#[test]
fn an_answer_names_the_message_by_the_room_s_id_and_its_author_by_the_occupant() {
    let mut chat = Chat::in_room();
    chat.says("hag", None, "room-1", &body("hail"));
    let sent = chat.enters("/reply hail to thee");
    for told in [
        "type='groupchat'",
        "to='coven@rooms.example.com'",
        "id='room-1'",
        "to='coven@rooms.example.com/hag'",
        "&gt; hail\nhail to thee",
        "<origin-id",
    ] {
        assert!(sent[0].contains(told), "{told}: {sent:?}");
    }
    assert!(chat.screen(70, 9).contains("↱ hag: hail"), "{}", chat.screen(70, 9));
    // It comes back, and is answered.
    let back = "<body>&gt; hail\nhail to thee</body><origin-id xmlns='urn:xmpp:sid:0' id='id-1'/><reply xmlns='urn:xmpp:reply:0' id='room-1'/>\
                <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='7'/></fallback>";
    chat.says("juliet", None, "room-2", back);
    let answer = "<body>indeed</body><reply xmlns='urn:xmpp:reply:0' id='room-2'/>";
    chat.says("hag", None, "room-3", answer);
    assert_eq!(chat.lines(), ["hail", "hail to thee", "indeed"]);
    let screen = chat.screen(70, 10);
    assert!(screen.contains("me: hail to thee ✓✓") && screen.contains("↱ me: hail to thee"), "{screen}");
    // The sender's own id is nobody's.
    chat.says("hag", None, "room-4", "<body>what?</body><reply xmlns='urn:xmpp:reply:0' id='own-room-1'/>");
    assert!(chat.screen(70, 12).contains("↱ an earlier message"), "{}", chat.screen(70, 12));
    // What corrects an answer is one, too.
    let corrected = &chat.enters("/correct hail!")[0];
    assert!(corrected.contains("id='room-1'") && corrected.contains("/hag'"), "{corrected}");
}

#[test]
fn what_the_room_has_given_no_id_can_be_corrected_and_nothing_else() {
    let mut chat = Chat::in_room();
    chat.says("hag", None, "", &body("hail"));
    chat.enters("hail to thee");
    for command in ["/reply x", "/react x", "/retract"] {
        assert!(chat.enters(command).is_empty());
        assert!(chat.screen(100, 8).contains("no id by which the others know it"), "{command}");
    }
    let sent = chat.enters("/correct hail");
    assert!(sent[0].contains("type='groupchat'") && sent[0].contains("<replace"), "{sent:?}");
}

/// XEP-0444 §4.1, §4.2.
#[test]
fn the_reactions_of_each_occupant_count_and_the_last_of_each() {
    let mut chat = Chat::in_room();
    chat.says("hag", Some("h"), "room-1", &body("hail"));
    let sent = chat.enters("/react 🔥");
    assert!(sent[0].contains("type='groupchat'") && sent[0].contains("id='room-1'"), "{sent:?}");
    let mut count = 0;
    let mut reacts = |nick: &str, occupant: &str, about: &str, emoji: &str| {
        count += 1;
        let children = reaction(about, emoji);
        chat.news(News::Unspoken(said(nick, Some(occupant), &count.to_string(), &children)));
        chat.screen(100, 8).lines().find(|row| row.contains('↳')).unwrap().trim().to_owned()
    };
    assert!(reacts("thane", "t", "room-1", "👋").contains("↳ thane: 👋 · me: 🔥"));
    assert!(reacts("king", "t", "room-1", "🐢").contains("↳ king: 🐢 · me: 🔥"), "the same one");
    assert!(reacts("thane", "x", "room-1", "👋").contains("↳ king: 🐢 · thane: 👋 · me: 🔥"), "another one");
    assert!(!reacts("hag", "h", "own-room-1", "❤").contains("hag"), "not by the sender's id");
    assert_eq!(chat.model.shown().unwrap().unread, 0);
}

#[test]
fn reactions_that_are_refused_are_what_they_were_before() {
    let mut chat = Chat::in_room();
    chat.says("hag", None, "room-1", &body("hail"));
    chat.enters("/react 🔥");
    chat.enters("/react 👋");
    chat.stanza(&format!(
        "<message from='{COVEN}' id='id-2' type='error'><error type='modify'>\
         <not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    ));
    assert!(chat.screen(100, 8).contains("↳ me: 🔥"), "{}", chat.screen(100, 8));
}

/// XEP-0424 §5.
#[test]
fn a_message_is_taken_back_by_its_author_or_the_room_and_by_nobody_else() {
    let mut chat = Chat::in_room();
    chat.says("hag", Some("h"), "room-1", &body("one"));
    chat.says("hag", Some("h"), "room-2", &body("two"));
    chat.says("thane", None, "room-3", &body("three"));
    // Somebody else with the nickname, and somebody of whom nothing but the nickname is known.
    chat.says("hag", Some("x"), "", &retraction("room-1"));
    chat.says("thane", None, "", &retraction("room-3"));
    assert_eq!(chat.lines(), ["one", "two", "three"]);
    chat.says("old", Some("h"), "", &retraction("room-1"));
    chat.news(News::Unspoken(said(
        "",
        None,
        "",
        "<retract xmlns='urn:xmpp:message-retract:1' id='room-2'/>",
    )));
    assert_eq!(chat.lines(), ["", "", "three"]);
    chat.enters("secret");
    chat.says(
        "juliet",
        Some("j"),
        "room-4",
        &body("secret").replace("<body>", "<origin-id xmlns='urn:xmpp:sid:0' id='id-1'/><body>"),
    );
    let sent = chat.enters("/retract");
    assert!(
        sent[0].contains("type='groupchat'")
            && sent[0].contains("<retract")
            && sent[0].contains("id='room-4'"),
        "{sent:?}"
    );
    assert_eq!(chat.lines(), ["", "", "three", ""]);
}

#[test]
fn who_has_the_same_address_takes_back_where_the_room_shows_addresses() {
    let mut chat = Chat::in_room();
    let known =
        |jid: &str| Occupant { jid: Some(jid.parse().unwrap()), ..occupant("thane", Role::Participant) };
    chat.news(News::Arrived(known("macbeth@example.com/a")));
    chat.says("thane", None, "room-1", &body("one"));
    chat.says("thane", None, "room-2", &body("two"));
    chat.says("thane", None, "", &retraction("room-1"));
    chat.news(News::Arrived(known("banquo@example.com/a")));
    chat.says("thane", None, "", &retraction("room-2"));
    assert_eq!(chat.lines(), ["", "two"]);
}

/// XEP-0045 §7.5.
#[test]
fn what_is_said_to_one_alone_goes_to_nobody_else() {
    let mut chat = Chat::in_room();
    chat.news(News::Arrived(occupant("hag of old", Role::Participant)));
    chat.says("hag", None, "room-1", &body("hail"));
    let alone = |sent: &[String], nick: &str| {
        assert!(
            sent[0].contains(&format!("to='{COVEN}/{nick}'")) && sent[0].contains("type='chat'"),
            "{sent:?}"
        );
        assert!(
            sent[0].contains("http://jabber.org/protocol/muc#user") && !sent[0].contains("groupchat"),
            "{sent:?}"
        );
    };
    alone(&chat.enters("/whisper hag psst"), "hag");
    alone(&chat.enters("/whisper hag of old psst, too"), "hag of old");
    assert!(chat.screen(100, 9).contains("me (to hag alone): psst … waits"), "{}", chat.screen(100, 9));
    alone(&chat.enters("/correct psst!"), "hag of old");
    alone(&chat.enters("/retract"), "hag of old");
    // What is about what was said to us alone is said so, too.
    chat.whispers("w1", &body("who is there?"));
    let sent = chat.enters("/reply nobody");
    alone(&sent, "hag");
    assert!(
        sent[0].contains("id='w1'") && chat.screen(100, 14).contains("↱ hag (to you alone): who"),
        "{sent:?}"
    );
    alone(&chat.enters("/react 👻"), "hag");
    chat.whispers("w2", "<received xmlns='urn:xmpp:receipts' id='id-1'/>");
    assert!(chat.screen(100, 14).contains("me (to hag alone): psst ✓✓"), "{}", chat.screen(100, 14));
    assert!(chat.enters("hail")[0].contains("groupchat"), "and what is to all goes to all");
    for (command, told) in
        [("/whisper nobody psst", "nobody of that name"), ("/whisper hag", "what is to be said?")]
    {
        assert!(chat.enters(command).is_empty());
        assert!(chat.screen(100, 9).contains(told), "{}", chat.screen(100, 9));
    }
}

#[test]
fn who_has_gone_hears_nothing_and_who_has_another_nickname_does() {
    let mut chat = Chat::in_room();
    chat.news(News::Arrived(Occupant { id: Some("t".to_owned()), ..occupant("thane", Role::Participant) }));
    chat.enters("/whisper thane psst");
    let (from, to) = ("thane".to_owned(), "king".to_owned());
    chat.news(News::Renamed { from, to, own: false });
    // Somebody else takes the nickname.
    chat.news(News::Arrived(Occupant { id: Some("x".to_owned()), ..occupant("thane", Role::Participant) }));
    assert!(chat.enters("/correct psst!")[0].contains(&format!("to='{COVEN}/king'")));
    let exit = Exit { why: Why::Left, actor: None, reason: None, status: None };
    let king = Occupant { id: Some("t".to_owned()), ..occupant("king", Role::None) };
    chat.news(News::Departed { occupant: king, exit });
    assert!(chat.enters("/correct psst").is_empty());
    assert!(chat.screen(100, 9).contains("thane is not in the room any more"), "{}", chat.screen(100, 9));
}

/// XEP-0313 §6.1.2.
#[test]
fn the_room_s_archive_has_what_was_said_before() {
    let mut chat = Chat::in_room();
    chat.says("hag", Some("h"), "room-5", &body("five"));
    assert!(chat.screen(100, 8).contains("Page Up reads the archive"));
    assert_eq!(chat.key(KeyCode::PageUp), [format!("past of {COVEN} Some(\"room-5\")")]);
    assert!(chat.key(KeyCode::PageUp).is_empty(), "it is being read already");
    let at = |minute: &str| Some(format!("2026-11-29T11:{minute}:00Z").parse().unwrap());
    let said = vec![
        (said("old", Some("h"), "room-3", &body("three")), at("03")),
        (said("hag", Some("h"), "room-4", &retraction("room-3")), at("04")),
        (said("hag", Some("h"), "room-5", &body("five")), at("05")),
    ];
    let past = Past { said, first: Some("room-3".to_owned()), complete: false };
    chat.does(Event::Past { room: coven(), past });
    assert_eq!((chat.lines(), chat.model.shown().unwrap().unread), (vec!["", "five"], 0));
    assert_eq!(chat.key(KeyCode::PageUp), [format!("past of {COVEN} Some(\"room-3\")")]);
    let what = "the archive of the room cannot be read".to_owned();
    chat.does(Event::Failed { what, with: Some(coven()) });
    assert_eq!(chat.key(KeyCode::PageUp), [format!("past of {COVEN} Some(\"room-3\")")], "the oldest one");
    chat.does(Event::Past { room: coven(), past: Past { complete: true, ..Past::default() } });
    assert!(chat.key(KeyCode::PageUp).is_empty(), "there is nothing more");
    let exit = Exit { why: Why::Kicked, actor: None, reason: None, status: None };
    chat.news(News::Exited(exit));
    assert!(chat.key(KeyCode::PageUp).is_empty());
}
