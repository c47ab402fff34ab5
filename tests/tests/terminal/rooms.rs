//! The full-screen client in the rooms of Prosody, with slixmpp beside it.

use std::time::{Duration, Instant};

use crate::support::Place;
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Counterpart, Process, Screen, Stream, WITHIN, tempdir};

#[track_caller]
fn succeeds(script: Process, server: &Counterpart) {
    let output = script.finish(Duration::from_secs(60));
    assert!(output.status.success(), "{output}\n{}", server.transcript());
}

fn online(place: &Place) -> Screen {
    let mut screen = place.screen(place.of_user("user1", &["chat"]));
    screen.shows("· online");
    screen
}

#[test]
fn one_talks_in_a_room_and_is_back_in_it_at_the_next_start() {
    let (server, home) = (Counterpart::start(Kind::Prosody), tempdir());
    let place = Place::with(&server, home.path());
    let mut screen = online(&place);

    // The room is made by that, and somebody else comes.
    screen.types("/join coven@rooms.localhost firstwitch");
    screen.shows(" @firstwitch");
    screen.shows("# coven@rooms.localhost");
    let two = server.script("rooms.py", &["witch"]);
    screen.shows("  secondwitch");
    screen.types("When shall we three meet again?");
    screen.shows("me: When shall we three meet again? ✓✓");
    screen.shows("secondwitch: In thunder, lightning, or in rain?");
    screen.text("Sec");
    screen.key("Tab");
    screen.shows("> secondwitch:");
    screen.types("helo");
    screen.shows("me: secondwitch: helo ✓✓");
    screen.types("/correct secondwitch: hello");
    screen.shows("secondwitch: hello ✎ ✓✓");
    screen.types("/subject Fire Burn");
    screen.shows("firstwitch has changed the subject to: Fire Burn");

    // What is said meanwhile is unread, and some of it is for us.
    screen.types("/open user2@localhost");
    screen.shows("user2@localhost");
    screen.types("now");
    screen.shows("(2 @1)");
    screen.types("/open coven@rooms.localhost");
    let shown = screen.shows("secondwitch: Firstwitch, where hast thou been?");
    assert!(shown.contains("secondwitch: Fair is foul") && !shown.contains("(2 @1)"), "{shown}");
    screen.types("/bookmark");
    screen.shows("coven@rooms.localhost is remembered");

    // Invited, in, and out again.
    screen.types("killing swine");
    screen.shows("invites you to heath@rooms.localhost: Hail");
    screen.types("/join heath@rooms.localhost");
    screen.shows("# heath@rooms.localhost");
    screen.shows("@secondwitch");
    screen.types("/invite user2@localhost come and dance");
    screen.shows("secondwitch: no need");
    screen.types("/leave");
    screen.types("/quit");
    screen.ends();

    two.wait_for(Stream::Stdout, WITHIN, "that we are gone", |line| line.contains("gone").then_some(()));
    let mut screen = online(&place);
    screen.shows("# coven@rooms.localhost");
    screen.types("/open coven@rooms.localhost");
    screen.shows("secondwitch: Are you gone?");
    // The room says its subject last.
    let shown = screen.shows("Fire Burn");
    assert!(shown.contains(" @firstwitch"), "{shown}");
    screen.types("no");
    succeeds(two, &server);
    screen.shows("me: no ✓✓");
    screen.types("/quit");
    screen.ends();
}

/// Turns pages back until somebody says this.
#[track_caller]
fn turns_back(screen: &mut Screen, text: &str) -> String {
    let until = Instant::now() + WITHIN;
    loop {
        screen.key("PPage");
        let shown = screen.comes_to("what the archive has", |screen| !screen.contains("is being read"));
        // What answers it shows it, too.
        if shown.lines().any(|row| row.contains(text) && !row.contains('↱')) {
            return shown;
        }
        assert!(Instant::now() < until, "there is no {text}, but\n{shown}");
    }
}

#[test]
fn one_answers_reacts_takes_back_whispers_and_reads_what_was_said_before() {
    let (server, home) = (Counterpart::start(Kind::Prosody), tempdir());
    let place = Place::with(&server, home.path());
    let mut screen = online(&place);
    screen.types("/join coven@rooms.localhost firstwitch");
    screen.shows(" @firstwitch");
    let two = server.script("rooms.py", &["cauldron"]);
    screen.shows("  secondwitch");
    screen.types("Double, double toil and trouble");
    screen.shows("↳ secondwitch: 🔥");
    let shown = screen.shows("secondwitch: Fire burn");
    assert!(shown.contains("↱ me: Double, double toil and trouble"), "{shown}");

    screen.types("/reply and cauldron bubble");
    let shown = screen.shows("me: and cauldron bubble ✓✓");
    assert!(shown.contains("↱ secondwitch: Fire burn"), "{shown}");
    screen.types("/react 🐢");
    screen.shows("↳ me: 🐢");
    screen.types("/retract");
    screen.shows("me: (taken back)");
    screen.shows("secondwitch: (taken back)");

    screen.types("/whisper secondwitch I will give thee a wind");
    screen.shows("me (to secondwitch alone): I will give thee a wind");
    let shown = screen.shows("secondwitch (to you alone): And I another");
    assert!(shown.contains("↱ me (to secondwitch alone): I will"), "{shown}");
    screen.types("/reply I myself have all the other");
    screen.shows("me (to secondwitch alone): I myself have all the other");

    // The room tells the last messages, and its archive the others.
    screen.shows("secondwitch: thrice 59");
    screen.types("/quit");
    screen.ends();
    let mut screen = online(&place);
    screen.types("/join coven@rooms.localhost firstwitch");
    let shown = screen.shows("secondwitch: thrice 59");
    assert!(!shown.contains("thrice 30"), "{shown}");
    let shown = turns_back(&mut screen, "me: Double, double toil and trouble");
    // What somebody else wants to take back stays, and what was said to one alone was not said to all.
    assert!(!shown.contains("alone"), "{shown}");
    assert!(shown.contains("secondwitch: (taken back)") && shown.contains("me: (taken back)"), "{shown}");
    screen.types("peace");
    succeeds(two, &server);
    screen.types("/quit");
    screen.ends();
}
