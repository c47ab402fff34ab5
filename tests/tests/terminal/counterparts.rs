//! The commands of the terminal client that need what Stonechat's server does not have yet, against other people's servers.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use crate::support::{Place, fails};
use rustls::{ClientConnection, StreamOwned};
use serde_json::Value;
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Counterpart, Process, Stream, WITHIN, free_port, stonechat, tempdir, trusting};

/// What is at an address: the head of the answer, and the content.
fn fetch(url: &str, certificate: &Path) -> (String, Vec<u8>) {
    let (authority, target) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
    let socket = TcpStream::connect(authority).unwrap();
    socket.set_read_timeout(Some(WITHIN)).unwrap();
    let config = Arc::new(trusting(certificate));
    let connection = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    write!(stream, "GET /{target} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // Not everybody says that it is over.
    let _over = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&answer[..end]).into_owned(), answer.split_off(end + 4))
}

fn files_are_uploaded(kind: Kind) {
    let (server, home) = (Counterpart::start(kind), tempdir());
    let place = Place::with(&server, home.path());
    let file = home.path().join("tr\u{e8}s cool.txt");
    let content: Vec<u8> = (0..300_000_u32).map(|at| b'a' + (at % 23) as u8).collect();
    std::fs::write(&file, &content).unwrap();
    let file = file.to_str().unwrap();

    let uploaded = place.run("user1", &["upload", file]);
    assert!(uploaded.status.success(), "{uploaded}\n{}", server.transcript());
    assert_eq!(uploaded.stderr, "", "no bar where there is no terminal");
    let (head, there) = fetch(uploaded.stdout.trim_end(), &server.certificate());
    assert!(head.starts_with("HTTP/1.") && head.lines().next().unwrap().contains("200"), "{head}");
    assert!(head.to_lowercase().contains("content-type: text/plain"), "{head}");
    assert!(there == content, "{} bytes", there.len());

    // Whom it is for is told.
    let listener = Process::spawn(place.of_user("user2", &["listen", "--count", "1"]));
    listener.wait_for(Stream::Stdout, WITHIN, "the session", |line| line.contains("online").then_some(()));
    let uploaded = place.run("user1", &["upload", file, "--to", "user2@localhost"]).expect_success();
    let message = listener.wait_for(Stream::Stdout, WITHIN, "the message", |line| {
        let value: Value = serde_json::from_str(line).unwrap();
        (value["event"] == "message").then_some(value)
    });
    let url = uploaded.stdout.trim_end();
    assert_eq!(message["body"], url);
    assert!(
        message["xml"].as_str().unwrap().contains(&format!("<x xmlns='jabber:x:oob'><url>{url}</url></x>"))
    );
    let _ = listener.finish(WITHIN).expect_success();

    // What is too large is not begun with.
    std::fs::write(home.path().join("large"), vec![0; 1_000_001]).unwrap();
    let said = fails(place.run("user1", &["upload", home.path().join("large").to_str().unwrap()]), 1);
    assert!(said.contains("too large"), "{said}");
    fails(place.run("user1", &["upload", home.path().to_str().unwrap()]), 64);
    fails(place.run("user1", &["upload", "/nonexistent/file"]), 74);
}

/// A way to a server that carries nothing behind the first bytes until it is told to.
fn gate(port: u16, server: std::net::SocketAddr) -> Sender<()> {
    let (open, opened) = channel();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut server = TcpStream::connect(server).unwrap();
        let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        // Whichever side ends it, it is over.
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        let first = std::io::copy(&mut (&mut client).take(50_000), &mut server);
        first.unwrap();
        opened.recv().unwrap();
        let _over = std::io::copy(&mut client, &mut server);
    });
    open
}

#[test]
fn how_far_an_upload_has_come_is_shown_on_a_terminal() {
    let (port, home) = (free_port(), tempdir());
    let server = Counterpart::with_uploads_at(Kind::Prosody, port);
    let open = gate(port, server.https());
    let place = Place::with(&server, home.path());
    let file = home.path().join("file");
    std::fs::write(&file, vec![b'x'; 900 << 10]).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" upload \"$1\"; echo \"ended with $?\"; read line"]).arg(stonechat()).arg(file);
    for (name, value) in place.of_user("user1", &[]).get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let mut screen = place.screen(shell);
    screen.shows("/900.00 KiB");
    open.send(()).unwrap();
    let shown = screen.shows("ended with 0");
    assert!(shown.contains("https://localhost:") && !shown.contains("KiB"), "{shown}");
    screen.key("Enter");
    screen.ends();
}

fn accounts_are_registered(kind: Kind) {
    let (server, home) = (Counterpart::start(kind), tempdir());
    let place = Place::with(&server, home.path());
    let said = place.run("user3", &["register"]);
    assert_eq!(said.stdout, "user3@localhost is registered\n", "{said}\n{}", server.transcript());
    let _ = place.run("user3", &["ping", "localhost"]).expect_success();
    assert!(fails(place.run("user3", &["register"]), 1).contains("taken"));
    let mut passwd = Process::spawn(place.of_user("user3", &["passwd"]));
    passwd.send_line("another one");
    let _ = passwd.finish(WITHIN).expect_success();
    fails(place.run("user3", &["ping", "localhost"]), 77);
}

#[test]
fn files_are_uploaded_to_prosody() {
    files_are_uploaded(Kind::Prosody);
}

#[test]
fn files_are_uploaded_to_ejabberd() {
    files_are_uploaded(Kind::Ejabberd);
}

#[test]
fn accounts_are_registered_with_prosody() {
    accounts_are_registered(Kind::Prosody);
}

#[test]
fn accounts_are_registered_with_ejabberd() {
    accounts_are_registered(Kind::Ejabberd);
}
