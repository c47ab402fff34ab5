//! Contacts, their presence, and what they are doing.

use super::*;

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
fn whether_the_person_looks_is_told_as_it_changes() {
    let mut chat = Chat::online();
    assert_eq!(chat.does(Event::Focus(false)), [""; 0]);
    assert_eq!(chat.later(29), [""; 0], "a glance elsewhere is nothing");
    assert_eq!(chat.later(1), ["active false"]);
    assert_eq!(chat.later(1), [""; 0]);
    assert_eq!(chat.does(Event::Focus(true)), ["active true"]);
    assert_eq!(chat.later(599), [""; 0]);
    assert_eq!(chat.later(1), ["active false"], "who presses no key");
    // A terminal that has not said that it has the focus again.
    chat.does(Event::Focus(false));
    assert_eq!(chat.types("a")[0], "active true");
    assert_eq!(chat.later(60), [""; 0]);
}
