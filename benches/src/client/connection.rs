//! Frames over a connection.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use bytes::BytesMut;
use futures_util::FutureExt as _;
use stonechat_stream::codec::{Content, Decoder, Frame, Framing, Limits};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::Mutex;
use tokio::task::unconstrained;

use super::acks;
use crate::{Context, Error, Result};

/// What a connection runs over.
pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// A connection of which whole frames are read.
pub struct Connection {
    stream: Box<dyn Transport>,
    frames: Frames,
}

/// The reading half of a connection.
pub struct Reader {
    stream: ReadHalf<Box<dyn Transport>>,
    frames: Frames,
}

/// The writing half of a connection, or one of its copies. As long as there is one, the connection is open.
#[derive(Clone)]
pub struct Writer(Arc<Mutex<WriteHalf<Box<dyn Transport>>>>);

struct Frames {
    decoder: Decoder,
    input: BytesMut,
    /// How many stanzas have come since stream management was enabled, if it was.
    handled: Option<u32>,
}

impl Connection {
    pub(super) fn new(stream: Box<dyn Transport>) -> Self {
        let decoder = Decoder::new(Framing::Tcp, Content::Client, Limits::authenticated());
        Self { stream, frames: Frames { decoder, input: BytesMut::new(), handled: None } }
    }

    /// Writes bytes, and waits until the system has them.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await.during("writing")?;
        self.stream.flush().await.during("writing")
    }

    /// The next frame.
    ///
    /// # Errors
    /// When the connection is broken or closed, and when what the server sends is not XMPP.
    pub async fn frame(&mut self) -> Result<Frame> {
        loop {
            if let Some(frame) = self.frames.next()? {
                return Ok(frame);
            }
            fill(&mut self.stream, &mut self.frames.input).await?;
        }
    }

    /// Closes the stream, and waits until the server has closed it too (RFC 6120 §4.4).
    ///
    /// # Errors
    /// When the connection breaks instead.
    pub async fn close(mut self) -> Result<()> {
        self.send(b"</stream:stream>").await?;
        while !matches!(self.frame().await?, Frame::Close) {}
        Ok(())
    }

    /// How many stanzas have come since the server enabled stream management (XEP-0198 §4); `None` when it did not.
    #[must_use]
    pub fn handled(&self) -> Option<u32> {
        self.frames.handled
    }

    /// Whether the server has closed it. What has come until now is read and dropped.
    pub fn has_ended(&mut self) -> bool {
        loop {
            // Without the runtime's budget, which would have it look as if there were nothing to read.
            match unconstrained(self.frame()).now_or_never() {
                None => return false,
                Some(Err(_) | Ok(Frame::Close)) => return true,
                Some(Ok(_)) => {}
            }
        }
    }

    /// How many bytes have come and are not read yet.
    pub(super) fn pending(&self) -> usize {
        self.frames.input.len()
    }

    /// A new stream begins on this connection.
    pub(super) fn reset(&mut self) {
        self.frames.decoder.reset();
    }

    /// Reads as if the server had opened a stream.
    pub(super) fn assume_open(&mut self) -> Result<()> {
        let header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
        self.frames.decoder.decode(&mut BytesMut::from(header)).map_err(not_xmpp)?;
        Ok(())
    }

    /// One line, byte by byte.
    pub(super) async fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        while line.len() < 256 {
            match self.stream.read_u8().await.during("reading")? {
                b'\n' => break,
                byte => line.push(byte),
            }
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// Both halves, to be used at the same time.
    #[must_use]
    pub fn split(self) -> (Reader, Writer) {
        let (read, write) = tokio::io::split(self.stream);
        (Reader { stream: read, frames: self.frames }, Writer(Arc::new(Mutex::new(write))))
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Reader {
    /// Waits for bytes, unless a frame is there already. Cancel safe.
    ///
    /// # Errors
    /// When the connection is broken or closed.
    pub async fn fill(&mut self) -> Result<()> {
        fill(&mut self.stream, &mut self.frames.input).await
    }

    /// The next frame of what was read.
    ///
    /// # Errors
    /// When what the server sends is not XMPP.
    pub fn frame(&mut self) -> Result<Option<Frame>> {
        self.frames.next()
    }

    /// As [`Connection::handled`].
    #[must_use]
    pub fn handled(&self) -> Option<u32> {
        self.frames.handled
    }
}

impl Writer {
    /// Writes bytes as one TLS record, and waits until the system has them.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&self, bytes: &[u8]) -> Result<()> {
        let mut stream = self.0.lock().await;
        stream.write_all(bytes).await.during("writing")?;
        stream.flush().await.during("writing")
    }
}

impl Frames {
    fn next(&mut self) -> Result<Option<Frame>> {
        let frame = self.decoder.decode(&mut self.input).map_err(not_xmpp)?;
        match &frame {
            Some(Frame::Nonza(nonza)) if acks::is_enabled(nonza) => self.handled = Some(0),
            // Modulo 2^32 (XEP-0198 §4).
            Some(Frame::Stanza(_)) => self.handled = self.handled.map(|handled| handled.wrapping_add(1)),
            _ => {}
        }
        Ok(frame)
    }
}

async fn fill(stream: &mut (impl AsyncRead + Unpin), input: &mut BytesMut) -> Result<()> {
    input.reserve(4096);
    let read = stream.read_buf(input).await.and_then(|read| match read {
        0 => Err(io::Error::from(ErrorKind::UnexpectedEof)),
        read => Ok(read),
    });
    read.map(drop).during("reading")
}

fn not_xmpp(error: impl std::fmt::Display) -> Error {
    Error::Server(format!("what was read is not XMPP: {error}"))
}
