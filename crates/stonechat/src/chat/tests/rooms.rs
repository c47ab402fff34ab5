//! Rooms: who is in them, what is said, what is remembered.

use stonechat_jid::BareJid;
use stonechat_stanza::StanzaError;
use stonechat_xep_bookmarks::client::Event as Remembered;
use stonechat_xep_bookmarks::{Bookmark, Conference};
use stonechat_xep_muc::client::{Entered, Exit, Invitation, Mediation, News, Occupant, Said, Why};
use stonechat_xep_muc::{Affiliation, Role};

use super::*;

pub(super) const COVEN: &str = "coven@rooms.example.com";

pub(super) fn occupant(nick: &str, role: Role) -> Occupant {
    let (affiliation, availability) = (Affiliation::None, Availability::default());
    Occupant { nick: nick.to_owned(), role, affiliation, jid: None, id: None, availability }
}

impl Chat {
    /// In a room, as `juliet`, with a witch who keeps order.
    pub(super) fn in_room() -> Self {
        let mut chat = Self::online();
        chat.enters(&format!("/join {COVEN}"));
        chat.news_of_entry(false);
        chat
    }

    fn news_of_entry(&mut self, again: bool) {
        let news = News::Entered(Entered { nick: "juliet".to_owned(), codes: <_>::default(), again });
        let occupants = vec![occupant("juliet", Role::Participant), occupant("hag", Role::Moderator)];
        self.does(Event::Room { room: coven(), news: Box::new(news), occupants });
    }

    pub(super) fn news(&mut self, news: News) {
        self.does(Event::Room { room: coven(), news: Box::new(news), occupants: Vec::new() });
    }

    /// Somebody says something: as `juliet` it comes back, and with a time it is of the past.
    pub(super) fn hears(&mut self, nick: &str, id: &str, children: &str, at: Option<&str>) {
        let xml = format!("<message from='{COVEN}/{nick}' type='groupchat' id='{id}'>{children}</message>");
        let message = Stanza::parse(xml.as_bytes()).unwrap();
        let delay = at.map(|at| {
            let xml = format!("<message><delay xmlns='urn:xmpp:delay' stamp='{at}'/></message>");
            Stanza::parse(xml.as_bytes()).unwrap().get().unwrap().unwrap()
        });
        let (own, nick) = (nick == "juliet", Some(nick.to_owned()));
        self.news(News::Said(Said { nick, occupant: None, id: None, own, reflected: own, delay, message }));
    }
}

pub(super) fn coven() -> BareJid {
    COVEN.parse().unwrap()
}

fn exit(why: Why) -> Exit {
    Exit { why, actor: None, reason: Some("Avaunt".to_owned()), status: None }
}

#[test]
fn a_room_on_the_screen() {
    let mut chat = Chat::online();
    assert_eq!(chat.enters(&format!("/join {COVEN}")), [format!("join {COVEN} juliet None")]);
    assert!(chat.screen(100, 8).contains("the room is being entered"));
    chat.news_of_entry(false);
    let (text, delay) = (Some("Fire Burn".to_owned()), None);
    chat.news(News::Subject { text, by: None, delay });
    chat.hears("hag", "h0", "<body>before</body>", Some("2026-11-29T11:00:00Z"));
    chat.hears("hag", "h1", "<body>hail</body>", None);
    let sent = chat.enters("hail to thee");
    assert!(sent[0].contains("type='groupchat'") && sent[0].contains(&format!("to='{COVEN}'")), "{sent:?}");
    let expected = "
 juliet@example.com/balcony · online · 1 message waits
# coven@rooms.example.com   Fire Burn                                            @hag
○ nurse@example.com         … Page Up reads the archive                           juliet
○ Romeo                     — 2026-11-29 —
                            11:00 hag: before
                            12:00 hag: hail
                            12:00 me: hail to thee … waits

>";
    assert_eq!(chat.screen(100, 9), expected.trim_start_matches('\n'));
}

/// XEP-0045 §7.4.
#[test]
fn what_one_says_is_said_when_the_room_says_it() {
    let mut chat = Chat::in_room();
    chat.enters("hail");
    chat.hears("juliet", "id-1", "<body>hail</body>", None);
    assert_eq!(chat.lines(), ["hail"]);
    assert!(chat.screen(70, 8).contains("me: hail ✓✓"), "{}", chat.screen(70, 8));
    // Rooms that give ids of their own leave that of the sender beside.
    chat.enters("again");
    let origin = "<body>again</body><origin-id xmlns='urn:xmpp:sid:0' id='id-2'/>";
    chat.hears("juliet", "of-the-room", origin, None);
    assert_eq!(chat.lines(), ["hail", "again"]);
    chat.stanza(&format!(
        "<message from='{COVEN}' id='id-2' type='error'><error type='auth'>\
         <forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    ));
    assert!(chat.screen(70, 8).contains("again ✗ forbidden"), "{}", chat.screen(70, 8));
}

#[test]
fn unread_messages_and_those_for_us_are_counted() {
    let mut chat = Chat::in_room();
    chat.enters("/open romeo@example.net");
    chat.hears("hag", "h0", "<body>juliet was here</body>", Some("2026-11-29T11:00:00Z"));
    assert!(!chat.screen(70, 8).contains("(1"), "what was said before we came is not new");
    chat.hears("hag", "h1", "<body>hail</body>", None);
    assert!(chat.screen(70, 8).contains("coven@rooms.example… (1)"), "{}", chat.screen(70, 8));
    chat.hears("hag", "h2", "<body>Juliet: hail</body>", None);
    assert!(chat.screen(70, 8).contains("(2 @1)"), "{}", chat.screen(70, 8));
    let xml = format!("<message from='{COVEN}/hag' type='chat' id='w'><body>psst</body></message>");
    let message = Stanza::parse(xml.as_bytes()).unwrap();
    chat.news(News::Whispered { nick: "hag".to_owned(), message });
    assert!(chat.screen(70, 8).contains("(3 @2)"), "{}", chat.screen(70, 8));
    chat.enters(&format!("/open {COVEN}"));
    let screen = chat.screen(70, 8);
    assert!(screen.contains("hag (to you alone): psst"), "{screen}");
    assert!(!screen.contains("@1)") && !screen.contains("@2)"), "{screen}");
}

#[test]
fn what_was_missed_while_the_session_was_lost_is_new() {
    let mut chat = Chat::in_room();
    chat.enters("/open romeo@example.net");
    chat.news(News::Exited(exit(Why::SessionLost)));
    assert!(chat.screen(70, 8).contains("… coven"), "{}", chat.screen(70, 8));
    chat.news_of_entry(true);
    chat.hears("hag", "h1", "<body>meanwhile</body>", Some("2026-11-29T11:59:00Z"));
    assert!(chat.screen(70, 8).contains("(1)"), "{}", chat.screen(70, 8));
}

#[test]
fn who_comes_goes_and_is_called_otherwise() {
    let mut chat = Chat::in_room();
    chat.news(News::Arrived(occupant("thane", Role::Participant)));
    chat.enters("/names");
    assert!(chat.screen(100, 8).contains("3 here: hag, juliet, thane"), "{}", chat.screen(100, 8));
    let (from, to) = ("thane".to_owned(), "king".to_owned());
    chat.news(News::Renamed { from, to, own: false });
    assert!(chat.screen(100, 8).contains("12:00 thane is king now"));
    let kicked = exit(Why::Kicked);
    chat.news(News::Departed { occupant: occupant("king", Role::None), exit: kicked });
    assert!(chat.screen(100, 8).contains("king: kicked: Avaunt"), "{}", chat.screen(100, 8));
    let (from, to) = ("juliet".to_owned(), "nurse".to_owned());
    chat.news(News::Renamed { from, to, own: true });
    assert_eq!(chat.model.shown_room().unwrap().nick, "nurse");
    assert_eq!(chat.model.shown_room().unwrap().occupants.len(), 2);
    for number in 0..6000 {
        chat.news(News::Arrived(occupant(&number.to_string(), Role::Participant)));
    }
    assert_eq!(chat.model.shown_room().unwrap().occupants.len(), 5000);
    assert!(chat.screen(100, 8).contains("and 4996 others"), "{}", chat.screen(100, 8));
}

#[test]
fn tab_completes_nicknames_and_who_is_spoken_to_stands_first() {
    let mut chat = Chat::in_room();
    chat.types("Ha");
    chat.key(KeyCode::Tab);
    assert_eq!(chat.model.input.text(), "hag: ");
    chat.types("and ha");
    chat.key(KeyCode::Tab);
    assert_eq!(chat.model.input.text(), "hag: and hag ");
    chat.key(KeyCode::Esc);
    chat.types("/invite ro");
    chat.key(KeyCode::Tab);
    assert_eq!(chat.model.input.text(), "/invite romeo@example.net ");
}

#[test]
fn only_who_has_said_something_corrects_it() {
    let mut chat = Chat::in_room();
    let correction = |about: &str, body: &str| {
        format!("<body>{body}</body><replace xmlns='urn:xmpp:message-correct:0' id='{about}'/>")
    };
    chat.hears("hag", "h1", "<body>hial</body>", None);
    chat.hears("thane", "t1", &correction("h1", "forged"), None);
    chat.hears("hag", "h2", &correction("h1", "hail"), None);
    assert_eq!(chat.lines(), ["hail", "forged"]);
    chat.enters("helo");
    let sent = chat.enters("/correct hello");
    assert!(sent[0].contains("type='groupchat'") && sent[0].contains("<replace"), "{sent:?}");
    chat.hears("juliet", "id-2", &correction("id-1", "hello"), None);
    assert_eq!(chat.lines(), ["hail", "forged", "hello"]);
}

#[test]
fn what_others_say_under_the_same_id_is_shown() {
    let mut chat = Chat::in_room();
    chat.hears("hag", "1", "<body>hail</body>", None);
    chat.hears("thane", "1", "<body>hail</body>", None);
    assert_eq!(chat.lines(), ["hail", "hail"]);
}

#[test]
fn who_is_not_in_the_room_says_nothing_there() {
    let mut chat = Chat::in_room();
    chat.news(News::Exited(exit(Why::Banned)));
    assert!(chat.screen(70, 8).contains("not in the room: banned: Avaunt"), "{}", chat.screen(70, 8));
    assert!(chat.enters("hail").is_empty());
    assert!(chat.screen(70, 8).contains("/join enters it"));
    assert_eq!(chat.enters(&format!("/join {COVEN} hag2")), [format!("join {COVEN} hag2 None")]);
    chat.news(News::Refused(StanzaError::forbidden()));
    let screen = chat.screen(100, 8);
    assert!(screen.contains("does not let us in") && screen.contains('×'), "{screen}");
    assert_eq!(chat.enters("/leave"), [format!("leave {COVEN}")]);
    assert!(chat.model.conversations.is_empty());
    for command in ["/leave", "/names", "/subject", "/invite a@b", "/bookmark", "/forget", "/nick x"] {
        assert!(chat.enters(command).is_empty());
        assert!(chat.screen(100, 8).contains("none is shown"), "{command}");
    }
}

#[test]
fn what_is_asked_of_a_room() {
    let mut chat = Chat::in_room();
    let reason = format!("invite romeo@example.net to {COVEN} Some(\"come and dance\")");
    assert_eq!(chat.enters("/invite romeo@example.net come and dance"), [reason]);
    assert_eq!(chat.enters("/nick old hag"), [format!("rename old hag in {COVEN}")]);
    assert_eq!(chat.enters("/subject Fire Burn"), [format!("subject Fire Burn in {COVEN}")]);
    assert_eq!(chat.enters("/bookmark"), [format!("bookmark {COVEN} juliet")]);
    assert_eq!(chat.enters("/forget"), [format!("forget {COVEN}")]);
    assert!(chat.types("hail").is_empty(), "nobody in a room is told of typing");
}

#[test]
fn remembered_rooms_and_invitations_are_entered_as_they_say() {
    let mut chat = Chat::online();
    let conference = Conference {
        name: Some("The Coven".to_owned()),
        nick: Some("thirdwitch".to_owned()),
        password: Some("cauldronburn".to_owned()),
        ..Conference::default()
    };
    chat.does(Event::Remembered(Remembered::Loaded(vec![Bookmark { room: coven(), conference }])));
    chat.types("/join co");
    chat.key(KeyCode::Tab);
    assert_eq!(chat.key(KeyCode::Enter), [format!("join {COVEN} thirdwitch Some(\"cauldronburn\")")]);
    assert!(chat.screen(70, 8).contains("The Coven"), "{}", chat.screen(70, 8));
    let invitation = Invitation {
        room: "heath@rooms.example.com".parse().unwrap(),
        from: Some("hag@example.com".parse().unwrap()),
        mediation: Mediation::Direct,
        reason: Some("Hail".to_owned()),
        password: Some("thunder".to_owned()),
        continued: None,
    };
    chat.does(Event::Invited(invitation));
    let screen = chat.screen(120, 8);
    assert!(screen.contains("hag@example.com invites you to heath@rooms.example.com: Hail"), "{screen}");
    let entered = "join heath@rooms.example.com juliet Some(\"thunder\")";
    assert_eq!(chat.enters("/join heath@rooms.example.com"), [entered]);
}

/// As a remembered room is entered by itself.
#[test]
fn a_room_that_is_entered_by_itself_is_shown() {
    let mut chat = Chat::online();
    chat.news_of_entry(false);
    assert!(chat.screen(70, 8).contains("# coven@rooms"), "{}", chat.screen(70, 8));
    assert_eq!(chat.enters(&format!("/join {COVEN}")), [""; 0]);
    assert!(chat.model.shown_room().is_some());
}
