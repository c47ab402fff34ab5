//! A connection, with TLS or without.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::io::poll_read_buf;

/// How much is read at once.
const READ: usize = 16 << 10;

/// A connection, with TLS or without; over what the system connects, or over something else.
#[derive(Debug)]
pub enum Transport<S = TcpStream> {
    /// Without.
    Tcp(S),
    /// With.
    Tls(Box<TlsStream<S>>),
}

/// What a [turn](Connection::turn) has brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// Something has come.
    Read,
    /// All was taken; whether it is on its way says [`Connection::is_flushed`].
    Written,
    /// Nothing more will come.
    End,
}

/// A transport, and whether something in it waits to be flushed.
#[derive(Debug)]
pub struct Connection<S = TcpStream> {
    transport: Transport<S>,
    flush: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Nothing waits.
    #[must_use]
    pub fn new(transport: Transport<S>) -> Self {
        Self { transport, flush: false }
    }

    /// Whether all that was written is on its way.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        !self.flush
    }

    /// The transport, with what waits in it.
    #[must_use]
    pub fn into_transport(self) -> Transport<S> {
        self.transport
    }

    /// Writes what is in `out`, and reads into `input` if that is wanted, whichever can be done first. Cancel safe: what was written is
    /// gone from `out`.
    ///
    /// # Errors
    /// The broken connection.
    pub async fn turn(&mut self, out: &mut BytesMut, input: Option<&mut BytesMut>) -> io::Result<Turn> {
        let mut input = input;
        std::future::poll_fn(|cx| self.poll_turn(cx, out, input.as_deref_mut())).await
    }

    fn poll_turn(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut BytesMut,
        input: Option<&mut BytesMut>,
    ) -> Poll<io::Result<Turn>> {
        if let Poll::Ready(written) = self.poll_write(cx, out) {
            return Poll::Ready(written.map(|()| Turn::Written));
        }
        let Some(input) = input else { return Poll::Pending };
        input.reserve(READ);
        let read = ready!(poll_read_buf(Pin::new(&mut self.transport), cx, input))?;
        Poll::Ready(Ok(if read == 0 { Turn::End } else { Turn::Read }))
    }

    /// Pending when there is nothing to write, too.
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut BytesMut) -> Poll<io::Result<()>> {
        let had_any = !out.is_empty();
        while !out.is_empty() {
            let written = ready!(Pin::new(&mut self.transport).poll_write(cx, out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            out.advance(written);
            self.flush = true;
        }
        if !self.flush {
            return Poll::Pending;
        }
        match Pin::new(&mut self.transport).poll_flush(cx)? {
            Poll::Ready(()) => self.flush = false,
            Poll::Pending if !had_any => return Poll::Pending,
            // The caller may go on: what TLS has taken it does not have to keep.
            Poll::Pending => {}
        }
        Poll::Ready(Ok(()))
    }
}

macro_rules! either {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Tcp(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Self::Tls(stream) => {
                let $stream = Pin::new(stream.as_mut());
                $call
            }
        }
    };
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Transport<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_read(cx, buffer))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Transport<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_shutdown(cx))
    }
}
