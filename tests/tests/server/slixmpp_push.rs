//! Push notifications, with a slixmpp client in the place of the push service.

use stonechat_tests::{Settings, foreign};

#[test]
fn a_message_for_who_is_offline_wakes_the_service_until_it_refuses() {
    // So that the next notification would be there at once.
    let server = Settings::new().set("extensions.push.interval", 0).start_with_users(3);
    foreign::script(&server, "push.py", &["wakes_the_service"]);
    // The secret of the service is nobody's business.
    let log = server.process().transcript().to_string();
    assert!(!log.contains("eruio234vzxc2kla-91"), "{log}");
}
