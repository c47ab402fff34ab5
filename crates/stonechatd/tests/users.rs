//! Accounts, with a server and without.

mod common;

use common::{LISTENERS, Place, expect_code, expect_complaint};
use rustix::process::Signal;
use stonechat_tests::{Process, Ready, Stream, WITHIN};

/// The life of an account, the same whoever does it.
fn manage(place: &Place) {
    let added = place.run(&["user", "add", "Juliet@localhost"], &["r0m30myr0m30"]).expect_success();
    assert_eq!(added.stdout, "added juliet@localhost\n");
    let again = place.run(&["user", "add", "juliet@localhost"], &["r0m30myr0m30"]);
    expect_code(&again, 1);
    expect_complaint(&again, &["juliet@localhost", "exists"]);

    let shown = place.run(&["user", "show", "juliet@localhost"], &[]).expect_success();
    assert!(shown.stdout.contains("created") && shown.stdout.contains("can log in"), "{shown}");
    let changed = place.run(&["user", "passwd", "juliet@localhost"], &["an0therpassw0rd"]).expect_success();
    assert_eq!(changed.stdout, "changed the password of juliet@localhost\n");
    expect_code(&place.run(&["user", "passwd", "nobody@localhost"], &["an0therpassw0rd"]), 1);

    let short = place.run(&["user", "add", "romeo@localhost"], &["short"]);
    expect_code(&short, 1);
    expect_complaint(&short, &["romeo@localhost", "8 characters"]);
    let _ = place.run(&["user", "add", "romeo@localhost"], &["r0m30myr0m30"]).expect_success();
    let listed = place.run(&["user", "list", "--host", "localhost"], &[]).expect_success();
    assert_eq!(listed.stdout, "juliet@localhost\nromeo@localhost\n");

    let unasked = place.run(&["user", "remove", "romeo@localhost"], &[]);
    expect_code(&unasked, 64);
    expect_complaint(&unasked, &["--yes"]);
    let removed = place.run(&["user", "remove", "romeo@localhost", "--yes"], &[]).expect_success();
    assert_eq!(removed.stdout, "removed romeo@localhost\n");
    expect_code(&place.run(&["user", "remove", "romeo@localhost", "--yes"], &[]), 1);
    expect_code(&place.run(&["user", "show", "romeo@localhost"], &[]), 1);
    assert_eq!(place.run(&["user", "list"], &[]).expect_success().stdout, "juliet@localhost\n");
}

#[test]
fn accounts_are_managed_while_the_server_runs() {
    let place = Place::new();
    let (server, _) = place.serve();
    manage(&place);
    let shown = place.run(&["user", "show", "juliet@localhost"], &[]).expect_success();
    assert!(!shown.stdout.contains("does not run"), "{shown}");
    server.signal(Signal::TERM);
    let output = server.finish(WITHIN).expect_success();
    for password in ["r0m30myr0m30", "an0therpassw0rd"] {
        assert!(!output.stderr.contains(password), "{output}");
    }
}

#[test]
fn accounts_are_managed_while_no_server_runs_and_a_server_finds_them() {
    let place = Place::new();
    manage(&place);
    let shown = place.run(&["user", "show", "juliet@localhost"], &[]).expect_success();
    assert!(shown.stdout.contains("does not run"), "{shown}");
    let (_server, _) = place.serve();
    assert_eq!(place.run(&["user", "list"], &[]).expect_success().stdout, "juliet@localhost\n");
}

#[test]
fn accounts_of_several_hosts_are_listed_by_host() {
    let place = Place::with(&format!("{LISTENERS}[hosts.\"a.example\"]\n[hosts.\"b.example\"]\n"));
    for jid in ["x@b.example", "y@a.example"] {
        let _ = place.run(&["user", "add", jid], &["r0m30myr0m30"]).expect_success();
    }
    assert_eq!(place.run(&["user", "list"], &[]).expect_success().stdout, "y@a.example\nx@b.example\n");
    let one = place.run(&["user", "list", "--host", "B.Example"], &[]).expect_success();
    assert_eq!(one.stdout, "x@b.example\n");
}

#[test]
fn a_host_that_is_not_served_is_named_with_what_was_meant() {
    let place = Place::new();
    for args in [&["user", "add", "juliet@localhots"][..], &["user", "list", "--host", "localhots"]] {
        let output = place.run(args, &["r0m30myr0m30"]);
        expect_code(&output, 1);
        expect_complaint(&output, &["`localhots`", "did you mean `localhost`?"]);
    }
}

#[test]
fn what_is_no_account_is_a_wrong_command_line() {
    let place = Place::new();
    for jid in ["localhost", "@localhost", "juliet@", "a b@localhost", ""] {
        let output = Process::spawn(place.command(&["user", "add", jid])).finish(WITHIN);
        expect_code(&output, 64);
    }
}

#[test]
fn a_password_that_is_not_given_is_asked_for_in_vain() {
    let place = Place::new();
    let output = place.run(&["user", "add", "juliet@localhost"], &[]);
    expect_code(&output, 1);
    expect_complaint(&output, &["standard input"]);
}

#[test]
fn a_command_and_a_server_that_start_together_wait_for_each_other() {
    let place = Place::new();
    let server = Process::spawn(place.command(&[]));
    let added = place.run(&["user", "add", "juliet@localhost"], &["r0m30myr0m30"]).expect_success();
    assert_eq!(added.stdout, "added juliet@localhost\n");
    server.wait_for(Stream::Stdout, WITHIN, "that it is ready", Ready::parse);
    assert_eq!(place.run(&["user", "list"], &[]).expect_success().stdout, "juliet@localhost\n");
}
