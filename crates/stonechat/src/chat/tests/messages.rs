//! What is said, and what is said about it.

use super::*;

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
