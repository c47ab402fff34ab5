//! A client that is composed of three crates, the roster, presence and archives: it says who one's contacts are, which of them are there,
//! and what was said last.
//!
//! `XMPP_PASSWORD=… cargo run -p stonechat-examples --example overview -- juliet@example.org`

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::time::Duration;

use stonechat_client::{Client, Event};
use stonechat_stanza::{ns, rsm};
use stonechat_xep_mam::Filter;
use stonechat_xep_mam::client::Archive;
use stonechat_xep_presence::client::Presence;
use stonechat_xep_roster::client::{Event as Contacts, Roster};
use tokio::time::timeout;

/// How long the contacts have to say that they are there.
const PATIENCE: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = std::env::args().nth(1).ok_or("whose account?")?.parse()?;
    let (client, mut events) = Client::builder(account)
        .password(std::env::var("XMPP_PASSWORD")?)
        .place(stonechat_examples::place())
        .extensions(&[
            &stonechat_xep_roster::CLIENT,
            &stonechat_xep_presence::CLIENT,
            &stonechat_xep_mam::CLIENT,
        ])
        .start()?;
    while let Some(event) = events.next().await {
        match event {
            Event::Extension(event) => match event.get() {
                Some(Contacts::Loaded) => break,
                Some(Contacts::Failed(error)) => return Err(error.clone().into()),
                _ => {}
            },
            Event::Offline { error, .. } => return Err(error.into()),
            _ => {}
        }
    }
    // What comes is of no more interest than that it comes: the services remember.
    let drain = async { while events.next().await.is_some() {} };
    let _over = timeout(PATIENCE, drain).await;

    let missing = "an extension is missing";
    let (roster, presence) =
        (client.service::<Roster>().ok_or(missing)?, client.service::<Presence>().ok_or(missing)?);
    for contact in roster.items() {
        let is_there =
            if presence.of(&contact.jid.to_bare()).is_some() { "is there" } else { "is not there" };
        println!("{} {} {is_there}", contact.jid, contact.name);
    }
    let archive = client.service::<Archive>().ok_or(missing)?;
    let page = archive.page(None, &Filter::default(), rsm::Request::last(10)).await?;
    for kept in page.messages {
        if let Some(body) = kept.message.find(ns::CLIENT, "body") {
            let from = kept.message.from().map(|from| from.bare_str().to_owned()).unwrap_or_default();
            println!("{from}: {:?}", body.element()?.text());
        }
    }
    let drain = async { while events.next().await.is_some() {} };
    tokio::join!(client.close(), drain);
    Ok(())
}
