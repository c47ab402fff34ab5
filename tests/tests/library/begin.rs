//! What a session begins with, together with the login (XEP-0386 §3.2).

use crate::client::{Online, WITHIN, builder, log_in, message};
use stonechat_client::Event;
use stonechat_extension::client::{Begin, Cx, Extension, Installer};
use stonechat_extension::{InstallError, Manifest, NoConfig};
use stonechat_stanza::{Element, Kind, Stanza, ns, presence};
use stonechat_tests::Settings;
use stonechat_xep_ping::client::Pinger;

/// Lets a session begin as one that nobody looks at (XEP-0352), and says nothing more of it.
struct Unseen;

impl Extension for Unseen {
    const MANIFEST: Manifest = Manifest::new("unseen");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let unseen = client.share(Self);
        client.begin("urn:xmpp:csi:0", &unseen);
        Ok(())
    }
}

impl Begin for Unseen {
    fn begin(&self, _: &Cx<'_>) -> Option<Element> {
        Some(Element::bare("inactive", "urn:xmpp:csi:0"))
    }
}

stonechat_extension::register!(client: Unseen);

/// What is seen of two changes of somebody's presence when a message comes behind them.
async fn seen(one: &mut Online, two: &Online) -> Vec<String> {
    let to = one.jid.as_str();
    for show in ["away", "dnd"] {
        let xml = format!("<presence to='{to}'><show>{show}</show></presence>");
        two.client.send(Stanza::parse(xml.as_bytes()).unwrap()).await.unwrap();
    }
    two.client.send(message(to, "hello")).await.unwrap();
    let mut seen = Vec::new();
    loop {
        let Event::Stanza(inbound) = one.event().await else { continue };
        match inbound.stanza.kind() {
            Kind::Presence(presence::Type::Available) => {
                let show = inbound.stanza.find(ns::CLIENT, "show");
                seen.extend(show.map(|show| show.element().unwrap().text()));
            }
            Kind::Message(_) => return seen,
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_session_is_from_the_beginning_what_an_extension_says() {
    let server = Settings::new().start_with_users(2);
    let two = log_in(&server, "user2").await;
    for (unseen, expected) in [(false, vec!["away", "dnd"]), (true, vec!["dnd"])] {
        let builder = builder(&server, "user1");
        let mut one = Online::start(if unseen { builder.extension(&CLIENT) } else { builder }).await;
        one.client.send(Stanza::presence(presence::Type::Available)).await.unwrap();
        // Answers to what was asked at the beginning would have what is held back come.
        one.client.service::<Pinger>().unwrap().ping(None, WITHIN).await.unwrap();
        assert_eq!(seen(&mut one, &two).await, expected);
        one.client.close().await;
    }
}
