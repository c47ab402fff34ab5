//! Lets clients read what there is for them, so that it does not come into what is measured.

use std::time::Duration;

use stonechat_stanza::{Kind, iq};
use stonechat_stream::codec::Frame;
use tokio::time::timeout;

use crate::client::Connection;
use crate::{Error, Result};

/// How long the server may take for one client.
const PATIENCE: Duration = Duration::from_secs(20);
const PING: &[u8] = b"<iq type='get' to='localhost' id='caught-up'><ping xmlns='urn:xmpp:ping'/></iq>";

/// Has each client read all that the server has for it. The last one goes first: behind its answer is nothing any more
/// that it gave the others to read when it logged in.
///
/// # Errors
/// When the server does not answer a ping.
pub async fn catch_up(clients: &mut [Connection]) -> Result<()> {
    for client in clients.iter_mut().rev() {
        client.send(PING).await?;
        let answered = timeout(PATIENCE, answer(client)).await;
        answered.unwrap_or_else(|_| Err(Error::Server("a ping has no answer".to_owned())))?;
    }
    Ok(())
}

async fn answer(client: &mut Connection) -> Result<()> {
    loop {
        if let Frame::Stanza(stanza) = client.frame().await?
            && stanza.kind() == Kind::Iq(iq::Type::Result)
            && stanza.id() == Some("caught-up")
        {
            return Ok(());
        }
    }
}
