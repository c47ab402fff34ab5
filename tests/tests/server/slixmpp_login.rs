//! slixmpp logs in, or is refused for the right reason.

use stonechat_tests::{Server, Settings, foreign, tempdir};

fn server() -> Server {
    Settings::new().start_with_users(1)
}

/// All that are offered under TLS by default.
const OFFERED: [&str; 7] = [
    "PLAIN",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-512-PLUS",
];

#[test]
fn each_mechanism_logs_in_over_starttls() {
    foreign::script(&server(), "login.py", &[&["each_mechanism", "starttls"], &OFFERED[..]].concat());
}

#[test]
fn each_mechanism_logs_in_over_direct_tls() {
    foreign::script(&server(), "login.py", &[&["each_mechanism", "direct"], &OFFERED[..]].concat());
}

#[test]
fn each_mechanism_logs_in_with_channel_binding_over_tls_1_2_and_1_3() {
    let server = server();
    foreign::script(&server, "login.py", &["channel_binding", "TLSv1_3"]);
    foreign::script(&server, "login.py", &["channel_binding", "TLSv1_2"]);
}

#[test]
fn who_is_in_the_middle_cannot_log_in_with_channel_binding() {
    foreign::script(&server(), "login.py", &["wrong_channel_binding"]);
}

#[test]
fn who_takes_channel_binding_out_of_the_offer_is_found_out() {
    foreign::script(&server(), "login.py", &["stripped_channel_binding"]);
}

#[test]
fn the_resource_that_a_client_chooses_is_bound() {
    foreign::script(&server(), "login.py", &["chosen_resource"]);
}

#[test]
fn a_wrong_password_and_an_unknown_account_are_refused_alike() {
    foreign::script(&server(), "login.py", &["wrong_password"]);
}

#[test]
fn a_client_that_trusts_another_certificate_refuses_the_server() {
    let (server, other) = (server(), Settings::new().start());
    let folder = tempdir();
    let certificate = folder.path().join("other.pem");
    std::fs::copy(other.certificate("localhost"), &certificate).unwrap();
    foreign::script(&server, "login.py", &["wrong_certificate", certificate.to_str().unwrap()]);
}

#[test]
fn each_host_has_a_certificate_of_its_own() {
    let server = Settings::new().host("other.example").start_with_users(1);
    foreign::script(&server, "login.py", &["wrong_name", "other.example"]);
}

#[test]
fn a_host_that_is_not_served_is_unknown() {
    foreign::script(&server(), "login.py", &["unknown_host"]);
}
