//! The archive, as slixmpp sees it.

use stonechat_tests::{Server, Settings, foreign};

fn archive(server: &Server, scenario: &str) {
    foreign::script(server, "archive.py", &[scenario]);
}

#[test]
fn an_archive_is_paged_in_both_directions() {
    archive(&Settings::new().start_with_users(2), "both_directions");
}

#[test]
fn who_has_read_the_archive_is_not_given_the_same_messages_again() {
    archive(&Settings::new().start_with_users(2), "catching_up");
}

#[test]
fn what_was_delivered_before_a_kill_is_in_both_archives() {
    let server = Settings::new().start_with_users(2);
    archive(&server, "the_last_word");
    let server = Server::start_in(server.kill());
    archive(&server, "the_last_word_is_kept");
}
