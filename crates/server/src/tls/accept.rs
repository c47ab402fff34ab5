//! The server's side of a handshake.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use rustls::{ProtocolVersion, SupportedCipherSuite};
use rustls_pki_types::CertificateDer;
use stonechat_sasl::{Channel, ChannelBinding};
use tokio::io::{AsyncRead, AsyncWrite};

use super::certificates::{Certificate, Certificates, Whom};
use super::exporter::Secret;
use super::records::State;
use super::stream::Stream;

/// A connection that TLS protects, with what is known of it.
pub(crate) struct Secured<IO> {
    pub(crate) stream: Stream<IO>,
    /// What the client sent together with its last words of the handshake.
    pub(crate) input: BytesMut,
    /// For SASL: the channel bindings of this connection.
    pub(crate) channel: Channel,
    /// What another server has shown, its own certificate first; nobody has judged it.
    pub(crate) shown: Vec<CertificateDer<'static>>,
    /// The version of TLS.
    pub(crate) version: Option<ProtocolVersion>,
}

/// What a handshake lets out.
#[derive(Debug, Default)]
struct Seen {
    certificate: Option<Arc<Certificate>>,
    secret: Option<Secret>,
    /// The first record that was sent.
    hello: Vec<u8>,
}

/// Shakes hands with the certificate of the host that the client wants. Not cancel safe: what is dropped is closed.
///
/// # Errors
/// When the client breaks the protocol, accepts nothing that is offered here, names another application protocol
/// than that of whom it is for (ALPN, XEP-0368), or the connection breaks.
pub(crate) async fn accept<IO: AsyncRead + AsyncWrite + Unpin>(
    io: IO,
    certificates: &Certificates,
    whom: Whom,
) -> io::Result<Secured<IO>> {
    let config = certificates.config(whom).ok_or_else(|| io::Error::other("there is no certificate"))?;
    let mut stream = Stream::new(io, config)?;
    let mut input = BytesMut::new();
    let mut seen = Seen::default();
    poll_fn(|cx| poll(&mut stream, cx, &mut input, &mut seen)).await?;
    let channel = seen.channel(stream.connection().negotiated_cipher_suite());
    let shown = stream.connection().peer_certificates().unwrap_or_default().to_vec();
    let version = stream.connection().protocol_version();
    Ok(Secured { stream, input, channel, shown, version })
}

/// Ready when the handshake is done.
fn poll<IO: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut Stream<IO>,
    cx: &mut Context<'_>,
    input: &mut BytesMut,
    seen: &mut Seen,
) -> Poll<io::Result<()>> {
    while stream.connection().is_handshaking() {
        let arrived = stream.poll_arrive(cx, input);
        // Also when it failed: what this handshake has left in the thread must not be there for the next one.
        seen.look(stream.outgoing());
        if ready!(arrived)? == State::Ended {
            return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
        }
    }
    stream.poll_flush(cx)
}

impl Seen {
    /// Takes what the handshake has left in the thread, and looks at what it is about to send.
    fn look(&mut self, outgoing: &[u8]) {
        self.certificate = Certificate::take_chosen().or_else(|| self.certificate.take());
        self.secret = Secret::take().or_else(|| self.secret.take());
        if self.hello.is_empty() {
            self.hello.extend_from_slice(&outgoing[..outgoing.len().min(64)]);
        }
    }

    fn channel(&self, suite: Option<SupportedCipherSuite>) -> Channel {
        let mut channel = Channel::tls();
        // Over TLS 1.2 the extended master secret, which RFC 9266 §4.2 asks for, is required by our configuration.
        let exported =
            self.secret.as_ref().zip(suite).and_then(|(secret, suite)| secret.binding(suite, &self.hello));
        if let Some(exported) = exported {
            channel = channel.with_binding(ChannelBinding::tls_exporter(exported));
        }
        let end_point = self.certificate.as_ref().and_then(|certificate| certificate.end_point.as_deref());
        if let Some(binding) = end_point.and_then(ChannelBinding::tls_server_end_point) {
            channel = channel.with_binding(binding);
        }
        channel
    }
}
