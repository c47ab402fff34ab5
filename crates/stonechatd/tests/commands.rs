//! Commands that are not about accounts.

mod common;

use common::{LISTENERS, Place, bare, expect_code, expect_complaint};
use stonechat_tests::{Process, WITHIN};

#[test]
fn the_printed_configuration_can_be_served() {
    let place = Place::new();
    let printed = place.run(&["config"], &[]).expect_success().stdout;
    assert!(printed.contains("[extensions.ping]") && printed.contains("[limits]"), "{printed}");
    place.write(&printed.replace("[::]:5222", "127.0.0.1:0").replace("[::]:5223", "127.0.0.1:0"));
    let (_server, ready) = place.serve();
    assert_eq!(ready.addresses("c2s").count(), 1);
}

#[test]
fn an_unknown_key_stops_everything_with_file_line_key_and_suggestion() {
    let place = Place::with(&format!("{LISTENERS}[limits]\nconections = 5\n"));
    for args in [&[][..], &["check"], &["user", "list"], &["status"]] {
        let output = place.run(args, &[]);
        expect_code(&output, 78);
        expect_complaint(&output, &["stonechat.toml:8: limits.conections", "did you mean `connections`?"]);
    }
}

#[test]
fn a_misspelt_extension_or_key_of_one_is_named_with_host_and_suggestion() {
    for (text, expected) in [
        ("[extensions.pin]\n", "extensions.pin: there is no extension `pin`; did you mean `ping`?"),
        (
            "[extensions.version]\nnam = \"x\"\n",
            "extensions.version: unknown key `nam`; did you mean `name`?",
        ),
        (
            "[hosts.localhost.extensions.ping]\nenabeld = false\n",
            "hosts.localhost.extensions.ping: unknown key `enabeld`",
        ),
    ] {
        let output = Place::with(&format!("{LISTENERS}{text}")).run(&[], &[]);
        expect_code(&output, 78);
        expect_complaint(&output, &["stonechat.toml", expected]);
    }
}

#[test]
fn an_extension_can_be_switched_off_for_one_host() {
    let hosts = "[hosts.a]\n[hosts.b.extensions.ping]\nenabled = false\n";
    let place = Place::with(&format!("{LISTENERS}{hosts}"));
    let output = place.run(&["check"], &[]).expect_success();
    let (of_a, of_b) = output.stdout.split_once("host b").unwrap();
    assert!(of_a.contains("ping: XEP-0199") && !of_b.contains("ping: XEP-0199"), "{output}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let place = Place::new();
    let mut command = bare(&place.path(""));
    command.args(["--config", "nowhere.toml", "check"]);
    let output = Process::spawn(command).finish(WITHIN);
    expect_code(&output, 74);
    expect_complaint(&output, &["nowhere.toml"]);
}

#[test]
fn status_and_commands_need_a_server() {
    let place = Place::new();
    for args in [&["status"][..], &["reload"], &["command", "localhost", "dance"], &["federation", "status"]]
    {
        let output = place.run(args, &[]);
        expect_code(&output, 69);
        expect_complaint(&output, &["no server runs", "stonechat-data"]);
    }
    assert!(!place.data("").exists());
}

#[test]
fn the_way_to_another_server_is_tried_without_one_that_runs() {
    let place = Place::new();
    let off = place.run(&["federation", "test", "example.net"], &[]);
    expect_code(&off, 1);
    expect_complaint(&off, &["policy: ", "no listener of kind `s2s`"]);
    let s2s = "[[listeners]]\naddress = \"127.0.0.1:0\"\nkind = \"s2s\"\n";
    let route = "[federation.peers.\"example.net\"]\nroute = { host = \"127.0.0.1\", port = 1 }\n";
    let place = Place::with(&format!("{LISTENERS}{s2s}{route}[hosts.localhost]\n"));
    let closed = place.run(&["federation", "test", "Example.NET"], &[]);
    expect_code(&closed, 1);
    expect_complaint(&closed, &["nothing can be sent to example.net: TCP: no connection: 127.0.0.1:1"]);
    assert!(closed.stdout.contains("from localhost to example.net"), "{closed}");
}

#[test]
fn status_tells_what_is_served() {
    let place = Place::new();
    let (server, ready) = place.serve();
    let status = place.run(&["status"], &[]).expect_success();
    for part in [
        format!("process {}", server.id()),
        format!("listens on {} (c2s)", ready.address("c2s")),
        "host localhost".to_owned(),
        "ping".to_owned(),
    ] {
        assert!(status.stdout.contains(&part), "{part} is missing in\n{status}");
    }
    let unknown = place.run(&["command", "localhost", "dance", "--fast"], &[]);
    expect_code(&unknown, 1);
    expect_complaint(&unknown, &["no command `dance`"]);
}

#[test]
fn help_has_examples_and_the_version_is_told() {
    let place = Place::new();
    let help = place.run(&["--help"], &[]).expect_success();
    assert!(help.stdout.contains("Examples:") && help.stdout.contains("user add"), "{help}");
    let version = place.run(&["--version"], &[]).expect_success();
    assert_eq!(version.stdout.trim(), concat!("stonechatd ", env!("CARGO_PKG_VERSION")));
    expect_code(&place.run(&["dance"], &[]), 64);
    let extensions = place.run(&["extensions"], &[]).expect_success();
    assert!(extensions.stdout.contains("XEP-0199"), "{extensions}");
}
