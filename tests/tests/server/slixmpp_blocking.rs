//! Blocking and its reports, as slixmpp sees them.

use stonechat_tests::{Server, Settings, foreign};

fn blocking(scenario: &str) -> Server {
    let server = Settings::new().start_with_users(2);
    foreign::script(&server, "blocking.py", &[scenario]);
    server
}

#[test]
fn a_list_is_changed_and_told_to_all_devices() {
    let server = blocking("list_between_devices");
    let reports = server.command(&["command", "localhost", "reports"], &[]).expect_success().stdout;
    let expected = "user1@localhost reports user2@localhost: urn:xmpp:reporting:spam";
    assert!(reports.contains(expected), "{reports}");
}

#[test]
fn a_blocked_contact_sees_an_account_that_is_offline() {
    let _ = blocking("blocked_contact");
}

#[test]
fn a_message_to_who_has_blocked_its_sender_is_not_kept_for_later() {
    let _ = blocking("offline_while_blocked");
}
