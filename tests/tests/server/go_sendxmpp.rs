//! go-sendxmpp sends and listens.

use std::time::Duration;

use stonechat_tests::{Process, Server, Settings, Stream, WITHIN, foreign};

/// go-sendxmpp as `user1@localhost`. It verifies the server's certificate.
fn go_sendxmpp(server: &Server, direct_tls: bool, args: &[&str]) -> Process {
    let address = if direct_tls { server.c2s_direct_tls() } else { server.c2s() };
    let mut command = foreign::program("go-sendxmpp");
    foreign::point(&mut command, server);
    // Nothing of the user who runs the tests.
    command.env("HOME", server.folder()).env("XDG_CONFIG_HOME", server.folder());
    command
        .args(["-u", "user1@localhost", "-p", "pw-user1", "-j"])
        .arg(format!("localhost:{}", address.port()));
    if direct_tls {
        command.arg("-t");
    }
    command.args(args);
    Process::spawn(command)
}

fn send(server: &Server, direct_tls: bool, body: &str) {
    let mut sender = go_sendxmpp(server, direct_tls, &["user2@localhost"]);
    sender.send_line(body);
    let _ = sender.finish(WITHIN).expect_success();
}

#[test]
fn what_go_sendxmpp_sends_to_somebody_online_arrives() {
    let server = Settings::new().start_with_users(2);
    let online = foreign::start_script(&server, "answer.py", &["echo", "user2@localhost", "over direct TLS"]);
    online.wait_for(Stream::Stdout, WITHIN, "online", |line| (line == "online").then_some(()));
    send(&server, false, "over STARTTLS");
    send(&server, true, "over direct TLS");
    let output = foreign::succeed(&server, online).stdout;
    assert!(output.contains("from user1@localhost: over STARTTLS\n"), "{output}");
    assert!(output.contains("from user1@localhost: over direct TLS\n"), "{output}");
}

#[test]
fn what_go_sendxmpp_sends_to_somebody_offline_waits() {
    let server = Settings::new().start_with_users(2);
    send(&server, false, "first");
    send(&server, true, "second");
    let output = foreign::script(&server, "answer.py", &["waiting", "user2@localhost", "2"]).stdout;
    let expected = "delayed from user1@localhost: first\ndelayed from user1@localhost: second\nok waiting\n";
    assert_eq!(output, expected);
}

#[test]
fn go_sendxmpp_prints_what_it_is_sent() {
    let server = Settings::new().start_with_users(2);
    let listener = go_sendxmpp(&server, false, &["-l"]);
    // It says nothing when it is there; what comes before waits for it.
    let mut writer =
        foreign::start_script(&server, "answer.py", &["write", "user2@localhost", "user1@localhost"]);
    writer.send_line("are you there?");
    writer.send_line("Grüße");
    writer.close_stdin();
    foreign::succeed(&server, writer);
    for text in ["are you there?", "Grüße"] {
        listener.wait_for(Stream::Stdout, Duration::from_secs(60), text, |line| {
            (line.contains("user2@localhost") && line.contains(text)).then_some(())
        });
    }
}
