//! Components, well-behaved and not.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod support;

use std::time::Duration;

use async_trait::async_trait;
use stonechat_extension::{
    Cx, Descriptor, InstallError, Installer, Manifest, NoConfig, Registry, Serve, ServerExtension,
};
use stonechat_jid::Jid;
use stonechat_sasl::Channel;
use stonechat_server::config::{Component, Config, Kind, Listener};
use stonechat_server::{Server, ServerError};
use stonechat_stanza::{Stanza, StanzaError, message};
use stonechat_store::Store;
use stonechat_stream::component::Secret;
use support::client::Client;
use support::{Fixture, HOST, soon, start, start_with};
use tokio::net::TcpStream;

const IRC: &str = "irc.localhost";
const SMS: &str = "sms.example.net";
const SECRET: &str = "hunter2hunter2";

fn components(config: &mut Config) {
    config.listeners.push(Listener::component("127.0.0.1:0".parse().unwrap()));
    for domain in [IRC, SMS] {
        config.components.insert(domain.to_owned(), Component::with_secret(SECRET));
    }
}

fn header(domain: &str) -> String {
    format!(
        "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='{domain}'>"
    )
}

async fn connect(fixture: &Fixture) -> Client {
    let address = fixture.address(Kind::Component);
    Client::over(TcpStream::connect(address).await.unwrap(), Channel::plaintext())
}

/// Opens a stream, and returns its id.
async fn open(client: &mut Client, domain: &str) -> String {
    client.send(&header(domain)).await;
    let said = client.until(">").await + &client.until(">").await;
    said.split(" id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned()
}

async fn component(fixture: &Fixture, domain: &str) -> Client {
    let mut client = connect(fixture).await;
    let id = open(&mut client, domain).await;
    client.send(&format!("<handshake>{}</handshake>", Secret::new(SECRET).handshake(&id))).await;
    client.until("<handshake/>").await;
    client
}

async fn juliet(fixture: &Fixture) -> Client {
    fixture.plain_session("juliet", "balcony").await
}

#[tokio::test]
async fn what_is_for_a_component_comes_to_it_in_order() {
    let fixture = start(components).await;
    let mut irc = component(&fixture, IRC).await;
    let host = fixture.server.host(HOST).unwrap();
    let numbered = |id: usize| {
        Stanza::message(message::Type::Chat)
            .with_from("juliet@localhost/balcony".parse::<Jid>().unwrap())
            .with_to("x@irc.localhost/y".parse::<Jid>().unwrap())
            .with_id(&format!("out-{id}-"))
    };
    for id in 0..100 {
        host.send(numbered(id)).await;
    }
    for id in 0..100 {
        let said = irc.until("/>").await;
        assert!(
            said.contains(&format!("out-{id}-")) && said.contains("from='juliet@localhost/balcony'"),
            "{said}"
        );
        assert!(!said.contains("jabber:client"), "{said}");
    }
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn what_a_client_s_session_receives_comes_from_the_component_s_addresses() {
    let fixture = start(components).await;
    let mut irc = component(&fixture, IRC).await;
    let mut juliet = juliet(&fixture).await;
    juliet.send("<message to='#a%b@irc.localhost' type='chat' id='1'><body>hi</body></message>").await;
    let heard = irc.until("</message>").await;
    assert!(
        heard.contains("from='juliet@localhost/balcony'") && heard.contains("<body>hi</body>"),
        "{heard}"
    );
    irc.send("<message from='#a%b@irc.localhost/nick' to='juliet@localhost/balcony' type='groupchat'><body>yo</body></message>")
        .await;
    let heard = juliet.until("</message>").await;
    assert!(heard.contains("from='#a%b@irc.localhost/nick'") && heard.contains("<body>yo</body>"), "{heard}");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn who_does_not_know_the_secret_gets_not_authorized_and_the_connection_ends() {
    let fixture = start(components).await;
    let mut client = connect(&fixture).await;
    let id = open(&mut client, IRC).await;
    client.send(&format!("<handshake>{}</handshake>", Secret::new("hunter3").handshake(&id))).await;
    let said = client.until_closed().await;
    assert!(said.contains("<not-authorized") && said.ends_with("</stream:stream>"), "{said}");
    let mut client = connect(&fixture).await;
    client.send(&header("nobody.example.org")).await;
    let said = client.until_closed().await;
    assert!(said.contains("<stream:stream") && said.contains("<host-unknown"), "{said}");
    fixture.server.shutdown().await;
}

/// SECURITY 38: a stanza whose `from` is not authorised for this stream closes it.
#[tokio::test]
async fn a_stanza_in_the_name_of_somebody_else_closes_the_stream_and_goes_nowhere() {
    let fixture = start(components).await;
    let mut juliet = juliet(&fixture).await;
    for from in ["romeo@localhost/x", "localhost", SMS, "x@elsewhere.example", "irc.localhost.evil.example"] {
        let mut irc = component(&fixture, IRC).await;
        irc.send(&format!(
            "<message from='{from}' to='juliet@localhost/balcony' type='chat'><body>x</body></message>"
        ))
        .await;
        let said = irc.until_closed().await;
        assert!(said.contains("<invalid-from"), "{from}: {said}");
    }
    assert!(!juliet.sync().await.contains("<body>x</body>"));
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn what_is_sent_while_a_component_is_away_waits_for_it_and_comes_first() {
    let fixture = start(components).await;
    let mut juliet = juliet(&fixture).await;
    for id in ["before-1", "before-2"] {
        juliet.send(&format!("<message to='x@irc.localhost' type='chat' id='{id}'/>")).await;
    }
    juliet.sync().await;
    let mut irc = component(&fixture, IRC).await;
    assert!(irc.until("/>").await.contains("before-1"));
    assert!(irc.until("/>").await.contains("before-2"));
    drop(irc);
    fixture.sessions(1).await;
    soon("the connection's end", async {
        while fixture.server.connections() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    juliet.send("<message to='x@irc.localhost' type='chat' id='between'/>").await;
    juliet.sync().await;
    let mut irc = component(&fixture, IRC).await;
    juliet.send("<message to='x@irc.localhost' type='chat' id='after'/>").await;
    assert!(irc.until("/>").await.contains("between"));
    assert!(irc.until("/>").await.contains("after"));
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_component_that_does_not_come_is_told_of_by_service_unavailable_with_wait() {
    let fixture = start(|config| {
        components(config);
        config.components.get_mut(IRC).unwrap().wait = Duration::from_millis(200);
        config.components.get_mut(SMS).unwrap().queue_bytes = 1;
    })
    .await;
    let mut juliet = juliet(&fixture).await;
    juliet.send("<message to='x@irc.localhost' type='chat' id='1'><body>hi</body></message>").await;
    let told = juliet.until("</message>").await;
    assert!(
        told.contains("id='1'") && told.contains("type='error'") && told.contains("from='x@irc.localhost'"),
        "{told}"
    );
    assert!(told.contains("<error type='wait'") && told.contains("<service-unavailable"), "{told}");
    juliet.send("<iq to='irc.localhost' type='get' id='2'><x xmlns='urn:x'/></iq>").await;
    assert!(juliet.until("</iq>").await.contains("<service-unavailable"));
    juliet.send("<message to='x@sms.example.net' type='chat' id='3'><body>hi</body></message>").await;
    let told = juliet.until("</message>").await;
    assert!(told.contains("<error type='wait'") && told.contains("<resource-constraint"), "{told}");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_second_connection_is_a_conflict_where_there_may_be_one() {
    let fixture = start(components).await;
    let _first = component(&fixture, IRC).await;
    let mut second = connect(&fixture).await;
    second.send(&header(IRC)).await;
    let said = second.until_closed().await;
    assert!(said.contains("<conflict"), "{said}");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn several_connections_share_the_senders_and_each_sender_keeps_its_order() {
    let fixture = start(|config| {
        components(config);
        config.components.get_mut(IRC).unwrap().connections = 3;
    })
    .await;
    let mut connections = Vec::new();
    for _ in 0..3 {
        connections.push(component(&fixture, IRC).await);
    }
    let host = fixture.server.host(HOST).unwrap();
    let (senders, each) = (60, 20);
    for round in 0..each {
        for sender in 0..senders {
            let stanza = Stanza::message(message::Type::Chat)
                .with_from(format!("u{sender}@localhost/r").parse::<Jid>().unwrap())
                .with_to("x@irc.localhost".parse::<Jid>().unwrap())
                .with_id(&format!("{sender}-{round}"));
            host.send(stanza).await;
        }
    }
    fixture.server.shutdown().await;
    let (mut heard, mut used) = (0, 0);
    for mut connection in connections {
        let said = connection.until_closed().await;
        let mut next = std::collections::HashMap::<String, usize>::new();
        for id in said.split(" id='").skip(1).map(|rest| rest.split('\'').next().unwrap()) {
            let (sender, round) = id.split_once('-').unwrap();
            let expected = next.entry(sender.to_owned()).or_default();
            assert_eq!(round.parse::<usize>().unwrap(), *expected, "{id}");
            *expected += 1;
            heard += 1;
        }
        assert!(next.values().all(|count| *count == each), "a sender was split");
        used += usize::from(!next.is_empty());
    }
    assert_eq!((heard, used), (senders * each, 3));
}

/// SECURITY 44: an error is never answered with an error, and two components that forward to each other stop.
#[tokio::test]
async fn error_loops_and_forwarding_loops_between_two_components_stop() {
    let fixture = start(components).await;
    let (mut irc, mut sms) = (component(&fixture, IRC).await, component(&fixture, SMS).await);
    let mut rounds = 0;
    let refused = loop {
        irc.send("<message from='a@irc.localhost' to='b@sms.example.net'><body>to and fro</body></message>")
            .await;
        let heard = tokio::select! {
            heard = sms.until("</message>") => heard,
            refused = irc.until("</message>") => break refused,
        };
        assert!(heard.contains("from='a@irc.localhost'"), "{heard}");
        sms.send("<message from='b@sms.example.net' to='a@irc.localhost'><body>to and fro</body></message>")
            .await;
        let heard = tokio::select! {
            heard = irc.until("</message>") => heard,
            refused = sms.until("</message>") => break refused,
        };
        assert!(heard.contains("from='b@sms.example.net'") || heard.contains("<policy-violation"), "{heard}");
        if heard.contains("<policy-violation") {
            break heard;
        }
        rounds += 1;
        assert!(rounds < 1000, "it does not stop");
    };
    assert!(refused.contains("type='error'") && refused.contains("<policy-violation"), "{refused}");
    // What says something else still goes; errors to nobody lead to nothing.
    irc.send("<message from='a@irc.localhost' to='nobody@localhost' type='error' id='e1'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>").await;
    irc.send("<iq from='a@irc.localhost' to='x@nowhere.example' type='error' id='e2'/>").await;
    irc.send(
        "<message from='a@irc.localhost' to='b@sms.example.net' id='last'><body>goodbye</body></message>",
    )
    .await;
    assert!(sms.until("</message>").await.contains("goodbye"));
    fixture.server.shutdown().await;
    let rest = irc.until_closed().await;
    assert!(!rest.contains("id='e1'") && !rest.contains("id='e2'"), "{rest}");
}

#[tokio::test]
async fn a_stanza_without_an_address_is_answered_and_one_for_another_server_is_refused() {
    let fixture = start(components).await;
    let mut irc = component(&fixture, IRC).await;
    for (to, condition) in [
        ("", "<bad-request"),
        ("to='@'", "<jid-malformed"),
        ("to='a@elsewhere.example'", "<remote-server-not-found"),
    ] {
        irc.send(&format!("<message from='irc.localhost' {to}><body>x</body></message>")).await;
        let told = irc.until("</message>").await;
        assert!(told.contains(condition), "{to}: {told}");
    }
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_reload_adds_and_removes_components() {
    let fixture = start(components).await;
    let mut irc = component(&fixture, IRC).await;
    let mut config = fixture.server.config();
    config.components.remove(IRC);
    config.components.insert("new.example.net".to_owned(), Component::with_secret(SECRET));
    fixture.server.reload(config).await.unwrap();
    let said = irc.until_closed().await;
    assert!(said.contains("<host-gone"), "{said}");
    component(&fixture, "new.example.net").await;
    let mut gone = connect(&fixture).await;
    gone.send(&header(IRC)).await;
    assert!(gone.until_closed().await.contains("<host-unknown"));
    fixture.server.shutdown().await;
}

struct Rooms;
static ROOMS: Descriptor = Descriptor::of::<Rooms>();

impl ServerExtension for Rooms {
    const MANIFEST: Manifest = Manifest::new("rooms");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let rooms = host.share(Self);
        host.serve("rooms", &rooms)
    }
}

#[async_trait]
impl Serve for Rooms {
    async fn serve(&self, cx: &mut Cx<'_>, stanza: Stanza) -> Result<(), StanzaError> {
        cx.send(stanza.reply());
        Ok(())
    }
}

#[tokio::test]
async fn a_component_reaches_a_service_of_an_extension_and_cannot_have_its_domain() {
    let registry = || Registry::of(&[&ROOMS]).unwrap();
    let fixture = start_with(registry(), components).await;
    let mut irc = component(&fixture, IRC).await;
    irc.send("<iq from='irc.localhost' to='a@rooms.localhost' type='get' id='1'><x xmlns='urn:x'/></iq>")
        .await;
    let heard = irc.until("/>").await;
    assert!(heard.contains("from='a@rooms.localhost'") && heard.contains("type='result'"), "{heard}");
    let mut config = fixture.server.config();
    config.components.insert("rooms.localhost".to_owned(), Component::with_secret(SECRET));
    let refused = fixture.server.reload(config.clone()).await.unwrap_err();
    assert!(refused.to_string().starts_with("components.rooms.localhost: "), "{refused}");
    config.components.remove("rooms.localhost");
    config.hosts.insert("rooms.localhost".to_owned(), stonechat_server::config::Host::default());
    let Err(ServerError::Config(refused)) = Server::run(config, registry(), Store::memory()).await else {
        panic!("it starts")
    };
    assert_eq!(refused.key(), "hosts.rooms.localhost");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_component_that_stays_silent_or_sends_too_much_before_the_handshake_is_cut() {
    let fixture = start(|config| {
        components(config);
        config.timeouts.login = Duration::from_millis(200);
    })
    .await;
    let mut silent = connect(&fixture).await;
    assert!(silent.until_closed().await.contains("<connection-timeout"));
    let mut loud = connect(&fixture).await;
    loud.send(&header(IRC)).await;
    loud.send_if_open(format!("<handshake>{}", "a".repeat(10_000)).as_bytes()).await;
    assert!(loud.until_closed().await.contains("<policy-violation"));
    fixture.no_connections().await;
    fixture.server.shutdown().await;
}
