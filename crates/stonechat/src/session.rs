//! A session for one command.

use std::pin::pin;
use std::time::Duration;

use stonechat_client::RequestError;
use stonechat_client::{Builder, Client, Event, Events};
use stonechat_extension::client::Handle;
use stonechat_jid::{FullJid, Jid};
use stonechat_stanza::{ParseError, Payload, Stanza, iq};
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
}

/// The description of the account's client; its password is asked for here.
pub(crate) fn builder(account: &Account) -> Result<Builder, Failure> {
    Ok(Client::builder(account.jid.clone())
        .password(account.password()?.as_str())
        .place(account.place.clone())
        .trust(account.trust.clone())
        .extension(&stonechat_xep_ping::CLIENT))
}

impl Session {
    /// Logs in.
    pub(crate) async fn open(account: &Account) -> Result<Self, Failure> {
        Self::start(builder(account)?, account.patience).await
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
        Ok(Self { client, events, jid, patience })
    }

    /// What requests are asked by.
    pub(crate) fn handle(&self) -> Handle {
        self.client.handle().with_timeout(self.patience)
    }

    /// Waits for what is done, as long as the client goes on; `seen` sees what comes meanwhile.
    pub(crate) async fn during<T>(
        &mut self,
        work: impl Future<Output = T>,
        mut seen: impl FnMut(&Event),
    ) -> Result<T, Failure> {
        let mut work = pin!(work);
        let mut broken = None;
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                event = self.events.next() => match event {
                    Some(event) => {
                        seen(&event);
                        match event {
                            Event::Offline { error, retry: None, .. } => broken = Some(error),
                            Event::Closed(error) => return Err(error.or(broken).map_or_else(closed, Failure::from)),
                            _ => {}
                        }
                    }
                    None => return Err(broken.map_or_else(closed, Failure::from)),
                }
            }
        }
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

/// Asks, and reads the answer.
pub(crate) async fn ask<A: Payload>(
    handle: &Handle,
    to: Option<Jid>,
    kind: iq::Type,
    query: &impl Payload,
) -> Result<A, RequestError> {
    let answer = tell(handle, to, kind, query).await?.get()?;
    Ok(answer.ok_or_else(|| ParseError::missing_child("iq", A::NAME))?)
}

/// Asks, and takes what the answer holds as it is.
pub(crate) async fn tell(
    handle: &Handle,
    to: Option<Jid>,
    kind: iq::Type,
    query: &impl Payload,
) -> Result<Stanza, RequestError> {
    let mut request = Stanza::iq(kind).with(query);
    request.set_to(to);
    handle.exchange(request).await
}
