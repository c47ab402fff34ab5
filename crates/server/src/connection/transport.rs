//! The bytes of a connection, in the clear or under TLS.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::AsyncWrite as _;
use tokio_util::io::poll_read_buf;

use super::buffers;
use super::socket::Socket;
use crate::tls;

/// The bytes of a connection.
#[derive(Debug)]
pub(crate) enum Transport {
    Plain(Socket),
    Tls(Box<tls::Stream<Socket>>),
    /// A handshake has it, or it failed.
    Gone,
}

fn gone<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
}

impl Transport {
    /// Appends what is there to `input` and says how many bytes; 0 at the end.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => {
                input.reserve(buffers::READ);
                poll_read_buf(Pin::new(stream), cx, input)
            }
            Self::Tls(stream) => stream.poll_read(cx, input),
            Self::Gone => gone(),
        }
    }

    /// Writes, and says how many bytes were taken.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => stream.poll_write(cx, bytes),
            Self::Gone => gone(),
        }
    }

    /// Ready when the system has all that was taken.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => stream.poll_flush(cx),
            Self::Gone => gone(),
        }
    }

    /// Closes our side.
    pub(crate) async fn shutdown(&mut self) -> io::Result<()> {
        poll_fn(|cx| match self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => stream.poll_shutdown(cx),
            Self::Gone => gone(),
        })
        .await
    }
}
