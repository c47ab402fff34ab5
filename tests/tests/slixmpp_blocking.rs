//! Blocking and its reports, as slixmpp sees them.

use stonechat_tests::{Settings, foreign};

fn blocking(scenario: &str) {
    let server = Settings::new().start_with_users(2);
    foreign::script(&server, "blocking.py", &[scenario]);
}

#[test]
fn a_list_is_changed_and_told_to_all_devices() {
    blocking("list_between_devices");
}

#[test]
fn a_blocked_contact_sees_an_account_that_is_offline() {
    blocking("blocked_contact");
}

#[test]
fn a_message_to_who_has_blocked_its_sender_is_not_kept_for_later() {
    blocking("offline_while_blocked");
}
