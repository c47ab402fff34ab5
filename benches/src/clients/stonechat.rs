//! `stonechat-client`.

use stonechat_client::{Client, Event, Events, Place};
use stonechat_stanza::jid::{FullJid, Jid};
use stonechat_stanza::{Element, Stanza, message, ns};

use super::work::{Session, Stamp, Taken, Work, exchange};
use crate::client::{PASSWORD, address};
use crate::{Error, Result};

struct Open {
    client: Client,
    events: Events,
    own: FullJid,
}

pub(super) async fn run(work: &Work) -> Result<(Taken, Taken)> {
    let begun = Stamp::now();
    let account = address(0).parse().map_err(failed)?;
    let place = Place::Host("127.0.0.1".to_owned(), work.port);
    let (client, mut events) =
        Client::builder(account).password(PASSWORD).place(place).start().map_err(failed)?;
    let own = loop {
        match next(&mut events).await? {
            Event::Online { jid, .. } => break jid,
            _ => continue,
        }
    };
    let login = begun.taken();
    let mut open = Open { client, events, own };
    let messages = exchange(&mut open, work).await?;
    let drain = async { while open.events.next().await.is_some() {} };
    tokio::join!(open.client.close(), drain);
    Ok((login, messages))
}

async fn next(events: &mut Events) -> Result<Event> {
    match events.next().await {
        Some(Event::Offline { error, .. }) => Err(failed(error)),
        Some(event) => Ok(event),
        None => Err(failed("the client is closed")),
    }
}

impl Session for Open {
    async fn send(&mut self, text: String) -> Result<()> {
        let body = Element::builder("body", ns::CLIENT).append(text).build();
        let message = Stanza::message(message::Type::Chat).with_to(Jid::from(self.own.clone()));
        self.client.send(message.with_element(&body)).await.map(drop).map_err(failed)
    }

    async fn heard(&mut self) -> Result<String> {
        loop {
            if let Event::Stanza(inbound) = next(&mut self.events).await?
                && let Some(body) = inbound.stanza.find(ns::CLIENT, "body")
            {
                return Ok(body.element().map_err(failed)?.text());
            }
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Server(error.to_string())
}
