//! What another server sends on a stream, whichever side has opened it: counted, and acknowledged when it is durable (XEP-0198).

use std::future::pending;
use std::pin::Pin;

use stonechat_extension::Journal;
use stonechat_stream::codec::Frame;

use super::resumable::{Held, Resumable};

/// How the stanzas are counted that come on a stream.
pub(super) struct Inward {
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

/// What is to be done about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The other server goes on over another connection.
    Taken,
    /// So many stanzas were handled, and all that they have led to is durable.
    Durable(u32),
}

impl Inward {
    /// Nothing has come.
    pub(super) fn new(journal: &Journal) -> Self {
        Self { journal: journal.clone(), count: Count::Here(0), owed: None, owes_another: false }
    }

    /// From here on stanzas are counted behind those of the stream that is held, or from zero.
    pub(super) fn begin(&mut self, held: Option<Held>) {
        self.count = held.map_or(Count::Here(0), Count::Held);
    }

    /// A stanza was handled.
    pub(super) fn count(&mut self) {
        match &mut self.count {
            Count::Held(held) => held.count(),
            Count::Here(handled) => *handled = handled.wrapping_add(1),
        }
    }

    /// How many were, modulo 2^32.
    pub(super) fn handled(&self) -> u32 {
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

    /// What is to be done next. Cancel safe.
    pub(super) async fn due(&mut self) -> Due {
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
            () = taken => Due::Taken,
            handled = durable => {
                self.owed = None;
                if std::mem::take(&mut self.owes_another) {
                    self.owe();
                }
                Due::Durable(handled)
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

/// What a frame takes of the rate at which the other server may send, in bytes.
pub(super) fn weight(frame: &Frame) -> usize {
    match frame {
        Frame::Stanza(stanza) => stanza.payload_bytes().len() + 128,
        Frame::Nonza(nonza) => nonza.bytes().len(),
        Frame::Open(_) | Frame::Close => 128,
    }
}
