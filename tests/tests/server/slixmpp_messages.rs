//! Messages, as slixmpp sees them.

use stonechat_tests::{Settings, foreign};

fn messages(scenario: &str) {
    messages_with(Settings::new(), scenario);
}

fn messages_with(settings: Settings, scenario: &str) {
    let server = settings.start_with_users(2);
    foreign::script(&server, "messages.py", &[scenario]);
}

#[test]
fn messages_go_both_ways_in_order() {
    messages("both_ways");
}

#[test]
fn any_text_arrives_as_it_was_sent() {
    messages("any_text");
}

#[test]
fn messages_to_who_is_offline_are_delivered_later_in_order_once_with_their_delay() {
    messages("offline");
}

#[test]
fn who_is_not_available_gets_no_messages_to_the_account() {
    messages("connected_but_not_available");
}

#[test]
fn where_strangers_are_told_a_message_to_nobody_comes_back() {
    messages_with(Settings::new().set("extensions.offline.tell-strangers", true), "to_nobody");
}

#[test]
fn devices_with_carbons_get_copies_of_what_is_sent_and_received() {
    messages("carbons");
}

#[test]
fn a_forged_copy_says_who_forged_it() {
    messages("forged_carbons");
}
