//! Makes contacts of accounts (RFC 6121 §3.1).

use std::time::Duration;

use stonechat_stanza::{Kind, presence};
use stonechat_stream::codec::Frame;
use tokio::time::timeout;

use crate::client::{Connection, address};
use crate::{Error, Result};

/// How long the server may take for one contact.
const PATIENCE: Duration = Duration::from_secs(10);

/// Has all contacts, accounts 1 and on, subscribed to the presence of account 0.
///
/// # Errors
/// When the server does not carry the requests, as when they are contacts already.
pub async fn subscribe(owner: &mut Connection, contacts: &mut [Connection]) -> Result<()> {
    for (number, contact) in contacts.iter_mut().enumerate() {
        // Who has not asked for the roster is not told that the subscription was granted (§3.1.6).
        contact.send(b"<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>").await?;
        let ask = format!("<presence to='{}' type='subscribe'/>", address(0));
        contact.send(ask.as_bytes()).await?;
        // Whoever is asked says yes; whoever asked waits until it knows.
        let owner_answers = async {
            until(owner, presence::Type::Subscribe).await?;
            let answer = format!("<presence to='{}' type='subscribed'/>", address(number + 1));
            owner.send(answer.as_bytes()).await?;
            std::future::pending::<Result<()>>().await
        };
        let asked = async {
            tokio::select! {
                done = until(contact, presence::Type::Subscribed) => done,
                failed = owner_answers => failed,
            }
        };
        timeout(PATIENCE, asked)
            .await
            .unwrap_or_else(|_| Err(Error::Server(format!("u{} could not subscribe", number + 1))))?;
    }
    Ok(())
}

async fn until(connection: &mut Connection, wanted: presence::Type) -> Result<()> {
    loop {
        if let Frame::Stanza(stanza) = connection.frame().await?
            && stanza.kind() == Kind::Presence(wanted)
        {
            return Ok(());
        }
    }
}
