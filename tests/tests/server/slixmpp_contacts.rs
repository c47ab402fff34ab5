//! Roster, subscriptions and presence, as slixmpp sees them.

use stonechat_tests::{Settings, foreign};

fn contacts(scenario: &str) {
    let server = Settings::new().start_with_users(3);
    foreign::script(&server, "contacts.py", &[scenario]);
}

#[test]
fn changes_of_the_roster_come_to_all_devices() {
    contacts("roster_between_devices");
}

#[test]
fn a_roster_that_has_not_changed_is_not_sent_again() {
    contacts("roster_versions");
}

#[test]
fn two_who_subscribe_to_each_other_see_each_others_presence() {
    contacts("both_subscribe");
}

#[test]
fn presence_goes_to_subscribers_only() {
    contacts("one_subscribes");
}

#[test]
fn a_subscription_can_be_refused() {
    contacts("refusal");
}

#[test]
fn subscriptions_can_be_cancelled_from_either_side() {
    contacts("cancelled_subscriptions");
}

#[test]
fn a_contact_that_is_removed_loses_its_subscriptions() {
    contacts("removed_contact");
}

#[test]
fn a_request_waits_for_who_is_offline_until_it_is_answered() {
    contacts("request_to_somebody_offline");
}

#[test]
fn directed_presence_is_taken_back_when_the_connection_breaks() {
    contacts("directed_presence");
}

#[test]
fn a_stranger_cannot_tell_who_is_online() {
    contacts("stranger");
}

#[test]
fn devices_of_one_account_see_each_other() {
    contacts("own_devices");
}
