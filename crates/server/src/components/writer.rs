//! What goes out to a component.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll, ready};

use stonechat_stanza::Stanza;
use stonechat_stream::codec::Framing;
use tokio::time::Instant;

use crate::connection::transport::Transport;

/// What goes out to a component, in order: what the stream itself has to say, and stanzas, which are kept until they are written whole.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// How many of them are written.
    at: usize,
    /// With where each ends.
    stanzas: VecDeque<(Stanza, usize)>,
    /// Since when nothing of what waits was written; nothing waits where there is none.
    stuck_since: Option<Instant>,
}

impl Writer {
    pub(super) fn say(&mut self, bytes: &[u8]) {
        self.stuck_since.get_or_insert_with(Instant::now);
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn stanza(&mut self, stanza: Stanza) {
        self.stuck_since.get_or_insert_with(Instant::now);
        Framing::Tcp.write_stanza(&stanza, &mut self.bytes);
        self.stanzas.push_back((stanza, self.bytes.len()));
    }

    /// How many bytes are not written.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Since when something waits and nothing of it was written.
    pub(super) fn stuck_since(&self) -> Option<Instant> {
        self.stuck_since
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
        self.stuck_since = (self.left() > 0).then(Instant::now);
        Poll::Ready(Ok(()))
    }

    /// The stanzas that were not, or not wholly, written.
    pub(super) fn unwritten(self) -> Vec<Stanza> {
        self.stanzas.into_iter().map(|(stanza, _)| stanza).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::io::AsyncReadExt as _;
    use tokio::time::advance;

    use super::*;
    use crate::connection::Socket;

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_stuck_since_it_came_or_some_of_it_was_written() {
        let (near, mut far) = tokio::io::duplex(4);
        let mut transport = Transport::Plain(Socket::Other(Box::new(near)));
        let mut writer = Writer::default();
        advance(Duration::from_secs(3600)).await;
        assert_eq!(writer.stuck_since(), None);
        let came = Instant::now();
        writer.say(b"123456");
        advance(Duration::from_secs(1)).await;
        writer.say(b"78");
        assert_eq!(writer.stuck_since(), Some(came));
        poll_fn(|cx| writer.poll_write(cx, &mut transport)).await.unwrap();
        assert_eq!((writer.left(), writer.stuck_since()), (4, Some(came + Duration::from_secs(1))));
        far.read_exact(&mut [0; 4]).await.unwrap();
        poll_fn(|cx| writer.poll_write(cx, &mut transport)).await.unwrap();
        assert_eq!((writer.left(), writer.stuck_since()), (0, None));
    }
}
