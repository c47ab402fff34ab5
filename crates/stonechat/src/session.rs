//! A session for one command.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use stonechat_client::{Builder, Client, Error, Event, Events};
use stonechat_extension::client::{Descriptor, EventBody};
use stonechat_jid::FullJid;
use tokio::time::timeout;

use crate::account::Account;
use crate::credentials::{Credentials, For};
use crate::failure::{Code, Failure};
use crate::say;

/// A session for one command. A connection that breaks later comes back by itself, as long as the command waits.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    events: Events,
    credentials: Credentials,
    pub(crate) jid: FullJid,
    patience: Duration,
    /// Why the connection is gone for good, when that was told.
    broken: Option<Error>,
}

/// A section with one key.
pub(crate) fn section(key: &str, value: impl Into<toml::Value>) -> toml::Table {
    std::iter::once((key.to_owned(), value.into())).collect()
}

impl Session {
    /// Logs in, with these extensions.
    pub(crate) async fn open(account: &Account, extensions: &[&'static Descriptor]) -> Result<Self, Failure> {
        Self::start(account, extensions, |builder| builder).await
    }

    /// Starts a client with these extensions, of which `describe` says more, and waits for its session. The first attempt has to succeed: a script is
    /// told at once what is wrong. Only where a token is worth nothing any more there is a second one, with the password.
    pub(crate) async fn start(
        account: &Account,
        extensions: &[&'static Descriptor],
        describe: impl Fn(Builder) -> Builder,
    ) -> Result<Self, Failure> {
        let mut credentials = Credentials::of(account, For::Command)?;
        let client = |credentials: &Credentials| describe(credentials.client(account, extensions));
        let builder = client(&credentials);
        let begun = match Self::begin(builder, account.patience, &mut credentials).await {
            Err(failure) => {
                credentials.ask_after(failure, account)?;
                let builder = client(&credentials);
                Self::begin(builder, account.patience, &mut credentials).await?
            }
            Ok(begun) => begun,
        };
        let (client, events, jid) = begun;
        Ok(Self { client, events, credentials, jid, patience: account.patience, broken: None })
    }

    async fn begin(
        builder: Builder,
        patience: Duration,
        credentials: &mut Credentials,
    ) -> Result<(Client, Events, FullJid), Failure> {
        let (client, mut events) = builder.start()?;
        let online = async {
            loop {
                match events.next().await {
                    Some(Event::Online { jid, .. }) => return Ok(jid),
                    Some(Event::Token(token)) => credentials.keep(token.as_ref())?,
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
        Ok((client, events, jid))
    }

    /// What an extension does for its users.
    pub(crate) fn service<S: Send + Sync + 'static>(&self) -> Result<Arc<S>, Failure> {
        let missing = || format!("{} is not there", std::any::type_name::<S>());
        self.client.service().ok_or_else(|| Failure::new(Code::Internal, missing()))
    }

    /// The next event. Cancel safe.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        let event = self.events.next().await;
        if let Some(Event::Token(token)) = &event
            && let Err(failure) = self.credentials.keep(token.as_ref())
        {
            // The work goes on without.
            say::complain(format!("the next login needs the password: {failure}"));
        }
        event
    }

    /// The password is another now: no token stands for it any more.
    pub(crate) fn forget_token(&mut self, account: &Account) -> Result<(), Failure> {
        self.credentials.forget_token(account)
    }

    /// The next event, as long as the client goes on. Cancel safe.
    async fn next(&mut self) -> Result<Event, Failure> {
        match self.event().await {
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
