//! Sessions that nobody has resumed in time: how many of the client's stanzas were handled is remembered for a while (§5), so that a client
//! that comes too late knows which of them it has to send again.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use stonechat_extension::point::SessionClosed;
use stonechat_extension::{Cx, HandlerError, InstallError, Installer, Keep, React, Session};
use stonechat_stanza::jid::BareJid;
use stonechat_store::{Entry, Error, Log, Owner, Store, Trim};

use super::{Config, Extension};

/// How many go at most with each that comes.
const TRIM: u32 = 100;
/// No id that was given to a client is longer.
const LONGEST_ID: usize = 64;

/// The sessions of all accounts that have ended without their clients.
#[derive(Debug)]
pub(super) struct Ended {
    store: Store,
    log: Log,
    most: u64,
    age: SignedDuration,
}

impl Ended {
    pub(super) fn open(config: &Config, host: &mut Installer<'_>) -> Result<Self, InstallError> {
        let about = "how far sessions were that ended while they waited for their clients";
        let log = host.log("sm-ended", about, Keep::WithAccount)?;
        let age = SignedDuration::from_hours(24 * i64::from(config.remembered_days));
        Ok(Self { store: host.store(), log, most: config.remembered_sessions.into(), age })
    }

    /// Before this, what has ended is forgotten.
    fn cutoff(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.age).unwrap_or(Timestamp::MIN)
    }

    async fn remember(&self, session: &Session, now: Timestamp) -> Result<(), Error> {
        let Some(id) = session.resumption_id().filter(|_| self.most > 0) else { return Ok(()) };
        let owner = Owner::account(session.account().jid().as_str());
        let entry = Entry::new(id, now, session.handled().to_string());
        let batch = self.store.batch().append(&self.log, &owner, entry);
        let batch = batch.trim(&self.log, &owner, Trim::OlderThan(self.cutoff(now)), TRIM);
        let batch = batch.trim(&self.log, &owner, Trim::KeepNewest(self.most), TRIM);
        match batch.commit().await {
            // It had ended when the server did, before the journal knew.
            Err(error) if error.is_conflict() => Ok(()),
            done => done.map(drop),
        }
    }

    /// How many stanzas of the client were handled in the session of that account which had this id.
    pub(super) async fn handled(
        &self,
        account: &BareJid,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<u32>, Error> {
        if id.is_empty() || id.len() > LONGEST_ID {
            return Ok(None);
        }
        let entry = self.log.get(&Owner::account(account.as_str()), id).await?;
        let entry = entry.filter(|entry| entry.at >= self.cutoff(now));
        Ok(entry.and_then(|entry| std::str::from_utf8(&entry.value).ok()?.parse().ok()))
    }
}

/// Only of a session without a connection: who has closed its stream wants nothing back.
#[async_trait]
impl React<SessionClosed> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionClosed) -> Result<(), HandlerError> {
        match cx.session().filter(|session| session.is_detached()) {
            Some(session) => Ok(self.ended.remember(session, cx.now()).await?),
            None => Ok(()),
        }
    }
}
