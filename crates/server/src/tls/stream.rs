//! A connection under TLS that holds no buffers while it is idle.
//!
//! rustls' buffered connections keep 4 KiB each, for as long as they live. This one uses rustls' interface without
//! buffers: what arrives is decrypted, and what leaves is encrypted, in buffers of the thread. A connection keeps only the
//! beginning of a record whose end has not come, and the rest of what the system would not take.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::records::{self, State};

/// What is read at once: more than the longest record (RFC 5246 §6.2.3).
const READ: usize = 20 << 10;
/// The most that is kept of records and handshake messages whose ends have not come.
const KEPT: usize = 64 << 10;
/// What is encrypted at once.
const WRITE: usize = 64 << 10;

thread_local! {
    static ARRIVING: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static LEAVING: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A connection under TLS.
pub(crate) struct Stream<IO> {
    io: IO,
    connection: UnbufferedServerConnection,
    /// The beginning of what has not come whole.
    incoming: Vec<u8>,
    /// Records that the system has not taken, from `sent` on.
    outgoing: Vec<u8>,
    sent: usize,
    /// The client has said that nothing more comes.
    ended: bool,
    /// The client was told that nothing more comes.
    told: bool,
    /// What came is no TLS, and the connection cannot be used any more.
    failed: bool,
}

impl<IO> std::fmt::Debug for Stream<IO> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Stream<IO> {
    pub(super) fn new(io: IO, config: Arc<ServerConfig>) -> io::Result<Self> {
        let connection = UnbufferedServerConnection::new(config).map_err(io::Error::other)?;
        let (incoming, outgoing) = (Vec::new(), Vec::new());
        Ok(Self { io, connection, incoming, outgoing, sent: 0, ended: false, told: false, failed: false })
    }

    pub(super) fn connection(&self) -> &UnbufferedServerConnection {
        &self.connection
    }

    /// What was encoded and not sent.
    pub(super) fn outgoing(&self) -> &[u8] {
        &self.outgoing[self.sent..]
    }

    /// How many bytes of room it keeps.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.incoming.capacity() + self.outgoing.capacity()
    }

    /// Appends to `plain` what has arrived, and says how many bytes; 0 at the end.
    ///
    /// # Errors
    /// What is not TLS, which the client is told; the broken connection; and [`ErrorKind::UnexpectedEof`] when it ends without
    /// a word, as it may have been cut by somebody else.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        plain: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        let before = plain.len();
        while !self.ended && plain.len() == before {
            ready!(self.poll_arrive(cx, plain))?;
        }
        Poll::Ready(Ok(plain.len() - before))
    }

    /// Reads once, and does what the records ask for.
    pub(super) fn poll_arrive(
        &mut self,
        cx: &mut Context<'_>,
        plain: &mut BytesMut,
    ) -> Poll<io::Result<State>> {
        if self.failed {
            return Poll::Ready(Err(ErrorKind::NotConnected.into()));
        }
        // The client may wait for it. That there is no room is no reason not to read.
        if let Poll::Ready(Err(error)) = self.poll_send(cx) {
            return Poll::Ready(Err(error));
        }
        ARRIVING.with_borrow_mut(|buffer| {
            buffer.resize(READ, 0);
            let mut read = ReadBuf::new(buffer);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut read))?;
            let length = read.filled().len();
            if length == 0 {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
            let state = self.process(&mut buffer[..length], plain);
            if state.is_err() {
                self.failed = true;
                // The alert. Whether it gets through makes no difference to us.
                let _ = self.poll_send(cx);
            }
            Poll::Ready(state)
        })
    }

    /// Does what the records ask for, the last of which may not have come whole.
    fn process(&mut self, arrived: &mut [u8], plain: &mut BytesMut) -> io::Result<State> {
        let Self { connection, incoming, outgoing, .. } = self;
        let state = if incoming.is_empty() {
            let (used, state) = records::process(connection, arrived, outgoing, plain);
            incoming.extend_from_slice(&arrived[used..]);
            state
        } else if incoming.len() + arrived.len() > KEPT {
            return Err(ErrorKind::InvalidData.into());
        } else {
            incoming.extend_from_slice(arrived);
            let (used, state) = records::process(connection, incoming, outgoing, plain);
            incoming.drain(..used);
            state
        };
        if incoming.is_empty() {
            *incoming = Vec::new();
        }
        let state = state.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        self.ended |= state == State::Ended;
        Ok(state)
    }

    /// Encrypts and sends; says how many bytes were taken. They are sent in time when [`poll_flush`](Self::poll_flush) is ready.
    ///
    /// # Errors
    /// The broken connection.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, plain: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(cx))?;
        if self.failed {
            return Poll::Ready(Err(ErrorKind::NotConnected.into()));
        }
        let plain = &plain[..plain.len().min(WRITE)];
        LEAVING.with_borrow_mut(|buffer| {
            let Self { connection, incoming, outgoing, .. } = self;
            let length = records::encrypt(connection, incoming, outgoing, plain, buffer)?;
            self.send_or_keep(cx, &buffer[..length])?;
            Poll::Ready(Ok(plain.len()))
        })
    }

    /// Sends, and keeps what the system does not take now.
    fn send_or_keep(&mut self, cx: &mut Context<'_>, mut records: &[u8]) -> io::Result<()> {
        while self.outgoing.is_empty() && !records.is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, records)? {
                Poll::Ready(0) => return Err(ErrorKind::WriteZero.into()),
                Poll::Ready(taken) => records = &records[taken..],
                Poll::Pending => break,
            }
        }
        self.outgoing.extend_from_slice(records);
        Ok(())
    }

    /// Sends what was kept.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.outgoing.len() {
            match ready!(Pin::new(&mut self.io).poll_write(cx, &self.outgoing[self.sent..]))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                taken => self.sent += taken,
            }
        }
        if self.sent > 0 {
            self.outgoing = Vec::new();
            self.sent = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// Ready when the system has everything.
    ///
    /// # Errors
    /// The broken connection.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Tells the client that nothing more comes, and closes our side.
    ///
    /// # Errors
    /// The broken connection.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.told && !self.failed {
            self.told = true;
            records::say_farewell(&mut self.connection, &mut self.incoming, &mut self.outgoing)?;
        }
        ready!(self.poll_flush(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
