//! The tokens that the full-screen client keeps in the place of the password (XEP-0484).

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Place, fails, with_environment};
use serde_json::Value;
use stonechat_tests::{Output, Process, Screen, Settings, WITHIN, stonechat};

fn file(place: &Place) -> PathBuf {
    place.home.join(".local/state/stonechat/token-user1@localhost.json")
}

fn kept(place: &Place) -> Value {
    serde_json::from_slice(&std::fs::read(file(place)).unwrap()).unwrap()
}

/// The chat, for somebody who has not written the password down.
fn without_password(place: &Place, args: &[&str]) -> Screen {
    let mut command = place.of_user("user1", &[&["chat"], args].concat());
    command.env_remove("STONECHAT_PASSWORD");
    place.screen(command)
}

fn leave(mut screen: Screen) {
    screen.types("/quit");
    screen.ends();
}

/// It is asked for the password, and let in with that.
#[track_caller]
fn asked(mut screen: Screen, password: &str) -> Screen {
    screen.shows("Password for user1@localhost:");
    screen.types(password);
    screen.shows("· online");
    screen
}

#[test]
fn a_token_stands_for_the_password_until_there_is_another_password() {
    let server = Settings::new().start_with_users(1);
    let place = Place::of(&server);
    leave(asked(without_password(&place, &[]), "pw-user1"));
    let first = kept(&place);
    assert!(first["token"]["token"].is_string(), "{first}");
    assert_eq!(std::fs::metadata(file(&place)).unwrap().permissions().mode() & 0o777, 0o600);

    // With the token nothing is asked for, and each use counts.
    for used in 1..3 {
        let mut screen = without_password(&place, &[]);
        let shown = screen.shows("· online");
        assert!(!shown.contains("Password"), "{shown}");
        leave(screen);
        let now = kept(&place);
        assert_eq!((&now["id"], &now["token"]["used"]), (&first["id"], &used.into()), "{now}");
    }

    // Another password ends the token: with that, the client is in; without, it asks.
    let _ = server.command(&["user", "passwd", "user1@localhost"], &["another-one"]).expect_success();
    let mut with_password = place.of_user("user1", &["chat"]);
    with_password.env("STONECHAT_PASSWORD", "another-one");
    let mut screen = place.screen(with_password);
    screen.shows("· online");
    leave(screen);
    let _ = server.command(&["user", "passwd", "user1@localhost"], &["the-third-one"]).expect_success();
    leave(asked(without_password(&place, &[]), "the-third-one"));

    // Who changes the password here ends the token here, too.
    let mut passwd = place.of_user("user1", &["passwd"]);
    passwd.env("STONECHAT_PASSWORD", "the-third-one");
    let mut passwd = Process::spawn(passwd);
    passwd.send_line("the-fourth-one");
    let _ = passwd.finish(WITHIN).expect_success();
    assert_eq!(kept(&place)["token"], Value::Null);
    leave(asked(without_password(&place, &[]), "the-fourth-one"));
}

#[test]
fn no_token_is_kept_by_who_does_not_want_that_and_none_is_used_that_others_could_read() {
    let server = Settings::new().start_with_users(1);
    let place = Place::of(&server);
    leave(asked(without_password(&place, &["--no-token"]), "pw-user1"));
    assert!(!file(&place).exists());

    leave(asked(without_password(&place, &[]), "pw-user1"));
    std::fs::set_permissions(file(&place), std::fs::Permissions::from_mode(0o644)).unwrap();
    leave(asked(without_password(&place, &[]), "pw-user1"));
    assert_eq!(std::fs::metadata(file(&place)).unwrap().permissions().mode() & 0o777, 0o600);
    // The other chat has the token.
    let mut first = without_password(&place, &[]);
    first.shows("· online");
    let second = asked(without_password(&place, &[]), "pw-user1");
    leave(second);
    let shown = first.shows("· online");
    assert!(!shown.contains("offline"), "{shown}");
    leave(first);
}

/// A command of somebody who has written this password down, or none.
fn ping(place: &Place, password: Option<&str>) -> Output {
    let mut command = place.of_user("user1", &["ping"]);
    match password {
        Some(password) => command.env("STONECHAT_PASSWORD", password),
        None => command.env_remove("STONECHAT_PASSWORD"),
    };
    Process::spawn(command).finish(WITHIN)
}

#[test]
fn other_commands_use_the_token_and_else_the_password() {
    let server = Settings::new().start_with_users(1);
    let place = Place::of(&server);
    assert!(fails(ping(&place, None), 64).contains("STONECHAT_PASSWORD"));
    let _ = ping(&place, Some("pw-user1")).expect_success();
    assert!(!file(&place).exists(), "who has written the password down needs no token");

    leave(asked(without_password(&place, &[]), "pw-user1"));
    for used in 1..3 {
        let _ = ping(&place, None).expect_success();
        assert_eq!(kept(&place)["token"]["used"], used, "{}", kept(&place));
    }
    let _ = ping(&place, Some("wrong")).expect_success();
    assert_eq!(kept(&place)["token"]["used"], 3);

    // The chat has the token.
    let mut screen = without_password(&place, &[]);
    screen.shows("· online");
    fails(ping(&place, None), 64);
    let _ = ping(&place, Some("pw-user1")).expect_success();
    leave(screen);
    let _ = ping(&place, None).expect_success();

    // It is worth nothing any more, and the password makes another.
    let _ = server.command(&["user", "passwd", "user1@localhost"], &["another-one"]).expect_success();
    fails(ping(&place, Some("pw-user1")), 77);
    assert_eq!(kept(&place)["token"], Value::Null);
    let _ = ping(&place, Some("another-one")).expect_success();
    let _ = ping(&place, None).expect_success();
    let _ = server.command(&["user", "passwd", "user1@localhost"], &["the-third-one"]).expect_success();
    assert!(fails(ping(&place, None), 64).contains("STONECHAT_PASSWORD"));

    // Who is asked for the password is asked once.
    let mut twice = place.of_user("user1", &[]);
    twice.env_remove("STONECHAT_PASSWORD");
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" ping; echo again; \"$0\" ping && echo done; read line"]).arg(stonechat());
    let mut screen = place.screen(with_environment(shell, &twice));
    screen.shows("Password for user1@localhost:");
    screen.types("the-third-one");
    let shown = screen.shows("done");
    assert_eq!(shown.matches("Password").count(), 1, "{shown}");
    screen.key("Enter");
    screen.ends();
}
