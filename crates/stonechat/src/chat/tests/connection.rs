//! The connection, and what the archive has of the time before.

use super::*;

#[test]
fn a_session_begins_with_the_history_of_the_conversation_that_is_shown() {
    let mut chat = Chat::new();
    chat.enters("/open romeo@example.net");
    let jid = || "juliet@example.com/balcony".parse().unwrap();
    assert_eq!(chat.does(Event::Online { jid: jid(), resumed: false }), ["history romeo@example.net None"]);
    assert_eq!(chat.does(Event::Online { jid: jid(), resumed: true }), [""; 0]);
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
