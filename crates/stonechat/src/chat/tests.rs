//! The chat without a terminal and without a connection: events go in, effects and a screen come out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use stonechat_client::{Progress, SendError};
use stonechat_stanza::{Payload as _, Stanza};
use stonechat_xep_mam::Archived;
use stonechat_xep_roster::{Item, Subscription};

use super::conversation::State;
use super::look::{Colors, Look};
use super::model::{Effect, Event, Model, Show};
use super::view;

/// A chat at a time that the test says.
struct Chat {
    model: Model,
    now: Timestamp,
}

impl Chat {
    fn new() -> Self {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        Self { model: Model::new("juliet@example.com".parse().unwrap(), "id".to_owned(), now), now }
    }

    /// One that is online, with Romeo as a contact in both directions.
    fn online() -> Self {
        let mut chat = Self::new();
        chat.does(Event::Online { jid: "juliet@example.com/balcony".parse().unwrap(), resumed: false });
        let romeo = Item {
            name: "Romeo".to_owned(),
            subscription: Subscription::Both,
            ..Item::new("romeo@example.net".parse().unwrap())
        };
        chat.does(Event::Roster(vec![romeo, Item::new("nurse@example.com".parse().unwrap())]));
        chat
    }

    fn does(&mut self, event: Event) -> Vec<String> {
        let effects = self.model.update(event, self.now);
        effects.iter().map(describe).collect()
    }

    fn later(&mut self, seconds: i64) -> Vec<String> {
        self.now += jiff::SignedDuration::from_secs(seconds);
        self.does(Event::Tick)
    }

    fn stanza(&mut self, xml: &str) -> Vec<String> {
        self.does(Event::Stanza(Stanza::parse(xml.as_bytes()).unwrap()))
    }

    fn key(&mut self, code: KeyCode) -> Vec<String> {
        self.does(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn types(&mut self, text: &str) -> Vec<String> {
        text.chars().flat_map(|char| self.key(KeyCode::Char(char))).collect()
    }

    fn enters(&mut self, text: &str) -> Vec<String> {
        self.types(text);
        self.key(KeyCode::Enter)
    }

    fn screen(&self, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let look = Look { colors: Colors::None, zone: TimeZone::UTC };
        terminal
            .draw(|frame| {
                view::draw(&self.model, &look, frame);
            })
            .unwrap();
        let text = terminal.backend().to_string();
        let rows = text.lines().map(|row| row.trim_matches('"').trim_end().to_owned());
        rows.collect::<Vec<_>>().join("\n")
    }
}

fn describe(effect: &Effect) -> String {
    match effect {
        Effect::Send { stanza, .. } => stanza.to_string(),
        Effect::FetchRoster => "roster".to_owned(),
        Effect::SetItem(item) => format!("set {} removed={}", item.jid, item.removed),
        Effect::FetchHistory { with, before } => format!("history {with} {before:?}"),
        Effect::Quit => "quit".to_owned(),
    }
}

fn archived(id: &str, from: &str, at: &str, body: &str) -> Archived {
    let text = format!(
        "<result xmlns='urn:xmpp:mam:2' id='{id}'><forwarded xmlns='urn:xmpp:forward:0'>\
         <delay xmlns='urn:xmpp:delay' stamp='{at}'/><message xmlns='jabber:client' id='m{id}' from='{from}' type='chat'>\
         <body>{body}</body></message></forwarded></result>"
    );
    Archived::parse(&text.parse().unwrap()).unwrap()
}

const HELLO: &str = "<message from='romeo@example.net/orchard' id='r1' type='chat'><body>hello</body>\
     <request xmlns='urn:xmpp:receipts'/><active xmlns='http://jabber.org/protocol/chatstates'/></message>";

#[test]
fn a_session_begins_with_the_contacts_presence_and_what_was_missed() {
    let mut chat = Chat::new();
    chat.enters("/open romeo@example.net");
    let begun =
        chat.does(Event::Online { jid: "juliet@example.com/balcony".parse().unwrap(), resumed: false });
    assert_eq!((begun[0].as_str(), begun[2].as_str()), ("roster", "history romeo@example.net None"));
    assert!(begun[1].starts_with("<presence"), "{begun:?}");
    let resumed =
        chat.does(Event::Online { jid: "juliet@example.com/balcony".parse().unwrap(), resumed: true });
    assert!(resumed.is_empty(), "{resumed:?}");
}

#[test]
fn a_conversation_on_the_screen() {
    let mut chat = Chat::online();
    chat.stanza("<presence from='romeo@example.net/orchard'><show>away</show></presence>");
    chat.enters("/open romeo@example.net");
    chat.stanza(HELLO);
    let sent = chat.enters("good night, good night! parting is such sweet sorrow");
    assert!(sent[0].contains("to='romeo@example.net'") && sent[0].contains("urn:xmpp:receipts"), "{sent:?}");
    chat.does(Event::Progress { id: "id-1".to_owned(), progress: Progress::Acknowledged });
    chat.types("a");
    let expected = "
 juliet@example.com/balcony · online
◐ Romeo                     … the archive is being read
○ nurse@example.com         — 2026-11-29 —
                            12:00 Romeo: hello
                            12:00 me: good night, good night! parting
                              is such sweet sorrow ✓

> a";
    assert_eq!(chat.screen(70, 8), expected.trim_start_matches('\n'));
}

#[test]
fn a_small_screen_shows_the_conversation_and_no_screen_is_too_small() {
    let mut chat = Chat::online();
    chat.enters("/open romeo@example.net");
    chat.stanza(HELLO);
    let screen = chat.screen(40, 6);
    assert!(screen.contains("12:00 Romeo: hello") && !screen.contains("nurse"), "{screen}");
    for (width, height) in [(1, 1), (2, 3), (10, 4), (300, 2)] {
        chat.screen(width, height);
    }
}

#[test]
fn a_message_is_marked_as_far_as_it_has_got() {
    let mut chat = Chat::online();
    chat.enters("/open romeo@example.net");
    let mark = |chat: &Chat| chat.model.shown().unwrap().lines[0].state.clone();
    chat.enters("hi");
    assert_eq!(mark(&chat), State::Queued);
    chat.does(Event::Progress { id: "id-1".to_owned(), progress: Progress::Sent });
    assert_eq!(mark(&chat), State::Sent);
    chat.stanza(
        "<message from='romeo@example.net/o'><received xmlns='urn:xmpp:receipts' id='id-1'/></message>",
    );
    assert_eq!(mark(&chat), State::Delivered);
    // The acknowledgement is late.
    chat.does(Event::Progress { id: "id-1".to_owned(), progress: Progress::Acknowledged });
    assert_eq!(mark(&chat), State::Delivered);
    assert!(chat.screen(70, 8).contains("me: hi ✓✓"));
}

#[test]
fn only_whom_it_was_for_says_that_a_message_has_come() {
    let mut chat = Chat::online();
    chat.enters("/open romeo@example.net");
    chat.enters("hi");
    chat.stanza(
        "<message from='nurse@example.com/o'><received xmlns='urn:xmpp:receipts' id='id-1'/></message>",
    );
    assert_eq!(chat.model.shown().unwrap().lines[0].state, State::Queued);
}

#[test]
fn what_fails_says_why() {
    let mut chat = Chat::online();
    chat.enters("/open romeo@example.net");
    chat.enters("one");
    chat.enters("two");
    chat.does(Event::Progress { id: "id-1".to_owned(), progress: Progress::Failed(SendError::Unknown) });
    chat.stanza(
        "<message from='romeo@example.net' id='id-2' type='error'><error type='cancel'>\
         <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    );
    let screen = chat.screen(120, 10);
    assert!(
        screen.contains("one ✗ the session ended") && screen.contains("two ✗ service-unavailable"),
        "{screen}"
    );
}

#[test]
fn unread_messages_are_counted_until_the_conversation_is_shown() {
    let mut chat = Chat::online();
    chat.stanza(HELLO);
    chat.stanza(&HELLO.replace("r1", "r2"));
    assert!(chat.screen(70, 8).contains("Romeo (2)"), "{}", chat.screen(70, 8));
    chat.does(Event::Key(KeyEvent::new(KeyCode::Char('n'), KeyModifiers::CONTROL)));
    assert!(!chat.screen(70, 8).contains("(2)"));
}

#[test]
fn receipts_go_to_those_who_may_see_our_presence_only() {
    let mut chat = Chat::online();
    let receipts = chat.stanza(HELLO);
    assert_eq!(receipts.len(), 1);
    assert!(
        receipts[0].contains("to='romeo@example.net/orchard'") && receipts[0].contains("id='r1'"),
        "{receipts:?}"
    );
    assert!(chat.stanza(&HELLO.replace("romeo@example.net", "stranger@example.org")).is_empty());
}

#[test]
fn typing_is_told_to_who_tells_it_too() {
    let mut chat = Chat::online();
    chat.enters("/open romeo@example.net");
    assert!(chat.types("hel").is_empty(), "nobody knows whether that is understood");
    chat.stanza(HELLO);
    chat.key(KeyCode::Esc);
    let told = chat.types("lo");
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("<composing"), "{told:?}");
    assert!(chat.later(4).is_empty());
    assert!(chat.later(2)[0].contains("<paused"));
    assert!(chat.types("!")[0].contains("<composing"));
    let sent = chat.key(KeyCode::Enter);
    assert!(sent.len() == 1 && sent[0].contains("<active"), "{sent:?}");
    assert!(chat.types("/hel").is_empty(), "commands are nobody's business");
}

#[test]
fn it_is_seen_that_the_other_side_is_typing() {
    let mut chat = Chat::online();
    chat.enters("/open romeo@example.net");
    chat.stanza("<message from='romeo@example.net/o' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>");
    assert!(chat.screen(70, 8).contains("Romeo is typing…"));
    chat.stanza(HELLO);
    assert!(!chat.screen(70, 8).contains("typing"));
}

#[test]
fn the_connection_and_what_waits_for_it_are_shown() {
    let mut chat = Chat::online();
    chat.enters("/open romeo@example.net");
    let retry = Some(std::time::Duration::from_secs(60));
    chat.does(Event::Offline { why: "the server ended\nthe stream".to_owned(), retry });
    chat.enters("are you there?");
    let screen = chat.screen(120, 8);
    assert!(
        screen.contains("offline · 1 message waits · tried again at 12:01: the server ended the stream"),
        "{screen}"
    );
    assert!(screen.contains("me: are you there? … waits"), "{screen}");
    chat.does(Event::Online { jid: "juliet@example.com/balcony".parse().unwrap(), resumed: true });
    chat.does(Event::Progress { id: "id-1".to_owned(), progress: Progress::Acknowledged });
    let screen = chat.screen(120, 8);
    assert!(
        screen.contains("· online") && screen.contains("are you there? ✓") && !screen.contains("waits"),
        "{screen}"
    );
}

#[test]
fn the_archive_is_read_backwards_and_each_message_is_shown_once() {
    let mut chat = Chat::online();
    assert_eq!(chat.enters("/open romeo@example.net"), ["history romeo@example.net None"]);
    let page = vec![
        archived("3", "romeo@example.net/o", "2026-11-28T10:00:00Z", "three"),
        archived("4", "juliet@example.com/b", "2026-11-28T10:01:00Z", "four"),
    ];
    let with = || "romeo@example.net".parse().unwrap();
    chat.does(Event::History { with: with(), page: page.clone(), complete: false });
    assert_eq!(chat.key(KeyCode::PageUp), ["history romeo@example.net Some(\"3\")"]);
    assert!(chat.key(KeyCode::PageUp).is_empty(), "it is being read already");
    let first = archived("1", "romeo@example.net/o", "2026-11-27T10:00:00Z", "one");
    chat.does(Event::History { with: with(), page: vec![first], complete: true });
    chat.does(Event::History { with: with(), page, complete: true });
    let bodies: Vec<_> = chat.model.shown().unwrap().lines.iter().map(|line| line.body.as_str()).collect();
    assert_eq!(bodies, ["one", "three", "four"]);
    assert!(chat.key(KeyCode::PageUp).is_empty());
    assert!(chat.screen(70, 9).contains("10:00 Romeo: one"), "{}", chat.screen(70, 9));
}

#[test]
fn an_archive_that_cannot_be_read_can_be_asked_again() {
    let mut chat = Chat::online();
    chat.enters("/open romeo@example.net");
    let with = Some("romeo@example.net".parse().unwrap());
    chat.does(Event::Failed { what: "the archive cannot be read: no answer in time".to_owned(), with });
    assert!(chat.screen(70, 8).contains("the archive cannot be read"));
    chat.enters("/close");
    assert_eq!(chat.enters("/open romeo@example.net"), ["history romeo@example.net None"]);
}

#[test]
fn tab_completes_commands_and_addresses() {
    let mut chat = Chat::online();
    chat.types("/op");
    chat.key(KeyCode::Tab);
    chat.types("r");
    chat.key(KeyCode::Tab);
    assert_eq!(chat.model.input.text(), "/open romeo@example.net ");
    chat.key(KeyCode::Enter);
    assert_eq!(chat.model.shown().unwrap().with.as_str(), "romeo@example.net");
}

#[test]
fn contacts_are_added_removed_and_let_in() {
    let mut chat = Chat::online();
    let added = chat.enters("/add tybalt@example.com Tybalt");
    assert_eq!(added[0], "set tybalt@example.com removed=false");
    assert!(added[1].contains("type='subscribe'"), "{added:?}");
    assert_eq!(chat.enters("/remove nurse@example.com"), ["set nurse@example.com removed=true"]);
    chat.does(Event::Pushed(Item { removed: true, ..Item::new("nurse@example.com".parse().unwrap()) }));
    assert!(!chat.screen(70, 8).contains("nurse"));
    chat.stanza("<presence from='paris@example.org' type='subscribe'/>");
    assert!(chat.screen(100, 8).contains("/accept paris@example.org"));
    assert!(chat.enters("/accept paris@example.org")[0].contains("type='subscribed'"));
}

#[test]
fn what_is_no_command_or_no_address_is_said() {
    let mut chat = Chat::online();
    for (typed, told) in [("/nonsense", "no command"), ("/open @@", "/open JID"), ("hello", "to whom?")] {
        assert!(chat.enters(typed).is_empty());
        assert!(chat.screen(100, 8).contains(told), "{}", chat.screen(100, 8));
    }
    chat.enters("/open romeo@example.net");
    assert!(chat.enters("//etc")[0].contains("<body>/etc</body>"));
}

#[test]
fn what_others_write_does_not_control_the_screen() {
    let mut chat = Chat::online();
    chat.enters("/open romeo@example.net");
    chat.stanza("<message from='romeo@example.net/o' type='chat'><body>\u{9b}2J\u{202e}gnp</body></message>");
    let screen = chat.screen(70, 8);
    assert!(screen.contains("\u{fffd}2J\u{fffd}gnp"), "{screen}");
}

#[test]
fn presence_is_that_of_the_session_that_is_most_present() {
    let mut chat = Chat::online();
    let romeo: stonechat_jid::BareJid = "romeo@example.net".parse().unwrap();
    let show = |chat: &Chat| chat.model.contacts.get(&romeo).unwrap().show();
    chat.stanza("<presence from='romeo@example.net/a'><show>dnd</show></presence>");
    assert_eq!(show(&chat), Show::Busy);
    chat.stanza("<presence from='romeo@example.net/b'/>");
    assert_eq!(show(&chat), Show::Here);
    chat.stanza("<presence from='romeo@example.net/b' type='unavailable'/>");
    chat.stanza("<presence from='romeo@example.net/a' type='unavailable'/>");
    assert_eq!(show(&chat), Show::Absent);
    for number in 0..200 {
        chat.stanza(&format!("<presence from='romeo@example.net/{number}'/>"));
    }
    assert!(chat.model.contacts.get(&romeo).unwrap().resources.len() <= 50);
}

#[test]
fn a_conversation_is_scrolled_as_far_as_it_goes() {
    let mut chat = Chat::online();
    chat.enters("/open romeo@example.net");
    for number in 0..30 {
        chat.stanza(
            &HELLO.replace("r1", &format!("r{number}")).replace("hello", &format!("number {number}.")),
        );
    }
    let shown = chat.screen(70, 13);
    assert!(shown.contains("number 29.") && !shown.contains("number 19."), "{shown}");
    for _ in 0..9 {
        chat.key(KeyCode::PageUp);
    }
    let shown = chat.screen(70, 13);
    assert!(shown.contains("number 0.") && !shown.contains("number 29."), "{shown}");
    let mut terminal = Terminal::new(TestBackend::new(70, 13)).unwrap();
    let look = Look { colors: Colors::None, zone: TimeZone::UTC };
    let mut scroll = 0;
    terminal.draw(|frame| scroll = view::draw(&chat.model, &look, frame)).unwrap();
    chat.model.scrolled(scroll);
    // What comes meanwhile is unread until the end is shown again.
    chat.stanza(&HELLO.replace("r1", "new"));
    assert_eq!(chat.model.shown().unwrap().unread, 1);
    for _ in 0..3 {
        chat.key(KeyCode::PageDown);
    }
    assert_eq!(chat.model.shown().unwrap().unread, 0);
}

#[test]
fn leaving() {
    let mut chat = Chat::online();
    assert_eq!(chat.enters("/quit"), ["quit"]);
    assert_eq!(chat.does(Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL))), ["quit"]);
}
