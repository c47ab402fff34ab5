//! A connection with what was read from it.

use std::future::poll_fn;
use std::io;
use std::mem;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use stonechat_stream::codec::{Content, Decoder, Frame, Framing, Limits};

use super::buffers;
use super::transport::Transport;
use crate::config::Config;

/// A connection with what was read from it and is not decoded yet.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) transport: Transport,
    pub(crate) input: BytesMut,
    pub(crate) decoder: Decoder,
}

/// How long the other end may take to take note that the connection is over.
const LINGER: Duration = Duration::from_secs(2);
/// How many bytes it may send meanwhile.
const LINGER_BYTES: usize = 1 << 20;

impl Link {
    pub(crate) fn new(transport: Transport, content: Content, limits: Limits) -> Self {
        let decoder = Decoder::new(Framing::Tcp, content, limits);
        Self { transport, input: BytesMut::new(), decoder }
    }

    /// Reads what is there and says how many bytes; 0 at the end. Holds a buffer only while there are bytes in it.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.input.capacity() == 0 {
            self.input = buffers::take();
        }
        let read = self.transport.poll_read(cx, &mut self.input);
        self.release();
        read
    }

    /// Gives the buffer back if nothing is in it.
    pub(crate) fn release(&mut self) {
        if self.input.is_empty() {
            buffers::give(mem::take(&mut self.input));
        }
    }

    /// The next frame; `None` at the end of the connection. Cancel safe.
    ///
    /// # Errors
    /// What the codec refuses, or the broken connection.
    pub(crate) async fn frame(&mut self) -> Result<Option<Frame>, Unreadable> {
        poll_fn(|cx| self.poll_frame(cx)).await
    }

    /// As [`frame`](Self::frame).
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame>, Unreadable>> {
        loop {
            let frame = self.decoder.decode(&mut self.input)?;
            self.release();
            if frame.is_some() {
                return Poll::Ready(Ok(frame));
            }
            if ready!(self.poll_read(cx))? == 0 {
                return Poll::Ready(Ok(None));
            }
        }
    }

    /// Ends the connection: closes our side, and waits a moment for the other, so that the
    /// last words are not lost as they are when a connection is closed with unread bytes in it.
    pub(crate) async fn close(mut self) {
        let farewell = async {
            self.transport.shutdown().await?;
            let mut left = LINGER_BYTES;
            while left > 0 {
                self.input.clear();
                let read = poll_fn(|cx| Poll::Ready(Ok::<_, io::Error>(ready!(self.poll_read(cx))?))).await?;
                if read == 0 {
                    break;
                }
                left = left.saturating_sub(read);
            }
            Ok::<_, io::Error>(())
        };
        // However this ends, the connection is over.
        let _ = tokio::time::timeout(LINGER, farewell).await;
    }
}

/// Why there is no next frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Refused(#[from] stonechat_stream::codec::Error),
    #[error(transparent)]
    Broken(#[from] io::Error),
}

/// What may be read from who has not logged in.
pub(crate) fn before_login(config: &Config) -> Limits {
    Limits { bytes: config.limits.stanza_bytes_before_login, ..Limits::unauthenticated() }
}

/// What may be read from who has.
pub(crate) fn after_login(config: &Config) -> Limits {
    Limits { bytes: config.limits.stanza_bytes, ..Limits::authenticated() }
}
