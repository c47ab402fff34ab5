//! The examples of clients, against the server.

use std::process::Command;

use crate::client::{Online, WITHIN, builder, log_in, message};
use rustix::process::Signal;
use stonechat_client::Event;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Kind, Stanza, presence};
use stonechat_tests::{Process, Server, Settings, Stream, example};

/// An example as user1.
fn start(server: &Server, name: &str) -> Process {
    let mut command = Command::new(example(name));
    command
        .arg("user1@localhost")
        .env("XMPP_PASSWORD", "pw-user1")
        .env("XMPP_HOST", "127.0.0.1")
        .env("XMPP_PORT", server.c2s().port().to_string())
        .env("SSL_CERT_FILE", server.certificate("localhost"));
    Process::spawn(command)
}

#[tokio::test]
async fn the_echo_bot_says_back_what_it_hears() {
    let server = Settings::new().start_with_users(2);
    let mut two = log_in(&server, "user2").await;
    let bot = start(&server, "echo_bot");
    // Whenever it is there, it has what was sent before.
    two.client.send(message("user1@localhost", "hello <&>")).await.unwrap();
    assert_eq!(two.message().await, "hello <&>");
    bot.signal(Signal::TERM);
    let _ = bot.finish(WITHIN);
}

#[tokio::test]
async fn the_dice_bot_rolls_dice_and_tells_what_it_can_do() {
    let server = Settings::new().start_with_users(2);
    let bot = start(&server, "dice_bot");
    let jid: Jid = bot
        .wait_for(Stream::Stdout, WITHIN, "its address", |line| line.strip_suffix(" is there")?.parse().ok());
    // Of the same account, as the server keeps requests of strangers from sessions.
    let two = Online::start(builder(&server, "user1").extension(&stonechat_xep_disco::CLIENT)).await;
    let ask = |child: &str| {
        let xml = format!("<iq type='get' id='1' to='{jid}'>{child}</iq>");
        two.client.handle().exchange(Stanza::parse(xml.as_bytes()).unwrap())
    };
    let rolled = ask("<dice xmlns='urn:example:dice' sides='6'/>").await.unwrap();
    assert!(rolled.to_string().contains("value='4'"), "{rolled}");
    assert!(ask("<dice xmlns='urn:example:dice' sides='1000'/>").await.is_err());
    bot.wait_for(Stream::Stdout, WITHIN, "who has rolled", |line| {
        (line == format!("{} has rolled 4", two.jid)).then_some(())
    });
    let disco = two.client.service::<stonechat_xep_disco::client::Disco>().unwrap();
    assert!(disco.info(jid.clone(), None).await.unwrap().has("urn:example:dice"));
    bot.signal(Signal::TERM);
    let _ = bot.finish(WITHIN);
}

#[tokio::test]
async fn the_overview_has_the_contacts_who_is_there_and_what_was_said() {
    let server = Settings::new().start_with_users(2);
    let mut two = log_in(&server, "user2").await;
    let one = log_in(&server, "user1").await;
    let presence = |kind, to: &str| Stanza::presence(kind).with_to(to.parse::<Jid>().unwrap());
    one.client.send(presence(presence::Type::Subscribe, "user2@localhost")).await.unwrap();
    two.until(|event| is_presence(event, presence::Type::Subscribe)).await;
    two.client.send(presence(presence::Type::Subscribed, "user1@localhost")).await.unwrap();
    one.client.send(message("user2@localhost", "good night")).await.unwrap();
    assert_eq!(two.message().await, "good night");
    one.client.close().await;
    let output = start(&server, "overview").finish(WITHIN).expect_success();
    assert_eq!(output.stdout, "user2@localhost  is there\nuser1@localhost: \"good night\"\n");
}

fn is_presence(event: &Event, kind: presence::Type) -> bool {
    matches!(event, Event::Stanza(inbound) if inbound.stanza.kind() == Kind::Presence(kind))
}
