//! In-band registration, as slixmpp sees it.

use stonechat_tests::{Settings, foreign};

fn open() -> Settings {
    Settings::new().set("extensions.register.allow-creation", true)
}

#[test]
fn somebody_new_can_register_where_the_operator_allows_it() {
    foreign::script(&open().start(), "accounts.py", &["register"]);
}

#[test]
fn registration_is_closed_by_default() {
    foreign::script(&Settings::new().start_with_users(1), "accounts.py", &["closed"]);
}

#[test]
fn the_owner_can_change_the_password() {
    foreign::script(&Settings::new().start_with_users(1), "accounts.py", &["change_password"]);
}

#[test]
fn nobody_can_change_the_password_of_another() {
    foreign::script(&Settings::new().start_with_users(2), "accounts.py", &["change_anothers_password"]);
}

#[test]
fn the_owner_can_remove_the_account_and_all_its_sessions_end() {
    foreign::script(&Settings::new().start_with_users(1), "accounts.py", &["cancel"]);
}
