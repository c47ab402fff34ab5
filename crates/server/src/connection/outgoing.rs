//! What goes out on a connection.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use stonechat_extension::{Letters, Mailbox};
use stonechat_stanza::Stanza;

use super::transport::Transport;

/// What goes out: letters from the mailbox, and what the stream itself has to say.
///
/// A letter that was begun is finished first, then comes what the stream says, then the mailbox. All that is in the
/// mailbox goes out as one write.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    letters: Letters,
    /// How many bytes of the letters are written.
    letters_at: usize,
    /// Of the stream itself.
    own: Vec<u8>,
    own_at: usize,
    unflushed: bool,
    /// Something was written since this was last asked for.
    moved: bool,
}

impl Outgoing {
    /// Adds something that the stream itself has to say.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.own.extend_from_slice(bytes);
    }

    /// Whether something is on its way.
    pub(crate) fn is_pending(&self) -> bool {
        !self.letters.is_empty() || !self.own.is_empty() || self.unflushed
    }

    /// How many bytes of what the stream itself has said are not written.
    pub(crate) fn unwritten_own(&self) -> usize {
        self.own.len() - self.own_at
    }

    /// Whether anything was written since this was last asked for.
    pub(crate) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// Writes everything, and what is in the mailbox if there is one. Ready when nothing is left.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        transport: &mut Transport,
        mailbox: Option<&Mailbox>,
    ) -> Poll<io::Result<()>> {
        loop {
            if !self.letters.is_empty() {
                let bytes = self.letters.bytes();
                ready!(poll_all(cx, transport, bytes, &mut self.letters_at, &mut self.moved))?;
                self.letters.clear();
                self.letters_at = 0;
                self.unflushed = true;
            }
            if !self.own.is_empty() {
                ready!(poll_all(cx, transport, &self.own, &mut self.own_at, &mut self.moved))?;
                // It is seldom used again.
                self.own = Vec::new();
                self.own_at = 0;
                self.unflushed = true;
            }
            if mailbox.is_some_and(|mailbox| mailbox.take(&mut self.letters)) {
                continue;
            }
            if self.unflushed {
                ready!(transport.poll_flush(cx))?;
                self.unflushed = false;
                self.moved = true;
            }
            return Poll::Ready(Ok(()));
        }
    }

    /// As [`poll_write`](Self::poll_write). Cancel safe: what was written is remembered.
    pub(crate) async fn write(
        &mut self,
        transport: &mut Transport,
        mailbox: Option<&Mailbox>,
    ) -> io::Result<()> {
        poll_fn(|cx| self.poll_write(cx, transport, mailbox)).await
    }

    /// The stanzas that were taken out of the mailbox and not, or not wholly, written.
    pub(crate) fn unwritten(&self) -> Vec<Stanza> {
        let mut end = 0;
        let unwritten = self.letters.iter().filter(|letter| {
            end += letter.len();
            end > self.letters_at
        });
        unwritten.filter_map(|letter| Stanza::parse(letter).ok()).collect()
    }

    /// Gives back the buffers, which are kept from one write to the next, if nothing is in them.
    pub(crate) fn release(&mut self, mailbox: &Mailbox) {
        if self.letters.is_empty() {
            self.letters = Letters::default();
            // The mailbox gives up its own buffer in exchange for this one, which has none.
            mailbox.take(&mut self.letters);
            if self.letters.is_empty() {
                self.letters = Letters::default();
            }
        }
    }
}

fn poll_all(
    cx: &mut Context<'_>,
    transport: &mut Transport,
    bytes: &[u8],
    at: &mut usize,
    moved: &mut bool,
) -> Poll<io::Result<()>> {
    while *at < bytes.len() {
        match ready!(transport.poll_write(cx, &bytes[*at..]))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => *at += written,
        }
        *moved = true;
    }
    Poll::Ready(Ok(()))
}
