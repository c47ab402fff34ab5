//! tokio-xmpp.

use futures_util::StreamExt as _;
use tokio_xmpp::connect::DnsConfig;
use tokio_xmpp::parsers::jid::{BareJid, Jid};
use tokio_xmpp::parsers::message::{Lang, Message};
use tokio_xmpp::xmlstream::Timeouts;
use tokio_xmpp::{Client, Event, Stanza};

use super::work::{Session, Stamp, Taken, Work, exchange};
use crate::client::{PASSWORD, address};
use crate::{Error, Result};

struct Open {
    client: Client,
    own: Jid,
}

pub(super) async fn run(work: &Work) -> Result<(Taken, Taken)> {
    // Where it is there already, all the better.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let begun = Stamp::now();
    let account: BareJid = address(0).parse().map_err(failed)?;
    let place = DnsConfig::Addr { addr: format!("127.0.0.1:{}", work.port) };
    let mut client = Client::new_starttls(account, PASSWORD, place, Timeouts::default());
    let own = loop {
        match next(&mut client).await? {
            Event::Online { bound_jid, .. } => break bound_jid,
            _ => continue,
        }
    };
    let login = begun.taken();
    let mut open = Open { client, own };
    let messages = exchange(&mut open, work).await?;
    open.client.send_end().await.map_err(failed)?;
    Ok((login, messages))
}

async fn next(client: &mut Client) -> Result<Event> {
    match client.next().await {
        Some(Event::Disconnected(error)) => Err(failed(error)),
        Some(event) => Ok(event),
        None => Err(failed("the client is closed")),
    }
}

impl Session for Open {
    async fn send(&mut self, text: String) -> Result<()> {
        let message = Message::chat(self.own.clone()).with_body(Lang::new(), text);
        self.client.send_stanza(message.into()).await.map(drop).map_err(failed)
    }

    async fn heard(&mut self) -> Result<String> {
        loop {
            if let Event::Stanza(Stanza::Message(mut message)) = next(&mut self.client).await?
                // In whatever language, which a server may say on its stream for all that it sends.
                && let Some((_, body)) = message.bodies.pop_first()
            {
                return Ok(body);
            }
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Server(error.to_string())
}
