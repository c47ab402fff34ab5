//! `stonechatd check`.

mod common;

use std::net::TcpListener;

use common::{LISTENERS, Place, expect_code, expect_complaint};
use stonechat_server::config::KeyPair;
use stonechat_server::tls;

fn certificate(place: &Place, domain: &str, name: &str) {
    let file = |ending: &str| place.path(&format!("{name}.{ending}"));
    tls::generate(&[domain], &KeyPair { certificate: file("pem"), key: file("key") })
        .expect("the folder is new");
}

/// The server's configuration with a host of this certificate.
fn host(domain: &str, certificate: &str, key: &str) -> String {
    format!("{LISTENERS}[hosts.\"{domain}\".tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n")
}

#[test]
fn it_explains_and_changes_nothing() {
    let place = Place::new();
    let output = place.run(&["check"], &[]).expect_success();
    for part in
        ["127.0.0.1:0, STARTTLS", "host localhost", "ping: XEP-0199", "is made when the server starts"]
    {
        assert!(output.stdout.contains(part), "{part} is missing in\n{output}");
    }
    assert!(!place.data("").exists());
}

#[test]
fn it_can_be_run_beside_a_server() {
    let place = Place::new();
    let (_server, _) = place.serve();
    let output = place.run(&["check"], &[]).expect_success();
    assert!(output.stdout.contains("one runs here") && output.stdout.contains("self-signed"), "{output}");
}

#[test]
fn a_good_certificate_is_described() {
    let place = Place::new();
    certificate(&place, "example.org", "good");
    place.write(&host("example.org", "good.pem", "good.key"));
    let output = place.run(&["check"], &[]).expect_success();
    assert!(output.stdout.contains("good.pem, for example.org, until "), "{output}");
}

#[test]
fn each_fault_of_a_certificate_is_named_with_host_and_file() {
    let place = Place::new();
    certificate(&place, "example.org", "a");
    certificate(&place, "example.org", "b");
    std::fs::write(place.path("empty.pem"), "").unwrap();
    for (domain, pem, key, parts) in [
        ("example.org", "no.pem", "a.key", ["hosts.example.org.tls", "no.pem"]),
        ("example.org", "a.pem", "no.key", ["hosts.example.org.tls", "no.key"]),
        ("example.org", "empty.pem", "a.key", ["no certificate", "empty.pem"]),
        ("example.org", "a.pem", "b.key", ["a.pem with", "b.key"]),
        (
            "example.net",
            "a.pem",
            "a.key",
            ["hosts.example.net.tls", "it is for example.org, not for example.net"],
        ),
    ] {
        place.write(&host(domain, pem, key));
        let output = place.run(&["check"], &[]);
        expect_code(&output, 78);
        expect_complaint(&output, &parts);
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let place = Place::new();
    std::fs::create_dir(place.data("")).unwrap();
    std::fs::write(
        place.data("stonechat.db"),
        "this is no database, but it is long enough to be one".repeat(100),
    )
    .unwrap();
    place.write(&format!(
        "[[listeners]]\naddress = \"{address}\"\nkind = \"starttls\"\n\
         [hosts.localhost.tls]\ncertificate = \"no.pem\"\nkey = \"no.key\"\n"
    ));
    let output = place.run(&["check"], &[]);
    expect_code(&output, 78);
    expect_complaint(&output, &["3 problems", "listeners.0.address", "stonechat.db", "hosts.localhost.tls"]);
}

#[test]
fn a_data_directory_that_cannot_be_is_named() {
    let place = Place::new();
    std::fs::write(place.path("file"), "").unwrap();
    place.write(&format!("data = \"file/data\"\n{LISTENERS}"));
    let output = place.run(&["check"], &[]);
    expect_code(&output, 78);
    expect_complaint(&output, &["file/data", "cannot be made"]);
}

#[test]
fn a_data_directory_whose_path_is_too_long_for_a_socket_is_named() {
    let name = "d".repeat(120);
    let place = Place::with(&format!("data = \"{name}\"\n{LISTENERS}"));
    for args in [&["check"][..], &[]] {
        let output = place.run(args, &[]);
        assert!(!output.status.success());
        expect_complaint(&output, &[&format!("{name}/control"), "SUN_LEN"]);
    }
}

#[test]
fn what_an_extension_needs_has_to_be_there() {
    let place = Place::with(&format!("{LISTENERS}[extensions.roster]\nenabled = false\n"));
    let output = place.run(&["check"], &[]);
    expect_code(&output, 78);
    expect_complaint(&output, &["hosts.localhost.extensions", "needs `roster`"]);
    let started = place.run(&[], &[]);
    expect_code(&started, 78);
    expect_complaint(&started, &["stonechat.toml", "host localhost", "needs `roster`"]);
}

#[test]
fn a_component_whose_secret_cannot_be_read_or_can_be_read_by_others_is_named() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::new();
    let listener = "[[listeners]]\naddress = \"127.0.0.1:0\"\nkind = \"component\"\n";
    let component = "[components.\"irc.example.org\"]\nsecret_file = \"irc.secret\"\n";
    place.write(&format!("{LISTENERS}{listener}{component}[hosts.localhost]\n"));
    let key = "components.irc.example.org.secret_file";
    expect_complaint(&place.run(&["check"], &[]), &[key, "irc.secret"]);
    let file = place.path("irc.secret");
    std::fs::write(&file, "hunter2hunter2").unwrap();
    for mode in [0o644, 0o600] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let output = place.run(&["check"], &[]);
        assert!(!output.to_string().contains("hunter2hunter2"), "{output}");
        assert_eq!(output.to_string().contains(key), mode == 0o644, "{output}");
        let is_described = output.stdout.contains("irc.example.org: up to 1 connection");
        assert_eq!((is_described, output.status.success()), (mode == 0o600, mode == 0o600), "{output}");
    }
}
