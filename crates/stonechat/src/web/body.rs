//! A file as the body of a request.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{self, Bytes, Frame, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};

/// So much is read at once, in bytes.
const CHUNK: usize = 32 << 10;

/// The file cannot be read, or is shorter than it was.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct FileError(pub(super) io::Error);

/// As much of a file as was told before, and nothing that was written to it since.
pub(super) struct Body<R> {
    content: R,
    size: u64,
    so_far: u64,
    sent: Box<dyn Fn(u64) + Send + Unpin>,
}

impl<R> Body<R> {
    pub(super) fn new(content: R, size: u64, sent: impl Fn(u64) + Send + Unpin + 'static) -> Self {
        Self { content, size, so_far: 0, sent: Box::new(sent) }
    }

    fn left(&self) -> u64 {
        self.size - self.so_far
    }
}

impl<R: AsyncRead + Unpin> body::Body for Body<R> {
    type Data = Bytes;
    type Error = FileError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, FileError>>> {
        if self.left() == 0 {
            return Poll::Ready(None);
        }
        let room = usize::try_from(self.left()).map_or(CHUNK, |left| left.min(CHUNK));
        let mut chunk = vec![0; room];
        let mut buffer = ReadBuf::new(&mut chunk);
        let read = ready!(Pin::new(&mut self.content).poll_read(cx, &mut buffer));
        let length = buffer.filled().len();
        if let Err(error) = read {
            return Poll::Ready(Some(Err(FileError(error))));
        }
        if length == 0 {
            let shorter = io::Error::new(io::ErrorKind::UnexpectedEof, "the file has become shorter");
            return Poll::Ready(Some(Err(FileError(shorter))));
        }
        chunk.truncate(length);
        self.so_far += length as u64;
        (self.sent)(self.so_far);
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}
