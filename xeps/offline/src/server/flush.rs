//! The stored messages go to a session that has become available (XEP-0160 §2, step 5).
//!
//! # How the order is kept
//! The session is [held](stonechat_extension::Session::hold) from before it can be chosen as a recipient: the core does so while the
//! reactions to its presence run. Live messages for it wait until the hold ends, and those that have waited too long are stored, behind the
//! others. A message for which the core found nobody, just before the session became available, passes the
//! [gate](super::gates) and is stored; whoever delivers closes the gate before saying that nothing is left, and so finds it.
//!
//! What fits into the mailbox is delivered by the task that handles the presence, before whatever else follows from it. If there is more
//! than fits, a task of its own goes on, with the session still held, as fast as the client reads; if the session ends, with another one that
//! is available.
//!
//! # How nothing is delivered twice
//! Only who has the right of [`Delivering`] reads and deletes. It deletes a page after the last of it is in the mailbox, without
//! waiting for anything in between while it is the presence's task. Where the mailbox survives the server, a message leaves the store in the
//! write that makes it durable there, so that not even a crash in between has it come twice.

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::SessionAvailable;
use stonechat_extension::{Cx, HandlerError, Hold, Host, React, Session};
use stonechat_stanza::jid::BareJid;
use stonechat_store::Error;

use super::gates::{Delivering, Gates};
use super::keep::most_available;
use super::keeper::Keeper;
use super::waiting::{Source, Waiting};
use super::{Extension, Served};

#[async_trait]
impl React<SessionAvailable> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &SessionAvailable) -> Result<(), HandlerError> {
        let Some(session) = cx.session() else { return Ok(()) };
        let non_negative = session.priority().is_some_and(|priority| priority >= 0);
        let served = session.state::<Served>().set(non_negative);
        if non_negative && (event.initial || !served) {
            self.flush(cx, session).await?;
        }
        Ok(())
    }
}

impl Extension {
    async fn flush(&self, cx: &mut Cx<'_>, session: &Arc<Session>) -> Result<(), Error> {
        let account = session.account().jid();
        let keeper = cx.service::<dyn Keeper>();
        let read = keeper.as_ref().map(|keeper| keeper.take_read(session)).unwrap_or_default();
        let Some(mut delivering) = self.begin(cx, account).await? else { return Ok(()) };
        let source = Source { waiting: self.waiting.clone(), keeper, read };
        loop {
            let mut page = source.oldest(account).await?;
            if page.entries.is_empty() {
                match finish(&self.waiting, delivering).await? {
                    Some(not_yet) => delivering = not_yet,
                    None => return Ok(()),
                }
                continue;
            }
            let (domain, now) = (cx.domain(), cx.now());
            let fits = page.entries.iter().take_while(|entry| {
                let message = source.message(&page, entry, domain, now);
                message.is_none_or(|message| cx.try_deliver_stored(session, message, page.stored(entry)))
            });
            let fits = fits.count();
            let all_fit = fits == page.entries.len();
            session.settled().await;
            page.delete(fits).await?;
            if !all_fit {
                tokio::spawn(rest(source, Arc::clone(cx.host()), delivering, session.hold()));
                return Ok(());
            }
        }
    }

    /// The right to deliver, if there is anything to deliver and nobody else does it.
    async fn begin(&self, cx: &Cx<'_>, account: &BareJid) -> Result<Option<Delivering>, Error> {
        let gates = cx.host().state::<Arc<Gates>>();
        let _closed = gates.close(account).await;
        // Most who come online have no messages.
        let nothing = self.waiting.is_empty(account).await?;
        Ok(if nothing { None } else { gates.begin(account) })
    }
}

/// Gives the right up if nothing is left to deliver; else it comes back.
async fn finish(waiting: &Waiting, delivering: Delivering) -> Result<Option<Delivering>, Error> {
    let gates = delivering.gates();
    let _closed = gates.close(delivering.account()).await;
    let nothing = waiting.is_empty(delivering.account()).await?;
    if nothing {
        // While the gate is closed; a parameter would outlive the guard.
        drop(delivering);
        return Ok(None);
    }
    Ok(Some(delivering))
}

/// Delivers what did not fit into a mailbox at once, as there is room; to another session when this one ends.
pub(super) async fn rest(source: Source, host: Arc<Host>, mut delivering: Delivering, mut hold: Hold) {
    loop {
        let next = match deliver_page(&source, &host, &delivering, hold.session()).await {
            Ok(Step::More) => continue,
            Ok(Step::Nothing) => finish(&source.waiting, delivering).await,
            Ok(Step::Gone) => Ok(successor(&host, delivering, &mut hold).await),
            Err(error) => Err(error),
        };
        match next {
            Ok(Some(not_yet)) => delivering = not_yet,
            Ok(None) => return,
            Err(error) => {
                let session = hold.session().jid();
                return tracing::error!(%session, %error, "stored messages cannot be delivered for now");
            }
        }
    }
}

/// What came of a page.
enum Step {
    /// It was delivered; there may be more.
    More,
    /// It was empty.
    Nothing,
    /// The session is not there any more.
    Gone,
}

async fn deliver_page(
    source: &Source,
    host: &Arc<Host>,
    delivering: &Delivering,
    session: &Arc<Session>,
) -> Result<Step, Error> {
    let mut page = source.oldest(delivering.account()).await?;
    let mut delivered = 0;
    let mut gone = is_gone(session);
    for entry in &page.entries {
        let Some(message) = source.message(&page, entry, host.domain(), host.now()) else {
            delivered += 1;
            continue;
        };
        while !gone && !host.deliver_stored(session, message.clone(), page.stored(entry)).await {
            gone = is_gone(session);
        }
        if gone {
            break;
        }
        delivered += 1;
    }
    let step = match (gone, page.entries.is_empty()) {
        (_, true) => Step::Nothing,
        (true, false) => Step::Gone,
        (false, false) => Step::More,
    };
    session.settled().await;
    page.delete(delivered).await?;
    Ok(step)
}

fn is_gone(session: &Session) -> bool {
    session.has_ended() || session.priority().is_none_or(|priority| priority < 0)
}

/// Finds another session to deliver to; without one, the right is given up, and the next that comes will do.
async fn successor(host: &Host, delivering: Delivering, hold: &mut Hold) -> Option<Delivering> {
    let gates = delivering.gates();
    let _closed = gates.close(delivering.account()).await;
    let account = host.account(delivering.account().as_str());
    let sessions = account.map(|account| account.sessions()).unwrap_or_default();
    match most_available(&sessions).first() {
        Some(session) => {
            *hold = session.hold();
            Some(delivering)
        }
        None => {
            // While the gate is closed; a parameter would outlive the guard.
            drop(delivering);
            None
        }
    }
}
