//! The component as an application has it.

use std::sync::Arc;

use stonechat_extension::client::{Closed, Delivery, EventBody, Handle, Query, RequestError, Tables};
use stonechat_jid::{BareJid, Jid};
use stonechat_stanza::Stanza;
use tokio::sync::mpsc;

use crate::Builder;

/// A component. Cheap to clone; all clones are the same component. It goes on until it is [closed](Self::close), fails for good, or its
/// [`Events`](crate::Events) are dropped.
#[derive(Debug, Clone)]
pub struct Component {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) domain: BareJid,
    pub(crate) handle: Handle,
    pub(crate) tables: Arc<Tables>,
    pub(crate) close: mpsc::Sender<()>,
}

impl Component {
    /// Begins to describe the component of a domain.
    #[must_use]
    pub fn builder(domain: BareJid) -> Builder {
        Builder::new(domain)
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &BareJid {
        &self.inner.domain
    }

    /// Sends a stanza, which needs `to`; without `from` it is from the domain. Queues it, and waits for that while the queue is full. While
    /// there is no connection, it waits for the next one. Cancel safe: it is either queued or not.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn send(&self, stanza: Stanza) -> Result<Delivery, Closed> {
        self.inner.handle.send(stanza).await
    }

    /// Asks `to` in the name of the domain, and waits for the answer, as long as the builder or a [handle](Self::handle) says, a minute by
    /// default. Only an answer from whom was asked is one. Cancel safe: who does not wait any longer gets no answer, but the request may be carried out.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn request<Q: Query>(&self, to: Jid, query: &Q) -> Result<Q::Answer, RequestError> {
        self.inner.handle.request(Some(to), query).await
    }

    /// Puts an event of the application's own among its events. Cancel safe.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn emit(&self, event: impl EventBody) -> Result<(), Closed> {
        self.inner.handle.emit(event).await
    }

    /// What tasks reach the component by, and requests of another patience.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.inner.handle
    }

    /// A service of an extension.
    #[must_use]
    pub fn service<S: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<S>> {
        self.inner.tables.service()
    }

    /// Closes: what was sent before still leaves, as far as there is a connection; then the stream ends in an orderly way, within some
    /// seconds. The last event is [`Closed`](crate::Event::Closed). Returns when all is over. Cancel safe: it closes all the same.
    pub async fn close(&self) {
        // It may be closed already.
        let _closed = self.inner.close.send(()).await;
        self.inner.close.closed().await;
    }
}
