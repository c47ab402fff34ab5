//! What `cargo xtask foreign` installs is there, runs, and is what the lists ask for.

use std::process::Command;
use std::time::Duration;

use stonechat_tests::{Process, foreign};

fn stdout(mut command: Command, args: &[&str]) -> String {
    command.args(args);
    Process::spawn(command).finish(Duration::from_secs(60)).expect_success().stdout
}

#[test]
fn slixmpp_is_the_version_that_is_asked_for() {
    let requirements = std::fs::read_to_string(foreign::folder().join("requirements.txt")).unwrap();
    let version = stdout(foreign::python(), &["-c", "import slixmpp; print(slixmpp.__version__)"]);
    assert!(requirements.lines().any(|line| line == format!("slixmpp=={}", version.trim())), "{version}");
}

#[test]
fn xmpp_js_can_be_imported() {
    let script =
        "import { client, xml } from '@xmpp/client'; console.log(typeof client, xml('a').toString())";
    let output = stdout(foreign::node(), &["--input-type=module", "--eval", script]);
    assert_eq!(output, "function <a/>\n");
}

#[test]
fn the_programs_run() {
    assert!(stdout(foreign::program("go-sendxmpp"), &["--version"]).contains("go-sendxmpp"));
    assert!(stdout(foreign::program("profanity"), &["--version"]).contains("Profanity"));
    assert!(stdout(foreign::program("tmux"), &["-V"]).starts_with("tmux "));
}
