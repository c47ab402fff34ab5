//! The chat without a terminal and without a connection: events go in, effects and a screen come out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use stonechat_client::{Progress, SendError};
use stonechat_stanza::Stanza;
use stonechat_xep_chatstates::State as ChatState;
use stonechat_xep_mam::client::{Message, Page};
use stonechat_xep_presence::client::Event as Presence;
use stonechat_xep_presence::{Availability, Show as Told};
use stonechat_xep_roster::Item;
use stonechat_xep_roster::client::Event as Change;

use super::contacts::Show;
use super::conversation::State;
use super::kept::Read;
use super::look::{Colors, Look};
use super::model::{Effect, Event, Model};
use super::said::Heard;
use super::view;

/// A chat at a time that the test says.
struct Chat {
    model: Model,
    now: Timestamp,
}

impl Chat {
    fn new() -> Self {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let model = Model::new("juliet@example.com".parse().unwrap(), "id".to_owned(), Read::new(), now);
        Self { model, now }
    }

    /// One that is online, with Romeo and the nurse as contacts.
    fn online() -> Self {
        let mut chat = Self::new();
        chat.does(Event::Online { jid: "juliet@example.com/balcony".parse().unwrap(), resumed: false });
        chat.contact("romeo@example.net", "Romeo");
        chat.contact("nurse@example.com", "");
        chat
    }

    fn contact(&mut self, jid: &str, name: &str) {
        let item = Item { name: name.to_owned(), ..Item::new(jid.parse().unwrap()) };
        self.does(Event::Roster(Change::Changed { item, before: None }));
    }

    /// In conversation with Romeo.
    fn talking() -> Self {
        let mut chat = Self::online();
        chat.enters("/open romeo@example.net");
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
        self.does(Event::Message(Heard::live(Stanza::parse(xml.as_bytes()).unwrap())))
    }

    /// A message that another device has received or sent.
    fn copy(&mut self, xml: &str) -> Vec<String> {
        let stanza = Stanza::parse(xml.as_bytes()).unwrap();
        self.does(Event::Message(Heard::live(stanza)))
    }

    /// What Romeo's client says of itself.
    fn romeo(&mut self, resource: &str, show: Option<Option<Told>>) {
        let from = format!("romeo@example.net/{resource}").parse().unwrap();
        let event = match show {
            Some(show) => {
                let availability = Availability { show, ..Availability::default() };
                Presence::Available { from, availability }
            }
            None => Presence::Unavailable { from, status: None },
        };
        self.does(Event::Presence(event));
    }

    /// What Romeo does.
    fn state(&mut self, state: ChatState) {
        self.does(Event::ChatState { from: "romeo@example.net/o".parse().unwrap(), state });
    }

    fn lines(&self) -> Vec<&str> {
        self.model.shown().unwrap().lines.iter().map(|line| line.body.as_str()).collect()
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
        Effect::ChatState { to, state } => format!("{} to {to}", state.as_str()),
        Effect::Displayed(message) => format!("read {}", message.id().unwrap_or_default()),
        Effect::Add { jid, name } => format!("add {jid} {name}"),
        Effect::Remove(jid) => format!("remove {jid}"),
        Effect::Answer { jid, accept } => format!("answer {jid} {accept}"),
        Effect::FetchHistory { with, before } => format!("history {with} {before:?}"),
        Effect::Quit => "quit".to_owned(),
    }
}

fn archived(id: &str, from: &str, at: &str, children: &str) -> Message {
    let to = if from.starts_with("juliet") { "romeo@example.net" } else { "juliet@example.com" };
    let xml = format!("<message id='m{id}' from='{from}' to='{to}' type='chat'>{children}</message>");
    let message = Stanza::parse(xml.as_bytes()).unwrap();
    Message { id: id.to_owned(), at: Some(at.parse().unwrap()), message }
}

fn page(messages: Vec<Message>, complete: bool) -> Event {
    let page = Page { messages, complete, stable: true, set: <_>::default() };
    Event::History { with: "romeo@example.net".parse().unwrap(), page }
}

const HELLO: &str = "<message from='romeo@example.net/orchard' to='juliet@example.com' id='r1' type='chat'><body>hello</body>\
     <markable xmlns='urn:xmpp:chat-markers:0'/></message>";

#[test]
fn a_session_begins_with_the_history_of_the_conversation_that_is_shown() {
    let mut chat = Chat::new();
    chat.enters("/open romeo@example.net");
    let jid = || "juliet@example.com/balcony".parse().unwrap();
    assert_eq!(chat.does(Event::Online { jid: jid(), resumed: false }), ["history romeo@example.net None"]);
    assert_eq!(chat.does(Event::Online { jid: jid(), resumed: true }), [""; 0]);
}

#[test]
fn a_conversation_on_the_screen() {
    let mut chat = Chat::online();
    chat.romeo("orchard", Some(Some(Told::Away)));
    chat.enters("/open romeo@example.net");
    chat.stanza(HELLO);
    let sent = chat.enters("good night, good night! parting is such sweet sorrow");
    assert!(sent[0].contains("to='romeo@example.net'") && sent[0].contains("<body>good night"), "{sent:?}");
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
fn what_is_shown_is_told_to_be_read_and_nothing_else() {
    let mut chat = Chat::online();
    assert_eq!(chat.stanza(HELLO), [""; 0]);
    assert_eq!(chat.enters("/open romeo@example.net"), ["history romeo@example.net None", "read r1"]);
    assert_eq!(chat.stanza(&HELLO.replace("r1", "r2")), ["read r2"]);
    chat.stanza(&HELLO.replace("r1", "r3").replace("urn:xmpp:chat-markers:0", "urn:example"));
    assert_eq!(chat.key(KeyCode::PageDown), [""; 0], "who does not ask is not told");
}

#[test]
fn typing_is_told_as_it_changes() {
    let mut chat = Chat::talking();
    assert_eq!(chat.types("lo"), ["composing to romeo@example.net"]);
    assert_eq!(chat.later(4), [""; 0]);
    assert_eq!(chat.later(2), ["paused to romeo@example.net"]);
    assert_eq!(chat.types("!"), ["composing to romeo@example.net"]);
    assert_eq!(chat.key(KeyCode::Enter).len(), 1);
    assert!(chat.types("/hel").is_empty(), "commands are nobody's business");
    chat.key(KeyCode::Esc);
    chat.does(Event::Offline { why: String::new(), retry: None });
    assert_eq!(chat.types("x"), [""; 0]);
}

#[test]
fn it_is_seen_that_the_other_side_is_typing() {
    let mut chat = Chat::talking();
    chat.state(ChatState::Composing);
    assert!(chat.screen(70, 8).contains("Romeo is typing…"));
    chat.state(ChatState::Paused);
    assert!(!chat.screen(70, 8).contains("typing"));
    chat.state(ChatState::Composing);
    chat.stanza(HELLO);
    assert!(!chat.screen(70, 8).contains("typing"));
}

#[test]
fn what_other_devices_receive_and_send_is_shown() {
    let mut chat = Chat::online();
    chat.copy(HELLO);
    assert!(chat.screen(70, 8).contains("Romeo (1)"));
    let sent = "<message from='juliet@example.com/desk' to='romeo@example.net' id='d1' type='chat'><body>from the desk</body></message>";
    chat.copy(sent);
    assert!(!chat.screen(70, 8).contains("(1)"), "who answers has read");
    chat.enters("/open romeo@example.net");
    assert!(chat.screen(70, 8).contains("me: from the desk ✓"), "{}", chat.screen(70, 8));
}

#[test]
fn what_another_device_has_read_is_unread_no_more() {
    let mut chat = Chat::online();
    chat.stanza(HELLO);
    chat.stanza(&HELLO.replace("r1", "r2"));
    let read = "<message from='juliet@example.com/desk' to='romeo@example.net/orchard' type='chat'>\
         <displayed xmlns='urn:xmpp:chat-markers:0' id='r1'/></message>";
    chat.copy(read);
    assert!(chat.screen(70, 8).contains("Romeo (1)"), "{}", chat.screen(70, 8));
    chat.copy(&read.replace("'r1'", "'r2'"));
    assert!(!chat.screen(70, 8).contains("(1)"));
}

#[test]
fn what_this_device_has_read_is_not_unread_after_the_next_start() {
    let kept = |id: &str| {
        let message =
            archived(id, "romeo@example.net/o", "2026-11-28T10:00:00Z", &format!("<body>{id}</body>"));
        let at = message.at.map(stonechat_stanza::time::DateTime::timestamp);
        Event::Message(Heard { stanza: message.message, at, archive_id: Some(message.id) })
    };
    let mut chat = Chat::talking();
    chat.does(kept("1"));
    chat.does(kept("2"));
    let up_to = std::mem::take(&mut chat.model.up_to);
    let mut chat = Chat::online();
    chat.model.up_to = up_to;
    chat.does(kept("1"));
    chat.does(kept("2"));
    assert_eq!(chat.model.conversations[0].unread, 0);
    chat.does(kept("3"));
    assert_eq!(chat.model.conversations[0].unread, 1);
}

#[test]
fn a_correction_is_shown_in_the_place_of_the_message() {
    let mut chat = Chat::talking();
    chat.stanza(HELLO);
    chat.stanza(
        "<message from='romeo@example.net/orchard' id='r2' type='chat'><body>good evening</body>\
         <replace xmlns='urn:xmpp:message-correct:0' id='r1'/></message>",
    );
    assert_eq!(chat.lines(), ["good evening"]);
    assert!(chat.screen(70, 8).contains("Romeo: good evening ✎"));
    chat.enters("hallo");
    let sent = chat.enters("/correct hello");
    assert!(sent[0].contains("<body>hello</body>") && sent[0].contains("id='id-1'"), "{sent:?}");
    assert!(chat.screen(70, 8).contains("me: hello ✎ … waits"), "{}", chat.screen(70, 8));
    chat.does(Event::Progress { id: "id-2".to_owned(), progress: Progress::Acknowledged });
    assert!(chat.screen(70, 8).contains("me: hello ✎ ✓"), "{}", chat.screen(70, 8));
}

#[test]
fn a_message_is_taken_back() {
    let mut chat = Chat::talking();
    chat.stanza(HELLO);
    assert!(chat.enters("/retract").is_empty(), "one's own alone");
    chat.enters("secret");
    assert!(chat.enters("/retract")[0].contains("urn:xmpp:message-retract:1"));
    chat.stanza("<message from='romeo@example.net/o' id='x' type='chat'><retract xmlns='urn:xmpp:message-retract:1' id='r1'/></message>");
    let screen = chat.screen(70, 8);
    assert!(screen.matches("(taken back)").count() == 2 && !screen.contains("hello"), "{screen}");
}

#[test]
fn reactions_are_shown_below_the_message() {
    let mut chat = Chat::talking();
    chat.stanza(HELLO);
    chat.enters("hi");
    let sent = chat.enters("/react 👋 🐢");
    assert!(sent[0].contains("<reaction>🐢</reaction>") && sent[0].contains("id='r1'"), "{sent:?}");
    chat.stanza("<message from='romeo@example.net/o' type='chat'><reactions xmlns='urn:xmpp:reactions:0' id='id-1'><reaction>❤</reaction></reactions></message>");
    let screen = chat.screen(70, 9);
    assert!(screen.contains("↳ me: 👋") && screen.contains("↳ Romeo: ❤"), "{screen}");
    chat.key(KeyCode::Up);
    chat.key(KeyCode::Up);
    chat.enters("/react");
    assert!(!chat.screen(70, 9).contains("me: 👋"));
}

#[test]
fn an_answer_is_shown_with_what_it_answers() {
    let mut chat = Chat::talking();
    chat.stanza(HELLO);
    let sent = chat.enters("/reply good evening");
    assert!(sent[0].contains("&gt; hello\ngood evening") && sent[0].contains("urn:xmpp:reply:0"), "{sent:?}");
    let screen = chat.screen(70, 8);
    assert!(screen.contains("↱ Romeo: hello") && screen.contains("me: good evening"), "{screen}");
    chat.stanza(
        "<message from='romeo@example.net/o' id='r2' type='chat'><body>&gt; good evening\nindeed</body>\
         <reply xmlns='urn:xmpp:reply:0' id='id-1'/>\
         <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='15'/></fallback></message>",
    );
    let screen = chat.screen(70, 9);
    assert!(screen.contains("↱ me: good evening") && screen.contains("Romeo: indeed"), "{screen}");
    // What corrects an answer is one, too.
    assert!(chat.enters("/correct good night")[0].contains("urn:xmpp:reply:0"));
}

#[test]
fn a_message_is_marked_when_it_is_read() {
    let mut chat = Chat::talking();
    chat.enters("one");
    chat.enters("two");
    chat.stanza("<message from='romeo@example.net/o' type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='id-1'/></message>");
    let screen = chat.screen(70, 8);
    assert!(screen.contains("me: one ✓✓ read") && screen.contains("me: two … waits"), "{screen}");
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
    let last = vec![
        archived("3", "romeo@example.net/o", "2026-11-28T10:00:00Z", "<body>three</body>"),
        archived("4", "juliet@example.com/b", "2026-11-28T10:01:00Z", "<body>four</body>"),
        archived(
            "5",
            "romeo@example.net/o",
            "2026-11-28T10:02:00Z",
            "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/><body>the first</body>",
        ),
    ];
    chat.does(page(last.clone(), false));
    assert_eq!(chat.model.conversations[0].unread, 0);
    assert_eq!(chat.key(KeyCode::PageUp), ["history romeo@example.net Some(\"3\")"]);
    assert!(chat.key(KeyCode::PageUp).is_empty(), "it is being read already");
    let first = archived("1", "romeo@example.net/o", "2026-11-27T10:00:00Z", "<body>one</body>");
    let earlier = archived("0", "romeo@example.net/o", "2026-11-27T09:00:00Z", "<body>zero</body>");
    chat.does(page(vec![earlier, first], true));
    chat.does(page(last, true));
    assert_eq!(chat.lines(), ["zero", "three", "four", "the first"]);
    assert!(chat.key(KeyCode::PageUp).is_empty());
    assert!(chat.screen(70, 10).contains("09:00 Romeo: zero"), "{}", chat.screen(70, 10));
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
    assert_eq!(chat.enters("/add tybalt@example.com Tybalt"), ["add tybalt@example.com Tybalt"]);
    assert_eq!(chat.enters("/remove nurse@example.com"), ["remove nurse@example.com"]);
    chat.does(Event::Roster(Change::Removed(Item::new("nurse@example.com".parse().unwrap()))));
    assert!(!chat.screen(70, 8).contains("nurse"));
    chat.does(Event::Presence(Presence::Request {
        from: "paris@example.org".parse().unwrap(),
        status: None,
    }));
    assert!(chat.screen(100, 8).contains("/accept paris@example.org"));
    assert_eq!(chat.enters("/accept paris@example.org"), ["answer paris@example.org true"]);
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
    let show = |chat: &Chat| chat.model.show_of(&"romeo@example.net".parse().unwrap());
    chat.romeo("a", Some(Some(Told::Dnd)));
    assert_eq!(show(&chat), Some(Show::Busy));
    chat.romeo("b", Some(None));
    assert_eq!(show(&chat), Some(Show::Here));
    chat.romeo("b", None);
    chat.romeo("a", None);
    assert_eq!(show(&chat), Some(Show::Absent));
    for number in 0..200 {
        chat.romeo(&number.to_string(), Some(None));
    }
    assert!(chat.model.present.values().all(|sessions| sessions.len() <= 50));
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
