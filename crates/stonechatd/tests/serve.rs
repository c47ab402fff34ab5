//! A server's life: start, reload, stop.

mod common;

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;

use common::{LISTENERS, Place, bare, expect_code, expect_complaint, wait_for_log};
use rustix::process::Signal;
use stonechat_tests::{Process, Ready, Stream, WITHIN};

fn is_listening(ready: &Ready) -> bool {
    ["c2s", "c2s-direct-tls"].iter().all(|kind| TcpStream::connect(ready.address(kind)).is_ok())
}

#[test]
fn the_first_start_makes_what_it_needs_for_its_owner_alone() {
    let place = Place::new();
    let (_server, ready) = place.serve();
    assert!(is_listening(&ready));
    let mode = |name: &str| place.data(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    assert_eq!(mode("control"), 0o600);
    assert_eq!(mode("certificates/localhost.key"), 0o600);
    assert!(place.data("certificates/localhost.pem").is_file());
}

#[test]
fn each_signal_to_stop_ends_it_with_exit_code_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let place = Place::new();
        let (server, _) = place.serve();
        server.signal(signal);
        let output = server.finish(WITHIN).expect_success();
        assert!(output.stderr.contains("stopped"), "{output}");
        assert!(!place.data("control").exists());
    }
}

#[test]
fn a_second_server_on_one_data_directory_is_refused() {
    let place = Place::new();
    let (_first, _) = place.serve();
    let second = place.run(&["serve"], &[]);
    expect_code(&second, 69);
    expect_complaint(&second, &["stonechat-data", "another stonechatd"]);
}

#[test]
fn an_address_that_is_taken_is_named_with_its_key() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::with(&format!("[[listeners]]\naddress = \"{address}\"\nkind = \"starttls\"\n"));
    let output = place.run(&[], &[]);
    expect_code(&output, 69);
    expect_complaint(&output, &["stonechat.toml", "listeners.0", &address]);
}

#[test]
fn a_bad_configuration_is_not_taken_and_a_good_one_is() {
    let place = Place::new();
    let (server, ready) = place.serve();
    place.write(&format!("{LISTENERS}[limits]\nconections = 5\n"));
    server.signal(Signal::HUP);
    let line = wait_for_log(&server, "not reloaded");
    assert!(line.contains("limits.conections") && line.contains("did you mean"), "{line}");
    assert!(is_listening(&ready));

    place.write(&format!("{LISTENERS}[hosts.localhost]\n[hosts.\"example.org\"]\n"));
    server.signal(Signal::HUP);
    wait_for_log(&server, "reloaded stonechat.toml");
    assert!(is_listening(&ready));
    let status = place.run(&["status"], &[]).expect_success();
    assert!(status.stdout.contains("host example.org"), "{status}");
}

#[test]
fn reload_says_what_is_wrong_to_whoever_asked() {
    let place = Place::new();
    let (_server, ready) = place.serve();
    let _ = place.run(&["reload"], &[]).expect_success();
    place.write(&format!("{LISTENERS}[tls]\ncertificate = \"no.pem\"\nkey = \"no.key\"\n"));
    let output = place.run(&["reload"], &[]);
    expect_code(&output, 78);
    expect_complaint(&output, &["stonechat.toml", "no.pem"]);
    assert!(is_listening(&ready));
}

#[test]
fn what_takes_effect_later_is_said() {
    let place = Place::new();
    let (_server, _) = place.serve();
    place.write(&format!("{LISTENERS}[limits]\nsessions_per_account = 3\n[log]\nformat = \"json\"\n"));
    let output = place.run(&["reload"], &[]).expect_success();
    assert!(output.stdout.contains("limits.sessions_per_account, log.format"), "{output}");
}

#[test]
fn a_server_that_was_killed_leaves_nothing_in_the_way() {
    let place = Place::new();
    let (server, _) = place.serve();
    server.signal(Signal::KILL);
    let _ = server.finish(WITHIN);
    assert!(place.data("control").exists());
    let _ = place.run(&["user", "add", "juliet@localhost"], &["r0m30myr0m30"]).expect_success();
    let (server, _) = place.serve();
    let status = place.run(&["status"], &[]).expect_success();
    assert!(status.stdout.contains(&format!("process {}", server.id())), "{status}");
}

#[test]
fn logs_can_be_json_and_go_to_standard_error_alone() {
    let place = Place::with(&format!("{LISTENERS}[log]\nformat = \"json\"\nlevel = \"debug\"\n"));
    let (server, _) = place.serve();
    server.signal(Signal::TERM);
    let output = server.finish(WITHIN).expect_success();
    assert!(output.stderr.lines().count() > 2, "{output}");
    for line in output.stderr.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(object["level"].is_string() && object["message"].is_string(), "{line}");
    }
    assert_eq!(output.stdout.lines().count(), 1, "{output}");
}

#[test]
fn the_data_directory_can_be_named_on_the_command_line_and_in_the_environment() {
    let place = Place::new();
    let mut by_option = place.command(&["--data", "here", "user", "list"]);
    by_option.env("STONECHAT_DATA", "not-here");
    let _ = Process::spawn(by_option).finish(WITHIN).expect_success();
    let mut by_variable = bare(&place.path(""));
    by_variable.args(["user", "list"]).env("STONECHAT_DATA", "there");
    let _ = Process::spawn(by_variable).finish(WITHIN).expect_success();
    assert!(place.path("here/stonechat.db").is_file() && place.path("there/stonechat.db").is_file());
    assert!(!place.path("not-here").exists() && !place.data("").exists());
}

#[test]
fn the_environment_says_what_is_logged_in_place_of_the_configuration() {
    let place = Place::with(&format!("{LISTENERS}[log]\nlevel = \"debug\"\n"));
    let mut command = place.command(&[]);
    command.env("STONECHAT_LOG", "error");
    let server = Process::spawn(command);
    server.wait_for(Stream::Stdout, WITHIN, "that it is ready", Ready::parse);
    server.signal(Signal::TERM);
    assert_eq!(server.finish(WITHIN).expect_success().stderr, "");
    let mut command = place.command(&[]);
    command.env("STONECHAT_LOG", "stonechat=loud");
    let output = Process::spawn(command).finish(WITHIN);
    expect_code(&output, 64);
    expect_complaint(&output, &["STONECHAT_LOG=stonechat=loud"]);
}
