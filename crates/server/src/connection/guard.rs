//! A bound session must be closed whatever becomes of its connection.

use std::sync::Arc;

use stonechat_extension::{Host, Session};
use stonechat_stanza::Stanza;
use stonechat_store::Owner;

use crate::shared::Shared;

/// A bound session. When its task is cut or panics, dropping this has it closed in a task of its own.
#[derive(Debug)]
pub(super) struct Guard {
    shared: Arc<Shared>,
    pub(super) host: Arc<Host>,
    pub(super) session: Arc<Session>,
    anonymous: bool,
    closed: bool,
}

impl Guard {
    pub(super) const fn new(
        shared: Arc<Shared>,
        host: Arc<Host>,
        session: Arc<Session>,
        anonymous: bool,
    ) -> Self {
        Self { shared, host, session, anonymous, closed: false }
    }

    /// Closes the session. `unwritten` are the stanzas that its client did not get.
    pub(super) async fn close(mut self, unwritten: Vec<Stanza>) {
        let (shared, host, session, anonymous) =
            (Arc::clone(&self.shared), Arc::clone(&self.host), Arc::clone(&self.session), self.anonymous);
        // A task of its own, so that it comes to its end also when this one is cut.
        let closing = shared.closing.spawn(close(Arc::clone(&shared), host, session, anonymous, unwritten));
        self.closed = true;
        let _ = closing.await;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.closed && tokio::runtime::Handle::try_current().is_ok() {
            let shared = Arc::clone(&self.shared);
            let (host, session) = (Arc::clone(&self.host), Arc::clone(&self.session));
            shared.closing.spawn(close(Arc::clone(&shared), host, session, self.anonymous, Vec::new()));
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
