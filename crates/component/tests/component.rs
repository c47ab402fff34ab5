//! A component against the server.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use stonechat_component::{Builder, Component, Error, Event, Events, RequestError};
use stonechat_extension::Registry;
use stonechat_jid::Jid;
use stonechat_server::config::{self, Config, Kind, Listener};
use stonechat_server::{RunningServer, Server};
use stonechat_stanza::error::Condition;
use stonechat_stanza::{Stanza, iq, message, payload};
use stonechat_store::Store;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);
const SECRET: &str = "hunter2hunter2";

payload! {
    /// `<ping xmlns='urn:xmpp:ping'/>`
    struct Ping: "urn:xmpp:ping", "ping";
}

async fn server(port: u16) -> RunningServer {
    let mut config = Config {
        listeners: vec![Listener::component(SocketAddr::from(([127, 0, 0, 1], port)))],
        ..Config::for_host("example.org")
    };
    for domain in ["echo.example.org", "other.example.org"] {
        config.components.insert(domain.to_owned(), config::Component::with_secret(SECRET));
    }
    Server::run(config, Registry::default(), Store::memory()).await.unwrap()
}

fn port(server: &RunningServer) -> u16 {
    server.addresses().iter().find(|(kind, _)| *kind == Kind::Component).unwrap().1.port()
}

fn builder(domain: &str, port: u16) -> Builder {
    let moment = Duration::from_millis(50);
    Component::builder(domain.parse().unwrap()).secret(SECRET).server("127.0.0.1", port).waits(moment, moment)
}

async fn online(builder: Builder) -> (Component, Events) {
    let (component, mut events) = builder.start().unwrap();
    until(&mut events, |event| matches!(event, Event::Online)).await;
    (component, events)
}

async fn until(events: &mut Events, wanted: impl Fn(&Event) -> bool) -> Event {
    timeout(PATIENCE, async {
        loop {
            let event = events.next().await.expect("it goes on");
            if wanted(&event) {
                return event;
            }
        }
    })
    .await
    .expect("it comes")
}

async fn stanza(events: &mut Events) -> Stanza {
    match until(events, |event| matches!(event, Event::Stanza(_))).await {
        Event::Stanza(inbound) => inbound.stanza,
        _ => unreachable!(),
    }
}

fn message(to: &str, id: &str) -> Stanza {
    Stanza::message(message::Type::Chat).with_to(to.parse::<Jid>().unwrap()).with_id(id)
}

fn ping(to: &str) -> Stanza {
    Stanza::iq(iq::Type::Get).with_to(to.parse::<Jid>().unwrap()).with(&Ping {})
}

#[tokio::test]
async fn two_components_speak_with_each_other() {
    let server = server(0).await;
    let (echo, mut of_echo) = online(builder("echo.example.org", port(&server))).await;
    let (other, mut of_other) = online(builder("other.example.org", port(&server))).await;
    echo.send(message("x@other.example.org/y", "1")).await.unwrap();
    let heard = stanza(&mut of_other).await;
    assert_eq!(heard.from().unwrap().as_str(), "echo.example.org");
    assert_eq!(heard.to().unwrap().as_str(), "x@other.example.org/y");
    other.send(heard.reply()).await.unwrap();
    let heard = stanza(&mut of_echo).await;
    assert_eq!(heard.from().unwrap().as_str(), "x@other.example.org/y");
    echo.close().await;
    assert!(matches!(
        until(&mut of_echo, |event| matches!(event, Event::Closed(_))).await,
        Event::Closed(None)
    ));
    assert!(of_echo.next().await.is_none());
    server.shutdown().await;
}

#[tokio::test]
async fn requests_are_answered_by_extensions_for_all_addresses_and_else_refused() {
    let server = server(0).await;
    let with_ping = builder("echo.example.org", port(&server)).extension(&stonechat_xep_ping::CLIENT);
    let (_echo, _of_echo) = online(with_ping).await;
    let (other, _of_other) = online(builder("other.example.org", port(&server))).await;
    let ask = |to: &str, child: &str| {
        let xml = format!("<iq type='get' id='1' to='{to}'>{child}</iq>");
        other.handle().exchange(Stanza::parse(xml.as_bytes()).unwrap())
    };
    for to in ["echo.example.org", "a@echo.example.org", "a@echo.example.org/b"] {
        let pong = ask(to, "<ping xmlns='urn:xmpp:ping'/>").await.unwrap();
        assert_eq!(
            (pong.kind(), pong.from().unwrap().as_str()),
            (stonechat_stanza::Kind::Iq(iq::Type::Result), to)
        );
        let Err(RequestError::Refused(error)) = ask(to, "<x xmlns='urn:x'/>").await else { panic!("{to}") };
        assert_eq!(error.condition, Condition::ServiceUnavailable);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_component_comes_back_and_what_was_sent_meanwhile_arrives() {
    let first = server(0).await;
    let at = port(&first);
    let (echo, mut of_echo) = online(builder("echo.example.org", at)).await;
    first.shutdown().await;
    until(&mut of_echo, |event| matches!(event, Event::Offline { .. })).await;
    let sending = tokio::spawn(async move {
        echo.send(message("other.example.org", "meanwhile")).await.unwrap();
        echo
    });
    let second = server(at).await;
    let (_other, mut of_other) = online(builder("other.example.org", at)).await;
    assert_eq!(stanza(&mut of_other).await.id(), Some("meanwhile"));
    let echo = sending.await.unwrap();
    echo.close().await;
    second.shutdown().await;
}

#[tokio::test]
async fn a_request_under_way_when_the_connection_breaks_is_lost() {
    let server = server(0).await;
    let (echo, mut of_echo) = online(builder("echo.example.org", port(&server))).await;
    // Nobody is there, so it waits at the server.
    let mut asking = std::pin::pin!(echo.handle().exchange(ping("other.example.org")));
    let to_itself = async {
        echo.send(message("echo.example.org", "after the request")).await.unwrap();
        stanza(&mut of_echo).await
    };
    tokio::select! {
        biased;
        answer = &mut asking => panic!("{answer:?}"),
        heard = to_itself => assert_eq!(heard.id(), Some("after the request")),
    }
    server.shutdown().await;
    let lost = timeout(PATIENCE, asking).await.unwrap();
    assert!(matches!(lost, Err(RequestError::Lost)), "{lost:?}");
}

#[tokio::test]
async fn a_request_that_has_not_left_waits_for_the_next_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().port();
    let (echo, mut of_echo) = builder("echo.example.org", at).start().unwrap();
    let asking = echo.handle().exchange(ping("example.org"));
    let lost = async {
        // It has its connection, and no stream.
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        drop((stream, listener));
        until(&mut of_echo, |event| matches!(event, Event::Offline { .. })).await;
        server(at).await
    };
    let (answer, server) = timeout(PATIENCE, async { tokio::join!(asking, lost) }).await.unwrap();
    let Err(RequestError::Refused(error)) = answer else { panic!("{answer:?}") };
    assert_eq!(error.condition, Condition::ServiceUnavailable);
    server.shutdown().await;
}

#[tokio::test]
async fn a_request_for_which_there_is_no_connection_ends_when_its_time_is_over() {
    let impatient = builder("echo.example.org", 1).request_timeout(Duration::from_millis(100));
    let (echo, _of_echo) = impatient.start().unwrap();
    let answer = timeout(PATIENCE, echo.handle().exchange(ping("example.org"))).await.unwrap();
    assert!(matches!(answer, Err(RequestError::Timeout)), "{answer:?}");
}

#[tokio::test]
async fn a_wrong_secret_is_final_and_a_component_that_the_server_does_not_know_is_tried_again() {
    let server = server(0).await;
    let (_echo, mut events) = builder("echo.example.org", port(&server)).secret("hunter3").start().unwrap();
    let Event::Closed(Some(error)) = until(&mut events, |event| matches!(event, Event::Closed(_))).await
    else {
        panic!("it was not told why")
    };
    assert!(error.is_final() && error.to_string().contains("not-authorized"), "{error}");
    let (_none, mut events) = builder("none.example.org", port(&server)).start().unwrap();
    for _ in 0..2 {
        let offline = until(&mut events, |event| matches!(event, Event::Offline { .. })).await;
        let Event::Offline { error, .. } = offline else { unreachable!() };
        assert!(!error.is_final() && error.to_string().contains("host-unknown"), "{error}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn without_a_secret_a_domain_or_a_server_it_says_so() {
    let start = |jid: &str| Component::builder(jid.parse().unwrap());
    assert!(start("echo.example.org").start().unwrap_err().to_string().contains("no secret"));
    assert!(start("echo.example.org").secret("").start().unwrap_err().to_string().contains("no secret"));
    assert!(start("a@example.org").secret("x").start().unwrap_err().to_string().contains("not a domain"));
    assert!(!format!("{:?}", start("echo.example.org").secret("hunter2")).contains("hunter2"));
    let (component, mut events) = builder("echo.example.org", 1).start().unwrap();
    let offline = until(&mut events, |event| matches!(event, Event::Offline { .. })).await;
    assert!(matches!(offline, Event::Offline { error: Error::Network(_), .. }), "{offline:?}");
    component.close().await;
}
