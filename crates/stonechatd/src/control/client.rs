//! A command's end of the control socket.

use std::io::{self, ErrorKind};
use std::path::Path;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use super::{MAX_LINE, Reply, Request};
use crate::failure::Failure;

/// A connection to a server that runs.
#[derive(Debug)]
pub(crate) struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects to the socket at `path`; `None` when no server answers there.
    pub(crate) async fn connect(path: &Path) -> Result<Option<Self>, Failure> {
        match UnixStream::connect(path).await {
            Ok(stream) => Ok(Some(Self { stream: BufReader::new(stream) })),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(Failure::io(format!("control socket {}", path.display()), error)),
        }
    }

    /// Asks and waits for the answer.
    pub(crate) async fn ask(&mut self, request: &Request) -> Reply {
        let line = self.exchange(request).await;
        let line =
            line.map_err(|error| Failure::unavailable(format!("the server does not answer: {error}")))?;
        serde_json::from_str(&line)
            .map_err(|error| Failure::internal(format!("the server's answer cannot be read: {error}")))?
    }

    async fn exchange(&mut self, request: &Request) -> io::Result<String> {
        let mut text = Zeroizing::new(serde_json::to_vec(request)?);
        text.push(b'\n');
        self.stream.write_all(&text).await?;
        let mut line = String::new();
        (&mut self.stream).take(MAX_LINE).read_line(&mut line).await?;
        if line.is_empty() { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(line) }
    }
}
