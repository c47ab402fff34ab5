//! The full-screen client in the rooms of Prosody, with slixmpp beside it.

mod terminal;

use std::time::Duration;

use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Counterpart, Process, Screen, Stream, WITHIN, tempdir};
use terminal::Place;

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
