//! Stream management (XEP-0198) of a stream that another server has opened: what was handled is counted, and acknowledged when it is durable.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use stonechat_extension::Journal;
use stonechat_stanza::sm;
use stonechat_stream::StreamError;
use stonechat_stream::dialback::Pair;
use tokio::time::timeout;

use super::super::resumable::{Held, NotResumed, Resumable};
use super::{Event, Stream};

/// So long the last acknowledgement waits for what it acknowledges to be durable; without it the other server sends that again.
const LAST_ACK: Duration = Duration::from_secs(2);

/// How the stanzas of a stream are counted.
pub(super) struct Management {
    journal: Journal,
    count: Count,
    /// The acknowledgement that waits for what it acknowledges to be durable.
    owed: Option<Pin<Box<dyn Future<Output = u32> + Send>>>,
    /// Another was asked for meanwhile.
    owes_another: bool,
}

enum Count {
    /// On a stream that can be resumed.
    Held(Held),
    /// On one that cannot; not told to the other server before it asks for that.
    Here(u32),
}

impl Management {
    pub(super) fn new(journal: &Journal) -> Self {
        Self { journal: journal.clone(), count: Count::Here(0), owed: None, owes_another: false }
    }

    /// A stanza was handled.
    pub(super) fn count(&mut self) {
        match &mut self.count {
            Count::Held(held) => held.count(),
            Count::Here(handled) => *handled = handled.wrapping_add(1),
        }
    }

    fn handled(&self) -> u32 {
        match &self.count {
            Count::Held(held) => held.handled(),
            Count::Here(handled) => *handled,
        }
    }

    /// An acknowledgement was asked for.
    pub(super) fn owe(&mut self) {
        if self.owed.is_some() {
            self.owes_another = true;
            return;
        }
        let (journal, handled) = (self.journal.clone(), self.handled());
        self.owed = Some(Box::pin(async move {
            journal.settled().await;
            handled
        }));
    }

    /// What is to be done about it. Cancel safe.
    pub(super) async fn event(&mut self) -> Event {
        let taken = async {
            match &self.count {
                Count::Held(held) => held.taken().await,
                Count::Here(_) => pending().await,
            }
        };
        let durable = async {
            match &mut self.owed {
                Some(owed) => owed.await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = taken => Event::Taken,
            handled = durable => {
                self.owed = None;
                if std::mem::take(&mut self.owes_another) {
                    self.owe();
                }
                Event::Durable(handled)
            }
        }
    }

    /// Whether the stream can be resumed.
    pub(super) const fn is_held(&self) -> bool {
        matches!(self.count, Count::Held(_))
    }

    /// The stream was closed.
    pub(super) fn forget(&self, resumable: &Resumable) {
        if let Count::Held(held) = &self.count {
            resumable.forget(held);
        }
    }
}

impl Stream {
    /// From here on stanzas are counted.
    pub(super) fn enable(&mut self, enable: sm::Enable) {
        let federation = &self.settings.federation;
        let pair = self.machine.authorized().next().cloned();
        let held = pair
            .filter(|_| enable.resume && !federation.resume.is_zero())
            .and_then(|pair| self.federation.resumable.add(pair, federation.resumable));
        let enabled = sm::Enabled {
            id: held.as_ref().map(|held| held.id().to_owned()),
            resume: held.is_some(),
            max: held.as_ref().map(|_| u32::try_from(federation.resume.as_secs()).unwrap_or(u32::MAX)),
            location: None,
        };
        self.management.count = held.map_or(Count::Here(0), Count::Held);
        self.machine.enabled(&enabled);
    }

    /// Goes on with an earlier stream of one of the pairs that are authorised on this one. It is the only one that is, on the new stream, until
    /// others are.
    pub(super) async fn resume(&mut self, resume: sm::Resume) {
        let pairs: Vec<Pair> = self.machine.authorized().cloned().collect();
        let most = self.settings.federation.resume;
        match self.federation.resumable.resume(&resume.previd, &pairs, most).await {
            Ok(held) => {
                self.management.count = Count::Held(held);
                let handled = self.management.handled();
                self.shared.journal.settled().await;
                self.machine.resumed(&resume.previd, handled);
            }
            Err(NotResumed::Over(handled)) => {
                self.shared.journal.settled().await;
                self.machine.not_resumed(Some(handled));
            }
            Err(NotResumed::NotFound) => self.machine.not_resumed(None),
            Err(NotResumed::Busy) => {
                let error = StreamError::resource_constraint();
                self.machine.error(error.with_text("the stream is still busy"));
            }
        }
    }

    /// Tells what was handled, as this side ends the stream.
    pub(super) async fn acknowledge_all(&mut self) {
        if self.machine.counts() && timeout(LAST_ACK, self.shared.journal.settled()).await.is_ok() {
            self.machine.acknowledge(self.management.handled());
        }
    }
}
