//! A gateway to IRC, attached as a component: biboumi between this server and ngircd.

use crate::client::{Online, builder, message};
use stonechat_client::Event;
use stonechat_stanza::{Stanza, message as kinds, presence};
use stonechat_tests::{Biboumi, Irc, IrcClient, Settings};
use stonechat_xep_muc::client::{self as muc, Join, News, Rooms};

const DOMAIN: &str = "irc.localhost";
const SECRET: &str = "a secret of the gateway's";

/// Waits for news of the room.
async fn news<T>(one: &mut Online, what: &str, wanted: impl Fn(&News) -> Option<T>) -> T {
    loop {
        match one.event().await {
            Event::Extension(event) => {
                if let Some(muc::Event { news, .. }) = event.get()
                    && let Some(found) = wanted(news)
                {
                    return found;
                }
            }
            Event::Stanza(_) | Event::Token(_) => {}
            other => panic!("instead of {what}: {other:?}"),
        }
    }
}

async fn said(one: &mut Online, text: &str) -> String {
    news(one, text, |news| match news {
        News::Said(said) => {
            let body = said.message.find("jabber:client", "body")?.element().ok()?.text();
            (body == text).then(|| said.message.from().unwrap().as_str().to_owned())
        }
        _ => None,
    })
    .await
}

/// Reads on a thread of its own, as nothing else goes on meanwhile.
async fn hears(mut irc: IrcClient, part: &str) -> (IrcClient, String) {
    let part = part.to_owned();
    let heard = tokio::task::spawn_blocking(move || {
        let line = irc.until(&part);
        (irc, line)
    });
    heard.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_and_somebody_on_irc_chat_through_biboumi() {
    let server = Settings::new().component(DOMAIN, SECRET).start_with_users(1);
    let irc = Irc::start();
    let gateway = Biboumi::start(DOMAIN, SECRET, server.component());
    let mut bob = irc.log_in("bob");
    bob.say("JOIN #castle");
    let (bob, _) = hears(bob, " 366 ").await;

    let mut alice = Online::start(builder(&server, "user1").extension(&stonechat_xep_muc::CLIENT)).await;
    alice.client.send(Stanza::presence(presence::Type::Available)).await.unwrap();
    let rooms = alice.client.service::<Rooms>().unwrap();
    let room: stonechat_stanza::jid::BareJid = format!("#castle%{}@{DOMAIN}", irc.name()).parse().unwrap();
    let entered = rooms.join(&room, Join::as_nick("alice")).await;
    let entered = entered.unwrap_or_else(|error| {
        panic!(
            "{error}\nbiboumi said\n{}\nngircd said\n{}\nthe server said\n{}",
            gateway.transcript(),
            irc.transcript(),
            server.process().transcript()
        )
    });
    assert!(!entered.again, "{entered:?}");
    let (bob, joined) = hears(bob, " JOIN ").await;
    assert!(joined.starts_with(":alice!") && joined.contains("#castle"), "{joined}");

    let hello = message(room.as_str(), "hello from XMPP, <&>");
    let mut hello_all = hello.clone();
    hello_all.set_kind(stonechat_stanza::Kind::Message(kinds::Type::Groupchat));
    alice.client.send(hello_all).await.unwrap();
    let (mut bob, heard) = hears(bob, " PRIVMSG #castle ").await;
    assert!(heard.starts_with(":alice!") && heard.ends_with(":hello from XMPP, <&>"), "{heard}");

    bob.say("PRIVMSG #castle :hello from IRC, <&>");
    assert_eq!(said(&mut alice, "hello from IRC, <&>").await, format!("{room}/bob"));

    // In order, and many.
    for number in 0..50 {
        bob.say(&format!("PRIVMSG #castle :line {number}"));
        assert_eq!(said(&mut alice, &format!("line {number}")).await, format!("{room}/bob"));
    }

    // To one alone.
    alice.client.send(message(&format!("{room}/bob"), "just between us")).await.unwrap();
    let (_bob, heard) = hears(bob, " PRIVMSG bob ").await;
    assert!(heard.ends_with(":just between us"), "{heard}");
    alice.client.close().await;
}
