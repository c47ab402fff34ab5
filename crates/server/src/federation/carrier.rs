//! A stream that carries stanzas to another server, whichever side has opened it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use stonechat_stanza::Stanza;
use stonechat_stream::dialback::{Answer, Pair};

use super::conversation::{Conversation, Heard};
use super::dial::Opened;
use super::failure::Failure;
use super::reverse::{Counting, Epoch, Moved, Reverse};
use super::status::Opener;

/// A stream that can be sent on, and how it begins.
#[derive(Debug)]
pub(super) enum Way {
    /// Of our own.
    Ours(Box<Opened>),
    /// The direction back of one of the other server's.
    Theirs { reverse: Arc<Reverse>, epoch: Epoch, counting: Counting },
}

impl Way {
    pub(super) const fn opener(&self) -> Opener {
        match self {
            Self::Ours(_) => Opener::Us,
            Self::Theirs { .. } => Opener::Them,
        }
    }
}

/// A stream that is sent on.
#[derive(Debug)]
pub(super) enum Carrier {
    Ours { conversation: Box<Conversation>, is_certified: bool },
    Theirs { reverse: Arc<Reverse>, epoch: Epoch },
}

impl Carrier {
    /// Appends a stanza to what is to be written, and says how many bytes it takes.
    pub(super) fn write(&mut self, stanza: &Stanza) -> usize {
        match self {
            Self::Ours { conversation, .. } => conversation.write(stanza),
            Self::Theirs { reverse, .. } => reverse.write(stanza),
        }
    }

    /// Asks the other server what it has handled.
    pub(super) fn ask(&mut self) {
        match self {
            Self::Ours { conversation, .. } => conversation.ask(),
            Self::Theirs { reverse, .. } => reverse.ask(),
        }
    }

    /// How many bytes were not written.
    pub(super) fn unwritten(&self) -> usize {
        match self {
            Self::Ours { conversation, .. } => conversation.unwritten(),
            Self::Theirs { reverse, .. } => reverse.unwritten(),
        }
    }

    /// Whether something waits to be written, by TLS at least.
    pub(super) fn has_to_write(&self) -> bool {
        match self {
            Self::Ours { conversation, .. } => conversation.has_to_write(),
            Self::Theirs { reverse, .. } => reverse.unwritten() > 0,
        }
    }

    /// How many bytes ever were.
    pub(super) fn written(&self) -> u64 {
        match self {
            Self::Ours { conversation, .. } => conversation.written(),
            Self::Theirs { reverse, .. } => reverse.written(),
        }
    }

    /// What was read on a stream of our own since this was last asked for, in bytes of the rate; the other server's pays where it is read.
    pub(super) fn take_read(&mut self) -> usize {
        match self {
            Self::Ours { conversation, .. } => conversation.take_read(),
            Self::Theirs { .. } => 0,
        }
    }

    /// Waits until something was written or, where that is wanted, has come. Cancel safe.
    pub(super) async fn listen(&mut self, reads: bool) -> Result<Heard, Failure> {
        match self {
            Self::Ours { conversation, .. } => conversation.listen(reads).await,
            Self::Theirs { reverse, epoch } => Ok(match reverse.listen(*epoch).await? {
                Moved::Somehow => Heard::Nothing,
                Moved::Acknowledged(handled) => Heard::Acknowledged(handled),
                Moved::Leave => Heard::Leave,
            }),
        }
    }

    /// Whether the other server has had to show a good certificate, or has.
    pub(super) fn is_certified(&self) -> bool {
        match self {
            Self::Ours { is_certified, .. } => *is_certified,
            Self::Theirs { reverse, .. } => reverse.is_certified,
        }
    }

    /// Tells how many stanzas of the other server were handled on a stream of our own.
    pub(super) fn acknowledge(&mut self, handled: u32) {
        if let Self::Ours { conversation, .. } = self {
            conversation.acknowledge(handled);
        }
    }

    /// Answers a question about a key on a stream of our own.
    pub(super) fn judged(&mut self, pair: &Pair, stream: &str, answer: Answer) {
        if let Self::Ours { conversation, .. } = self {
            conversation.judged(pair, stream, answer);
        }
    }

    /// Waits for something, and goes on writing meanwhile. That the connection is broken is noticed later.
    pub(super) async fn write_while<T>(&mut self, waited_for: impl Future<Output = T>) -> T {
        let Self::Ours { conversation, .. } = self else { return waited_for.await };
        let mut waited_for = pin!(waited_for);
        let mut is_broken = false;
        loop {
            let can_write = !is_broken && conversation.has_to_write();
            let mut writing = pin!(async {
                match can_write {
                    true => conversation.write_turn().await,
                    false => std::future::pending().await,
                }
            });
            let done = poll_fn(|cx| {
                if let Poll::Ready(done) = waited_for.as_mut().poll(cx) {
                    return Poll::Ready(Some(done));
                }
                writing.as_mut().poll(cx).map(|written| {
                    is_broken = written.is_err();
                    None
                })
            });
            if let Some(done) = done.await {
                return done;
            }
        }
    }
}
