//! A session for one command.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use stonechat_client::{Builder, Client, Error, Event, Events};
use stonechat_extension::client::{Descriptor, EventBody};
use stonechat_jid::FullJid;
use tokio::time::timeout;

use crate::account::Account;
use crate::failure::{Code, Failure};

/// A session for one command. A connection that breaks later comes back by itself, as long as the command waits.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) events: Events,
    pub(crate) jid: FullJid,
    patience: Duration,
    /// Why the connection is gone for good, when that was told.
    broken: Option<Error>,
}

/// The description of the account's client with these extensions; its password is asked for here.
pub(crate) fn builder(account: &Account, extensions: &[&'static Descriptor]) -> Result<Builder, Failure> {
    let builder = account.client().password(account.password()?.as_str());
    Ok(account.extensions.compose(builder, extensions))
}

/// A section with one key.
pub(crate) fn section(key: &str, value: impl Into<toml::Value>) -> toml::Table {
    std::iter::once((key.to_owned(), value.into())).collect()
}

impl Session {
    /// Logs in, with these extensions.
    pub(crate) async fn open(account: &Account, extensions: &[&'static Descriptor]) -> Result<Self, Failure> {
        Self::start(builder(account, extensions)?, account.patience).await
    }

    /// Starts a client and waits for its session. The first attempt has to succeed: a script is told at once what is wrong.
    pub(crate) async fn start(builder: Builder, patience: Duration) -> Result<Self, Failure> {
        let (client, mut events) = builder.start()?;
        let online = async {
            loop {
                match events.next().await {
                    Some(Event::Online { jid, .. }) => return Ok(jid),
                    Some(Event::Offline { error, .. } | Event::Closed(Some(error))) => {
                        return Err(error.into());
                    }
                    Some(Event::Closed(None)) | None => return Err(closed()),
                    Some(_) => {}
                }
            }
        };
        let late = |_| Err(Failure::timeout("the server did not let us in in time"));
        let jid = timeout(patience, online).await.unwrap_or_else(late)?;
        Ok(Self { client, events, jid, patience, broken: None })
    }

    /// What an extension does for its users.
    pub(crate) fn service<S: Send + Sync + 'static>(&self) -> Result<Arc<S>, Failure> {
        let missing = || format!("{} is not there", std::any::type_name::<S>());
        self.client.service().ok_or_else(|| Failure::new(Code::Internal, missing()))
    }

    /// The next event, as long as the client goes on. Cancel safe.
    async fn next(&mut self) -> Result<Event, Failure> {
        match self.events.next().await {
            Some(Event::Closed(error)) => {
                Err(error.or(self.broken.take()).map_or_else(closed, Failure::from))
            }
            None => Err(self.broken.take().map_or_else(closed, Failure::from)),
            Some(event) => {
                if let Event::Offline { error, retry: None, .. } = &event {
                    self.broken = Some(error.clone());
                }
                Ok(event)
            }
        }
    }

    /// Waits for what is done, as long as the client goes on; `seen` sees what comes meanwhile.
    pub(crate) async fn during<T>(
        &mut self,
        work: impl Future<Output = T>,
        mut seen: impl FnMut(&Event),
    ) -> Result<T, Failure> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                event = self.next() => seen(&event?),
            }
        }
    }

    /// Waits for an event of an extension of which `wanted` makes something, for as long as the account has patience; `what` has not
    /// come then.
    pub(crate) async fn told<E: EventBody, T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&E) -> Option<T>,
    ) -> Result<T, Failure> {
        let patience = self.patience;
        let told = async {
            loop {
                if let Event::Extension(event) = self.next().await?
                    && let Some(found) = event.get().and_then(&mut wanted)
                {
                    return Ok(found);
                }
            }
        };
        let late = |_| Err(Failure::timeout(what));
        timeout(patience, told).await.unwrap_or_else(late)
    }

    /// The same, for as long as the account has patience; `what` did not happen then.
    pub(crate) async fn patiently<T>(
        &mut self,
        what: &str,
        work: impl Future<Output = T>,
        seen: impl FnMut(&Event),
    ) -> Result<T, Failure> {
        let patience = self.patience;
        let late = |_| Err(Failure::timeout(what));
        timeout(patience, self.during(work, seen)).await.unwrap_or_else(late)
    }

    /// Ends it in an orderly way.
    pub(crate) async fn close(self) {
        let Self { client, mut events, .. } = self;
        // What still comes has to be taken, or the client would wait for that.
        let drain = async { while events.next().await.is_some() {} };
        tokio::join!(client.close(), drain);
    }
}

fn closed() -> Failure {
    Failure::new(Code::Internal, "the client is closed")
}
