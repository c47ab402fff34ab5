//! What goes out to a component.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll, ready};

use stonechat_stanza::Stanza;
use stonechat_stream::codec::Framing;

use crate::connection::transport::Transport;

/// What goes out to a component, in order: what the stream itself has to say, and stanzas, which are kept until they are written whole.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// How many of them are written.
    at: usize,
    /// With where each ends.
    stanzas: VecDeque<(Stanza, usize)>,
}

impl Writer {
    pub(super) fn say(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn stanza(&mut self, stanza: Stanza) {
        Framing::Tcp.write_stanza(&stanza, &mut self.bytes);
        self.stanzas.push_back((stanza, self.bytes.len()));
    }

    /// How many bytes are not written.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Writes some. Pending also when there is nothing to write.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        transport: &mut Transport,
    ) -> Poll<io::Result<()>> {
        if self.left() == 0 {
            return Poll::Pending;
        }
        match ready!(transport.poll_write(cx, &self.bytes[self.at..]))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => self.at += written,
        }
        while self.stanzas.front().is_some_and(|(_, end)| *end <= self.at) {
            self.stanzas.pop_front();
        }
        if self.left() == 0 {
            // A component that idles holds no buffer.
            (self.bytes, self.at) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }

    /// The stanzas that were not, or not wholly, written.
    pub(super) fn unwritten(self) -> Vec<Stanza> {
        self.stanzas.into_iter().map(|(stanza, _)| stanza).collect()
    }
}
