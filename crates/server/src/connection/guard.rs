//! A bound session must be closed whatever becomes of its connection.

use std::sync::Arc;

use stonechat_extension::{Host, Session};
use stonechat_stanza::Stanza;
use stonechat_store::Owner;
use tokio::task::JoinHandle;

use super::outgoing::Outgoing;
use crate::shared::Shared;

/// A bound session with what goes out to its client. When its task is cut or panics, dropping this has it wait for its client, if it can
/// be resumed, and else closed in a task of its own.
#[derive(Debug)]
pub(super) struct Guard {
    shared: Arc<Shared>,
    pub(super) host: Arc<Host>,
    pub(super) session: Arc<Session>,
    pub(super) outgoing: Outgoing,
    anonymous: bool,
    closed: bool,
}

impl Guard {
    pub(super) fn new(shared: Arc<Shared>, host: Arc<Host>, session: Arc<Session>, anonymous: bool) -> Self {
        Self { shared, host, session, outgoing: Outgoing::default(), anonymous, closed: false }
    }

    /// Ends the connection of the session: closes it, and sees to what its client did not get. If `may_resume` and the session can be
    /// resumed it waits for that.
    pub(super) async fn end(mut self, may_resume: bool) {
        if may_resume && self.host.detach(&self.session) {
            self.closed = true;
            return;
        }
        let closing = self.begin_closing();
        let _ = closing.await;
    }

    /// In a task of its own, so that it comes to its end also when this one is cut.
    fn begin_closing(&mut self) -> JoinHandle<()> {
        self.closed = true;
        let (shared, host, session) =
            (Arc::clone(&self.shared), Arc::clone(&self.host), Arc::clone(&self.session));
        let unwritten = self.outgoing.unwritten();
        self.shared.closing.spawn(close(shared, host, session, self.anonymous, unwritten))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.closed && tokio::runtime::Handle::try_current().is_ok() && !self.host.detach(&self.session) {
            self.begin_closing();
        }
    }
}

async fn close(
    shared: Arc<Shared>,
    host: Arc<Host>,
    session: Arc<Session>,
    anonymous: bool,
    unwritten: Vec<Stanza>,
) {
    host.close_with(&session, unwritten).await;
    if !anonymous {
        return;
    }
    // Nobody can come back to an anonymous account, so nothing of it is kept.
    let account = session.account().jid();
    if let Err(error) = shared.store.erase(&Owner::account(account.as_str())).await {
        tracing::error!(%account, %error, "the data of an anonymous account cannot be erased");
    }
}
