//! What is on the screen, and what keys and commands do.

use super::*;

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
