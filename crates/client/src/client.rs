//! The client as an application has it.

use std::sync::Arc;

use stonechat_extension::client::{Closed, Delivery, EventBody, Handle, Query, RequestError, Tables};
use stonechat_jid::{BareJid, FullJid, Jid};
use stonechat_stanza::Stanza;
use tokio::sync::{mpsc, watch};

use crate::Builder;

/// What an application tells the task of its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    Close,
    NetworkChanged,
}

/// A client of one account. Cheap to clone; all clones are the same client. It goes on until it is [closed](Self::close), fails for
/// good, or its [`Events`](crate::Events) are dropped.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) account: BareJid,
    pub(crate) handle: Handle,
    pub(crate) tables: Arc<Tables>,
    pub(crate) control: mpsc::Sender<Control>,
    pub(crate) session: watch::Receiver<Option<FullJid>>,
}

impl Client {
    /// Begins to describe the client of an account.
    #[must_use]
    pub fn builder(account: BareJid) -> Builder {
        Builder::new(account)
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &BareJid {
        &self.inner.account
    }

    /// The address of the session; `None` while there is no connection.
    #[must_use]
    pub fn session(&self) -> Option<FullJid> {
        self.inner.session.borrow().clone()
    }

    /// Sends a stanza: queues it, and waits for that while the queue is full. While there is no connection, it waits for the next one.
    /// Cancel safe: it is either queued or not.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn send(&self, stanza: Stanza) -> Result<Delivery, Closed> {
        self.inner.handle.send(stanza).await
    }

    /// Asks `to`, or the own account with `None`, and waits for the answer, for a minute unless a [handle](Self::handle) says
    /// otherwise. Only an answer from whom was asked is one (RFC 6120 §8.2.3). Cancel safe: who does not wait any longer gets no answer,
    /// but the request may be carried out.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn request<Q: Query>(
        &self,
        to: impl Into<Option<Jid>>,
        query: &Q,
    ) -> Result<Q::Answer, RequestError> {
        self.inner.handle.request(to.into(), query).await
    }

    /// Puts an event of the application's own among its events. Cancel safe.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn emit(&self, event: impl EventBody) -> Result<(), Closed> {
        self.inner.handle.emit(event).await
    }

    /// What tasks reach the client by, and requests of another patience.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.inner.handle
    }

    /// A service of an extension.
    #[must_use]
    pub fn service<S: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<S>> {
        self.inner.tables.service()
    }

    /// What the extensions registered.
    #[must_use]
    pub fn tables(&self) -> &Arc<Tables> {
        &self.inner.tables
    }

    /// Says that the network is not the one of before, or that there is one again: a connection is tested, and waiting ends.
    pub fn network_changed(&self) {
        // With as many hints on their way already, one more says nothing new.
        let _full = self.inner.control.try_send(Control::NetworkChanged);
    }

    /// Closes: what was sent before still leaves, as far as there is a connection; then the stream ends in an orderly way, within some
    /// seconds. The last event is [`Closed`](crate::Event::Closed). Returns when all is over. Cancel safe: it closes all the same.
    pub async fn close(&self) {
        // It may be closed already.
        let _closed = self.inner.control.send(Control::Close).await;
        self.inner.control.closed().await;
    }
}
