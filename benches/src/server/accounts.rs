//! Accounts, in the way that each server creates many of them quickly.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use super::Kind;
use crate::client::{Target, address, password};
use crate::{Context, Error, Result};

/// How many accounts are created at the same time.
const AT_ONCE: usize = 8;

pub(super) async fn create(kind: Kind, folder: &Path, target: &Target, count: usize) -> Result<()> {
    if kind == Kind::Floor {
        return Ok(());
    }
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (next, target, socket) = (Arc::clone(&next), target.clone(), folder.join("data/control"));
        workers.spawn(async move {
            let mut control = match kind {
                Kind::Stonechat => Some(Control::connect(&socket).await?),
                _ => None,
            };
            loop {
                let account = next.fetch_add(1, Ordering::Relaxed);
                match &mut control {
                    _ if account >= count => return Ok::<_, Error>(()),
                    Some(control) => control.add(account).await?,
                    None => target.register(account).await?,
                }
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|error| Error::Server(format!("creating accounts: {error}")))??;
    }
    Ok(())
}

/// The socket that `stonechatd user add` uses: a line of JSON for each request, and one for its answer.
struct Control(BufReader<UnixStream>);

impl Control {
    async fn connect(socket: &Path) -> Result<Self> {
        Ok(Self(BufReader::new(UnixStream::connect(socket).await.during("control socket")?)))
    }

    async fn add(&mut self, account: usize) -> Result<()> {
        let request = json!({"do": "user-add", "jid": address(account), "password": password(account)});
        self.0.write_all(format!("{request}\n").as_bytes()).await.during("control socket")?;
        let mut answer = String::new();
        self.0.read_line(&mut answer).await.during("control socket")?;
        match serde_json::from_str::<serde_json::Value>(&answer) {
            Ok(answer) if answer.get("Ok").is_some() => Ok(()),
            _ => Err(Error::Server(format!("adding an account: {answer}"))),
        }
    }
}
