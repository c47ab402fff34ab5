//! Components, in Rust and in Python, at this server and at those of others.

use crate::client;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use crate::client::{Online, log_in, message};
use stonechat_client::{Client, Place, Trust};
use stonechat_stanza::{Stanza, presence};
use stonechat_tests::counterpart::{COMPONENT, Kind};
use stonechat_tests::{Counterpart, Process, Settings, example, foreign};

/// Made before anybody waits for what it says, as that may take a while.
static ECHO_COMPONENT: LazyLock<PathBuf> = LazyLock::new(|| example("echo_component"));

/// The example as a component of the server that listens there.
fn echo_component(domain: &str, secret: &str, server: SocketAddr) -> Process {
    let mut command = Command::new(&*ECHO_COMPONENT);
    command.arg(domain).arg(server.ip().to_string()).arg(server.port().to_string());
    command.env("COMPONENT_SECRET", secret);
    Process::spawn(command)
}

/// All that a client sees of the echo component.
async fn hear_the_echo(online: &mut Online) {
    for to in ["echo.localhost", "anybody@echo.localhost", "anybody@echo.localhost/anywhere"] {
        online.client.send(message(to, "hello <&>")).await.unwrap();
        assert_eq!(online.message().await, "hello <&>", "{to}");
        let ping = format!("<iq type='get' id='1' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>");
        online.client.handle().exchange(Stanza::parse(ping.as_bytes()).unwrap()).await.unwrap();
    }
    for number in 0..100 {
        online.client.send(message("x@echo.localhost", &number.to_string())).await.unwrap();
    }
    for number in 0..100 {
        assert_eq!(online.message().await, number.to_string());
    }
}

#[tokio::test]
async fn the_echo_component_says_back_what_it_hears() {
    LazyLock::force(&ECHO_COMPONENT);
    let server = Settings::new().component(COMPONENT.0, COMPONENT.1).start_with_users(1);
    let mut one = log_in(&server, "user1").await;
    // What is sent before it is there waits for it.
    one.client.send(message("x@echo.localhost", "early")).await.unwrap();
    let _component = echo_component(COMPONENT.0, COMPONENT.1, server.component());
    assert_eq!(one.message().await, "early");
    hear_the_echo(&mut one).await;
    one.client.close().await;
    let log = server.process().transcript();
    assert!(log.contains("a component is connected") && !log.contains(COMPONENT.1), "{log}");
}

async fn the_echo_component_at(kind: Kind) {
    LazyLock::force(&ECHO_COMPONENT);
    let server = Counterpart::start(kind);
    let _component = echo_component(COMPONENT.0, COMPONENT.1, server.component());
    let builder = Client::builder("user1@localhost".parse().unwrap())
        .password("pw-user1")
        .trust(Trust::roots(client::read(&server.certificate())))
        .place(Place::Host("127.0.0.1".to_owned(), server.c2s().port()));
    let mut one = Online::start(builder).await;
    one.client.send(Stanza::presence(presence::Type::Available)).await.unwrap();
    // These servers keep nothing for a component that is not there yet.
    let ping = "<iq type='get' id='1' to='echo.localhost'><ping xmlns='urn:xmpp:ping'/></iq>";
    while one.client.handle().exchange(Stanza::parse(ping.as_bytes()).unwrap()).await.is_err() {
        tokio::task::yield_now().await;
    }
    hear_the_echo(&mut one).await;
    one.client.close().await;
}

#[tokio::test]
async fn the_echo_component_works_at_prosody() {
    the_echo_component_at(Kind::Prosody).await;
}

#[tokio::test]
async fn the_echo_component_works_at_ejabberd() {
    the_echo_component_at(Kind::Ejabberd).await;
}

/// A component of slixmpp, and a client of slixmpp.
#[test]
fn a_component_of_slixmpp_is_reached_and_comes_back_after_a_wrong_secret() {
    let server = Settings::new().component(COMPONENT.0, COMPONENT.1).start_with_users(1);
    let port = server.component().port().to_string();
    for function in ["echo", "wrong_secret", "wrong_sender"] {
        foreign::script(&server, "component.py", &[function, &port, COMPONENT.0, COMPONENT.1]);
    }
}

/// Line 84 of the list of known weaknesses: secrets are never in the log, nor in what the server prints.
#[test]
fn a_secret_comes_from_a_file_that_only_its_owner_can_read_and_is_never_shown() {
    use std::os::unix::fs::PermissionsExt as _;

    let settings = Settings::new().set("log.level", "debug").component("echo.localhost", "not this one");
    let text = settings.to_toml().replace("secret = \"not this one\"", "secret_file = \"echo.secret\"");
    let server = stonechat_tests::Server::start(|folder| {
        let file = folder.join("echo.secret");
        std::fs::write(&file, "hunter2hunter2\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        text.clone()
    });
    server.add_user("user1@localhost", "pw-user1");
    let port = server.component().port().to_string();
    foreign::script(&server, "component.py", &["echo", &port, "echo.localhost", "hunter2hunter2"]);
    foreign::script(&server, "component.py", &["wrong_secret", &port, "echo.localhost", "hunter2hunter2"]);
    let file = server.folder().join("echo.secret");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let check = server.command(&["reload"], &[]);
    assert!(
        !check.status.success() && check.stderr.contains("components.echo.localhost.secret_file"),
        "{check}"
    );
    let (output, _folder) = server.stop();
    assert!(!format!("{output}{check}").contains("hunter2hunter2"), "{output}");
}
