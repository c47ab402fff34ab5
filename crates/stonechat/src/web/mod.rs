//! Putting a file on the web (XEP-0363 §7): one request over TLS to a host whose certificate is its own, and nothing else.
//!
//! What the host answers with is not read but for its status, and redirections are refusals.

mod body;
mod tls;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::client::conn::http1;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use stonechat_net::{ascii, interleaved, race};
use stonechat_xep_upload::{Header, HttpsUrl, Slot};
use tokio::io::AsyncRead;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use body::Body;
pub(crate) use tls::config;

/// No longer headers are read, in bytes; and no more of them.
const MOST_HEAD: usize = 16 << 10;
const MOST_HEADERS: usize = 100;

/// Why a file is not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PutError {
    #[error("{0}")]
    Unreachable(String),
    #[error("{0}")]
    Tls(String),
    /// The host does not take it.
    #[error("the host of the file answers {0}")]
    Status(StatusCode),
    /// It answers with something that is no answer, or ends the connection.
    #[error("the host of the file: {0}")]
    Broken(String),
    /// The file cannot be read, or is not what it was.
    #[error("{0}")]
    File(String),
    #[error("the host of the file takes nothing any more")]
    Stalled,
}

/// A file to be put.
#[derive(Debug)]
pub(crate) struct Upload<R> {
    pub(crate) content: R,
    pub(crate) size: u64,
    pub(crate) content_type: String,
}

/// Puts a file where a slot says. `sent` hears how many bytes have left so far. Nothing happening for as long as `patience` is the end.
/// Cancel safe: then the connection ends.
pub(crate) async fn put<R: AsyncRead + Send + Unpin + 'static>(
    slot: &Slot,
    upload: Upload<R>,
    tls: Arc<ClientConfig>,
    patience: Duration,
    sent: impl Fn(u64) + Send + Unpin + 'static,
) -> Result<(), PutError> {
    let stream = timeout(patience, connect(&slot.put)).await.unwrap_or(Err(PutError::Stalled))?;
    let shaken = timeout(patience, TlsConnector::from(tls).connect(tls::name(&slot.put)?, stream));
    let stream = shaken.await.map_err(|_| PutError::Stalled)?.map_err(|error| tls::failed(&error))?;
    let mut http = http1::Builder::new();
    http.max_buf_size(MOST_HEAD).max_headers(MOST_HEADERS);
    let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let so_far = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&so_far);
    let request = request(slot, upload, move |bytes| {
        seen.store(bytes, Ordering::Relaxed);
        sent(bytes);
    })?;
    let (mut answer, mut connection) = (pin!(sender.send_request(request)), pin!(connection));
    let response = tokio::select! {
        response = &mut answer => response,
        // What it ended with, the answer says.
        _ = &mut connection => answer.await,
        () = stalled(&so_far, patience) => return Err(PutError::Stalled),
    };
    match response.map_err(broken)?.status() {
        StatusCode::CREATED => Ok(()),
        status => Err(PutError::Status(status)),
    }
}

async fn connect(url: &HttpsUrl) -> Result<TcpStream, PutError> {
    let host = ascii(url.host().trim_start_matches('[').trim_end_matches(']'));
    let failed = |error: &dyn std::fmt::Display| PutError::Unreachable(format!("{host}: {error}"));
    let found = lookup_host((host.as_str(), url.port())).await.map_err(|error| failed(&error))?;
    race(interleaved(found.collect())).await.map_err(|error| failed(&error))
}

/// Returns when nothing more is sent, and nothing answered.
async fn stalled(so_far: &AtomicU64, patience: Duration) {
    let mut before = None;
    loop {
        let now = so_far.load(Ordering::Relaxed);
        if before.replace(now) == Some(now) {
            return;
        }
        sleep(patience).await;
    }
}

/// The request, with the headers of the slot in their order (§4) and none that others have thought of.
fn request<R: AsyncRead + Send + Unpin + 'static>(
    slot: &Slot,
    upload: Upload<R>,
    sent: impl Fn(u64) + Send + Unpin + 'static,
) -> Result<Request<Body<R>>, PutError> {
    let authority = match slot.put.port() {
        443 => slot.put.host().to_owned(),
        port => format!("{}:{port}", slot.put.host()),
    };
    let mut request = Request::put(slot.put.target())
        .header(HOST, authority)
        .header(USER_AGENT, concat!("Stonechat/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, upload.content_type)
        // Of an empty body nobody else says that it has one.
        .header(CONTENT_LENGTH, upload.size);
    for Header { name, value } in &slot.headers {
        let mut value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| PutError::Broken(format!("{name} cannot be sent")))?;
        value.set_sensitive(true);
        request = request.header(name.as_str(), value);
    }
    let body = Body::new(upload.content, upload.size, sent);
    request.body(body).map_err(|error| PutError::Broken(error.to_string()))
}

/// What the connection, or the file, has to say.
fn broken(error: hyper::Error) -> PutError {
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        if let Some(body::FileError(error)) = cause.downcast_ref() {
            return PutError::File(error.to_string());
        }
        source = cause.source();
    }
    PutError::Broken(error.to_string())
}

#[cfg(test)]
mod tests;
