//! The server's end of the control socket.

use std::fs::Permissions;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::{MAX_LINE, Reply, Request};
use crate::failure::Failure;

/// How many commands may be connected at the same time; more wait.
const MOST: usize = 32;
/// How long a command may be connected without asking for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long commands under way may take to end when the server stops.
const AT_THE_END: Duration = Duration::from_secs(5);

/// Answers requests.
pub(crate) trait Answering: Send + Sync + 'static {
    fn answer(&self, request: Request) -> impl Future<Output = Reply> + Send;
}

/// The socket, on which commands are answered until it is closed.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    path: PathBuf,
    stop: CancellationToken,
    accepting: JoinHandle<()>,
}

impl ControlSocket {
    /// Begins to answer on the socket at `path`. One that an earlier server left there is replaced: the caller holds the
    /// data directory's lock, so no other server uses it.
    pub(crate) fn open(path: &Path, answering: &Arc<impl Answering>) -> Result<Self, Failure> {
        let failed = |error| Failure::io(format!("control socket {}", path.display()), error);
        let listener = bind(path).map_err(failed)?;
        let stop = CancellationToken::new();
        let accepting = tokio::spawn(accept(listener, Arc::clone(answering), stop.clone()));
        Ok(Self { path: path.to_owned(), stop, accepting })
    }

    /// Takes no command any more; those under way may end.
    pub(crate) async fn close(self) {
        // The lock is still held, so this is no other server's.
        let _ = std::fs::remove_file(&self.path);
        self.stop.cancel();
        if let Err(error) = self.accepting.await {
            tracing::error!(%error, "the control socket was not closed as it should");
        }
    }
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // The directory is closed to others, so nobody gets in before the permissions are set.
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Accepts commands until `stop`, and sees those that are connected to their end.
async fn accept(listener: UnixListener, answering: Arc<impl Answering>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(MOST));
    let mut connected = JoinSet::new();
    let _ = stop
        .run_until_cancelled(async {
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let (answering, stop) = (Arc::clone(&answering), stop.clone());
                        connected.spawn(async move {
                            let _place = place;
                            if let Err(error) = converse(stream, answering.as_ref(), &stop).await {
                                tracing::debug!(%error, "a command's connection broke");
                            }
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "no command can be taken from the control socket");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
                while connected.try_join_next().is_some() {}
            }
        })
        .await;
    if timeout(AT_THE_END, async { while connected.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!("a command is broken off, as the server stops");
        connected.shutdown().await;
    }
}

/// Answers line by line until the command has no more to ask.
async fn converse(
    mut stream: UnixStream,
    answering: &impl Answering,
    stop: &CancellationToken,
) -> io::Result<()> {
    let (reading, mut writing) = stream.split();
    let mut reading = BufReader::new(reading);
    loop {
        // A request may hold a password.
        let mut line = Zeroizing::new(String::new());
        let mut limited = (&mut reading).take(MAX_LINE);
        let read = timeout(PATIENCE, limited.read_line(&mut line));
        let Some(read) = stop.run_until_cancelled(read).await else { return Ok(()) };
        if read?? == 0 {
            return Ok(());
        }
        let reply = match serde_json::from_str(&line) {
            Ok(request) => answering.answer(request).await,
            Err(error) => Err(Failure::usage(format!("the request cannot be read: {error}"))),
        };
        let mut text = serde_json::to_vec(&reply)?;
        text.push(b'\n');
        timeout(PATIENCE, writing.write_all(&text)).await??;
        if !line.ends_with('\n') {
            // What follows is the rest of a line that was too long.
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Answer, Client};

    struct Echo;

    impl Answering for Echo {
        async fn answer(&self, request: Request) -> Reply {
            match request {
                Request::Commands { host } => Ok(Answer::Text(host)),
                _ => Err(Failure::refused("no")),
            }
        }
    }

    #[tokio::test]
    async fn requests_on_one_connection_are_answered_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        std::fs::write(&path, "left by an earlier server").unwrap();
        let socket = ControlSocket::open(&path, &Arc::new(Echo)).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let mut client = Client::connect(&path).await.unwrap().unwrap();
        for host in ["a", "b"] {
            let reply = client.ask(&Request::Commands { host: host.to_owned() }).await;
            assert_eq!(reply, Ok(Answer::Text(host.to_owned())));
        }
        assert_eq!(client.ask(&Request::Hosts).await, Err(Failure::refused("no")));
        socket.close().await;
        assert!(!path.exists());
        assert!(Client::connect(&path).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_no_request_and_lines_without_end_get_an_answer_and_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        let socket = ControlSocket::open(&path, &Arc::new(Echo)).unwrap();
        for text in ["{}\n".to_owned(), "x".repeat(MAX_LINE as usize)] {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            let mut line = String::new();
            BufReader::new(&mut stream).read_line(&mut line).await.unwrap();
            assert!(line.contains("the request cannot be read"), "{line}");
        }
        socket.close().await;
    }
}
