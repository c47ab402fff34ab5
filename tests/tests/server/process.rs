//! The harness keeps what it promises about child processes.

use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, test_kill_process};
use stonechat_tests::{Process, Ready, Stream, tempdir};

const LIMIT: Duration = Duration::from_secs(20);

fn sh(script: &str) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Process::spawn(command)
}

fn any(line: &str) -> Option<String> {
    Some(line.to_owned())
}

#[test]
fn readiness_is_a_line_and_not_a_pause() {
    let server = sh("echo starting; echo 'ready: c2s=127.0.0.1:40001'; exec sleep 600");
    let start = Instant::now();
    let ready = server.wait_for(Stream::Stdout, LIMIT, "that it is ready", Ready::parse);
    assert_eq!(ready.address("c2s").port(), 40001);
    assert!(start.elapsed() < LIMIT);
}

#[test]
fn a_dropped_process_is_gone() {
    let process = sh("echo up; exec sleep 600");
    process.wait_for(Stream::Stdout, LIMIT, "up", any);
    let pid = Pid::from_raw(process.id().try_into().unwrap()).unwrap();
    assert_eq!(test_kill_process(pid), Ok(()));
    drop(process);
    assert_eq!(test_kill_process(pid), Err(rustix::io::Errno::SRCH));
}

#[test]
fn a_signal_reaches_the_process_and_its_last_words_are_kept() {
    let process = sh("trap 'kill $!; echo bye; exit 3' TERM; sleep 600 >&- 2>&- & echo up; wait");
    process.wait_for(Stream::Stdout, LIMIT, "up", any);
    process.signal(Signal::TERM);
    let output = process.finish(LIMIT).expect_failure();
    assert_eq!((output.status.code(), output.stdout.as_str()), (Some(3), "up\nbye\n"));
}

#[test]
fn the_exit_is_seen_and_a_signal_after_it_harms_nobody() {
    let process = sh("exit 0");
    while process.exit_status().is_none() {
        std::thread::yield_now();
    }
    process.signal(Signal::KILL);
    assert_eq!(process.exit_status().unwrap().code(), Some(0));
}

#[test]
fn both_streams_are_captured_whole() {
    let output =
        sh("i=0; while [ $i -lt 2000 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done; printf end");
    let output = output.finish(LIMIT).expect_success();
    assert_eq!(output.stdout.lines().count(), 2001);
    assert!(output.stdout.ends_with("\nend"));
    assert_eq!(output.stderr.lines().count(), 2000);
}

#[test]
#[should_panic(
    expected = "did not say up and will not: the stream ended\n--- stdout\n--- stderr\nit broke\n---"
)]
fn waiting_for_a_line_that_cannot_come_panics_with_the_transcript() {
    let process = sh("exec >&-; echo it broke >&2; exec 2>&-; exit 1");
    // Its words first, so that the transcript has them.
    process.wait_for(Stream::Stderr, LIMIT, "why", any);
    process.wait_for(Stream::Stdout, LIMIT, "up", any);
}

#[test]
#[should_panic(expected = "sh did not say up in 50ms")]
fn waiting_for_a_line_has_a_limit() {
    sh("exec sleep 600").wait_for(Stream::Stdout, Duration::from_millis(50), "up", any);
}

#[test]
#[should_panic(expected = "sh did not end in 50ms")]
fn waiting_for_the_end_has_a_limit() {
    let _ = sh("exec sleep 600").finish(Duration::from_millis(50));
}

#[test]
#[should_panic(expected = "--- stderr\nit broke\n---")]
fn a_failure_is_told_with_the_transcript() {
    let _ = sh("echo it broke >&2; exit 1").finish(LIMIT).expect_success();
}

#[test]
#[should_panic(expected = "cannot start no-such-program")]
fn a_program_that_is_not_there_is_named() {
    let _ = Process::spawn(Command::new("no-such-program"));
}

#[test]
fn a_temporary_folder_goes_with_its_contents() {
    let folder = tempdir();
    let path = folder.path().to_owned();
    std::fs::write(path.join("file"), "text").unwrap();
    drop(folder);
    assert!(!path.exists());
}
