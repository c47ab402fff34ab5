//! What is held in memory for a connected account: its roster, and the pushes that are to leave in order.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use stonechat_extension::{Account, Cx, Ending, Session, SessionState};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, iq};

use super::Snapshot;
use crate::{Item, Query};

/// A session's interest in its account's roster (RFC 6121 §2.2).
#[derive(Debug, Default)]
pub(super) struct Interest {
    /// The number of the version that it was given when it asked.
    since: Mutex<Option<u64>>,
}

impl SessionState for Interest {
    const NAME: &'static str = "roster-interest";

    fn save(&self) -> Option<String> {
        self.since.lock().map(|since| since.to_string())
    }

    fn restore(session: &Session, saved: &str) {
        if let Ok(since) = saved.parse() {
            note_interest(session, since);
        }
    }
}

/// Whether the session has requested the roster since it was bound, so that it gets roster pushes (RFC 6121 §2.2).
#[must_use]
pub fn is_interested(session: &Session) -> bool {
    interest(session).is_some()
}

fn interest(session: &Session) -> Option<u64> {
    session.state_if_any::<Interest>().and_then(|interest| *interest.since.lock())
}

/// Notes that the session was given the roster in this version.
pub(super) fn note_interest(session: &Session, number: u64) {
    *session.state::<Interest>().since.lock() = Some(number);
}

/// What is to be told to the interested sessions because of one change.
#[derive(Debug)]
pub(super) struct News {
    /// Comes first.
    pub(super) announce: Option<Stanza>,
    /// The item, its version for clients, and the number in that.
    pub(super) push: Option<(Item, String, u64)>,
}

/// So many changes wait for sessions that are slow; with more, these sessions are ended and start afresh.
const BACKLOG: usize = 1024;

/// What is held for a connected account.
#[derive(Debug, Default)]
pub(super) struct Live {
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    news: Mutex<VecDeque<Arc<News>>>,
    /// Held by whoever tells sessions of the roster or its changes, so that these arrive in order.
    pub(super) telling: tokio::sync::Mutex<()>,
}

impl Live {
    pub(super) fn get(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.read().clone()
    }

    pub(super) fn set(&self, snapshot: Option<Arc<Snapshot>>) {
        *self.snapshot.write() = snapshot;
    }

    /// Has the interested sessions told of a change. Called in the order of the changes.
    pub(super) fn announce(&self, account: &Account, news: News) {
        if !account.sessions().iter().any(|session| is_interested(session)) {
            return;
        }
        let mut queue = self.news.lock();
        if queue.len() >= BACKLOG {
            queue.clear();
            for session in account.sessions() {
                if is_interested(&session) {
                    session.mailbox().end(Ending::TooSlow);
                }
            }
            return;
        }
        queue.push_back(Arc::new(news));
    }

    /// Tells the interested sessions of the changes that they have not been told of.
    pub(super) async fn tell(&self, cx: &mut Cx<'_>, account: &Account) {
        let _turn = self.telling.lock().await;
        loop {
            // What is told is taken out afterwards: should this future be dropped, somebody is told twice rather than never.
            let Some(news) = self.news.lock().front().cloned() else { return };
            for session in account.sessions() {
                tell(cx, account.jid(), &session, &news).await;
            }
            let mut queue = self.news.lock();
            if queue.front().is_some_and(|front| Arc::ptr_eq(front, &news)) {
                queue.pop_front();
            }
        }
    }
}

async fn tell(cx: &mut Cx<'_>, owner: &BareJid, session: &Arc<Session>, news: &News) {
    let Some(since) = interest(session) else { return };
    if let Some(announce) = &news.announce {
        deliver(cx, session, announce.clone()).await;
    }
    if let Some((item, tag, number)) = &news.push
        && *number > since
    {
        deliver(cx, session, push(owner, session, item.clone(), tag)).await;
    }
}

/// A roster push (RFC 6121 §2.1.6).
pub(super) fn push(owner: &BareJid, session: &Session, item: Item, tag: &str) -> Stanza {
    let query = Query { ver: Some(tag.to_owned()), items: vec![item] };
    Stanza::iq(iq::Type::Set)
        .with_from(owner.clone())
        .with_to(session.jid().clone())
        .with_id(&format!("push-{tag}"))
        .with(&query)
}

/// Delivers at once. A session that cannot take it would have a wrong roster from then on, so it has to start afresh.
pub(super) async fn deliver(cx: &mut Cx<'_>, session: &Arc<Session>, stanza: Stanza) {
    if session.mailbox().ending().is_none() && !cx.deliver(session, stanza).await {
        session.mailbox().end(Ending::TooSlow);
    }
}
