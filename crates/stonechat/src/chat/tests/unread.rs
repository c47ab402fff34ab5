//! What is unread, and what is told to be read.

use super::*;

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

/// What is delivered may be in the archive a moment before.
#[test]
fn a_message_that_a_page_of_the_archive_has_first_is_told_to_be_read_when_it_comes() {
    let mut chat = Chat::talking();
    let body = "<body>hello</body><markable xmlns='urn:xmpp:chat-markers:0'/>";
    chat.does(page(vec![archived("1", "romeo@example.net/orchard", "2026-11-29T12:00:00Z", body)], true));
    let live = HELLO.replace("'r1'", "'m1'");
    assert_eq!(chat.stanza(&live), ["read m1"]);
    assert_eq!(chat.stanza(&live), [""; 0]);
    assert_eq!(chat.lines(), ["hello"]);
}

/// XEP-0333 §4.2.
#[test]
fn what_comes_while_somebody_else_has_the_focus_is_unread_until_that_ends() {
    let mut chat = Chat::talking();
    let unread = |chat: &Chat| chat.model.shown().unwrap().unread;
    assert_eq!(chat.stanza(HELLO), ["read r1"]);
    assert_eq!(chat.does(Event::Focus(false)), [""; 0]);
    for id in ["r2", "r3"] {
        assert_eq!(chat.stanza(&HELLO.replace("r1", id)), [""; 0]);
    }
    assert!(chat.screen(70, 8).contains("Romeo (2)"), "{}", chat.screen(70, 8));
    let jid = "juliet@example.com/balcony".parse().unwrap();
    chat.does(Event::Online { jid, resumed: false });
    assert_eq!(unread(&chat), 2, "a new session is nobody who looks");
    assert_eq!(chat.does(Event::Focus(true)), ["read r3"]);
    assert_eq!(unread(&chat), 0);
    // Who presses a key looks, whatever the terminal says.
    chat.does(Event::Focus(false));
    chat.stanza(&HELLO.replace("r1", "r4"));
    assert_eq!(unread(&chat), 1);
    assert_eq!(chat.key(KeyCode::Left), ["read r4"]);
}
