//! Makes contacts of accounts (RFC 6121 §3.1).

use std::time::Duration;

use stonechat_stanza::{Kind, presence};
use stonechat_stream::codec::Frame;
use tokio::time::timeout;

use crate::client::{Connection, address};
use crate::{Error, Result};

/// How long the server may take for one contact.
const PATIENCE: Duration = Duration::from_secs(10);

/// A session of an account.
pub type Session<'a> = (usize, &'a mut Connection);

/// Has one account subscribed to the presence of another.
///
/// # Errors
/// When the server does not carry the request, as when it is a contact already.
pub async fn subscribe((asking, asker): Session<'_>, (asked, owner): Session<'_>) -> Result<()> {
    // Who has not asked for the roster is not told that the subscription was granted (§3.1.6).
    asker.send(b"<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>").await?;
    asker.send(format!("<presence to='{}' type='subscribe'/>", address(asked)).as_bytes()).await?;
    // Whoever is asked says yes; whoever asked waits until it knows.
    let owner_answers = async {
        until(owner, presence::Type::Subscribe).await?;
        owner.send(format!("<presence to='{}' type='subscribed'/>", address(asking)).as_bytes()).await?;
        std::future::pending::<Result<()>>().await
    };
    let subscribed = async {
        tokio::select! {
            done = until(asker, presence::Type::Subscribed) => done,
            failed = owner_answers => failed,
        }
    };
    let done = timeout(PATIENCE, subscribed).await;
    done.unwrap_or_else(|_| Err(Error::Server(format!("u{asking} could not subscribe"))))
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
