//! The floor: a relay that does only what every chat server over TLS has to do.
//!
//! A client says in one line the bytes that end a stanza, its name, and to whom all goes that it sends:
//! `</message> juliet romeo\n`; the relay answers `ok\n`. From then on complete stanzas, found by searching for these
//! bytes, are forwarded as they are. Nothing is parsed, looked up, checked or stored.

mod connection;
mod outbox;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Builder;
use tokio_rustls::TlsAcceptor;

use crate::{Context, Result, tls};
use outbox::Names;

/// How a relay runs.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Where clients connect without TLS.
    #[arg(long)]
    pub plain: SocketAddr,
    /// Where clients connect with TLS.
    #[arg(long)]
    pub tls: SocketAddr,
    /// The folder of cert.pem and key.pem.
    #[arg(long)]
    pub folder: PathBuf,
    /// Threads; one is the cheapest.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
}

/// Relays until the process is ended.
///
/// # Errors
/// When it cannot listen or has no certificate.
pub fn run(options: &Options) -> Result<()> {
    let config = Arc::new(tls::relay(&options.folder)?);
    let mut runtime = match options.threads {
        0 | 1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime =
        runtime.worker_threads(options.threads.max(1)).enable_all().build().during("the runtime")?;
    runtime.block_on(async {
        let names = Arc::new(Names::default());
        let acceptor = TlsAcceptor::from(config);
        let plain = tokio::spawn(accept(listen(options.plain)?, Arc::clone(&names), None));
        let secure = tokio::spawn(accept(listen(options.tls)?, names, Some(acceptor)));
        // Neither ends but by a failure.
        let ended = tokio::select! {
            ended = plain => ended,
            ended = secure => ended,
        };
        ended.map_err(std::io::Error::other).flatten().during("accepting connections")
    })
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listening = || {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(1024)
    };
    listening().during(format!("listening on {address}"))
}

async fn accept(listener: TcpListener, names: Arc<Names>, tls: Option<TlsAcceptor>) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let names = Arc::clone(&names);
        match tls.clone() {
            None => serve(stream, names),
            // The handshake is a task of its own, so that its state does not stay with the connection.
            Some(tls) => drop(tokio::spawn(async move {
                if let Ok(stream) = tls.accept(stream).await {
                    serve(stream, names);
                }
            })),
        }
    }
}

fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, names: Arc<Names>) {
    // A connection that breaks is nobody's concern but its client's, which sees it too.
    tokio::spawn(async move { drop(connection::serve(stream, &names).await) });
}
