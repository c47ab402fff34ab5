//! One client of the relay.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use memchr::memmem;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use super::outbox::{Names, Outbox};

/// What is read at once: the most that a TLS record holds.
const READ: usize = 16 << 10;
/// The longest first line, and the longest stanza.
const LONGEST: usize = 64 << 10;

thread_local! {
    static BUFFER: RefCell<Box<[u8; READ]>> = RefCell::new(Box::new([0; READ]));
}

struct Connection<S> {
    stream: S,
    end: Box<[u8]>,
    own: Arc<Outbox>,
    others: Box<[Arc<Outbox>]>,
    /// A stanza that is not complete.
    begun: Vec<u8>,
    writing: Vec<u8>,
    written: usize,
    unflushed: bool,
}

/// Relays what a client sends, until it goes.
pub(super) async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, names: &Names) -> io::Result<()> {
    let hello = Box::pin(hello(&mut stream)).await?;
    let mut words = hello.split(' ');
    let (Some(end), Some(name)) = (words.next(), words.next()) else {
        return Err(ErrorKind::InvalidData.into());
    };
    let own = names.get(name);
    let others = words.map(|other| names.get(other)).collect();
    stream.write_all(b"ok\n").await?;
    stream.flush().await?;
    let mut connection = Connection {
        stream,
        end: end.as_bytes().into(),
        own,
        others,
        begun: Vec::new(),
        writing: Vec::new(),
        written: 0,
        unflushed: false,
    };
    let name: Box<str> = name.into();
    drop(hello);
    let ended = poll_fn(|cx| connection.poll(cx)).await;
    names.remove(&name);
    ended
}

/// The first line, byte by byte: it comes alone and once.
async fn hello(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut line = Vec::new();
    loop {
        match stream.read_u8().await? {
            b'\n' => return String::from_utf8(line).map_err(|_| ErrorKind::InvalidData.into()),
            _ if line.len() == LONGEST => return Err(ErrorKind::InvalidData.into()),
            byte => line.push(byte),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.own.register(cx.waker());
        if let Poll::Ready(Err(error)) = self.poll_write(cx) {
            return Poll::Ready(Err(error));
        }
        BUFFER.with_borrow_mut(|buffer| {
            loop {
                let mut read = ReadBuf::new(&mut buffer[..]);
                ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
                if read.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
                self.forward(read.filled())?;
            }
        })
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.written == self.writing.len() {
                self.writing.clear();
                self.written = 0;
                self.own.take(&mut self.writing);
            }
            if self.writing.is_empty() {
                if self.unflushed {
                    ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
                    self.unflushed = false;
                }
                return Poll::Ready(Ok(()));
            }
            let rest = &self.writing[self.written..];
            self.written += ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
            self.unflushed = true;
        }
    }

    /// Forwards the stanzas that are complete, and keeps the rest.
    fn forward(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.begun.is_empty() {
            let whole = relay(bytes, &self.end, &self.others)?;
            self.begun.extend_from_slice(&bytes[whole..]);
        } else {
            self.begun.extend_from_slice(bytes);
            let whole = relay(&self.begun, &self.end, &self.others)?;
            self.begun.drain(..whole);
        }
        if self.begun.len() > LONGEST { Err(ErrorKind::InvalidData.into()) } else { Ok(()) }
    }
}

/// How many bytes were whole stanzas.
fn relay(bytes: &[u8], end: &[u8], others: &[Arc<Outbox>]) -> io::Result<usize> {
    let mut whole = 0;
    for other in others {
        let mut from = 0;
        let stanzas = memmem::find_iter(bytes, end).map(|at| {
            let stanza = &bytes[from..at + end.len()];
            from = at + end.len();
            stanza
        });
        other.push(stanzas)?;
        whole = from;
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    #[tokio::test]
    async fn whole_stanzas_are_forwarded_however_they_are_cut() {
        let names = Arc::new(Names::default());
        let (mut juliet, theirs) = duplex(1024);
        let (mut romeo, his) = duplex(1024);
        for end in [theirs, his] {
            let names = Arc::clone(&names);
            tokio::spawn(async move { serve(end, &names).await });
        }
        let mut ok = [0; 3];
        juliet.write_all(b"</m> juliet romeo\n").await.unwrap();
        juliet.read_exact(&mut ok).await.unwrap();
        romeo.write_all(b"</m> romeo juliet\n").await.unwrap();
        romeo.read_exact(&mut ok).await.unwrap();
        for part in ["<m>1</m><m>2<", "/m", "><m>3</m>"] {
            juliet.write_all(part.as_bytes()).await.unwrap();
            juliet.flush().await.unwrap();
        }
        let mut read = [0; 24];
        romeo.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"<m>1</m><m>2</m><m>3</m>");
    }

    #[test]
    fn an_unfinished_stanza_is_not_forwarded() {
        let outbox = Arc::new(Outbox::default());
        assert_eq!(relay(b"<m/>a</m><m>", b"</m>", &[Arc::clone(&outbox)]).unwrap(), 9);
        let mut taken = Vec::new();
        outbox.take(&mut taken);
        assert_eq!(taken, b"<m/>a</m>");
    }
}
