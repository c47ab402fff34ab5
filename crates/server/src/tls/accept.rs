//! The server's side of a handshake.

use std::io;

use rustls::server::Acceptor;
use stonechat_sasl::{Channel, ChannelBinding};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::Certificates;

/// A connection that TLS protects, with what is known of it.
pub(crate) struct Secured<IO> {
    pub(crate) stream: TlsStream<IO>,
    /// For SASL: the channel bindings of this connection.
    pub(crate) channel: Channel,
}

/// Shakes hands with the certificate of the host that the client wants. Not cancel safe: what is dropped is closed.
///
/// # Errors
/// When the client breaks the protocol, accepts nothing that is offered here, names another application protocol
/// than `xmpp-client` (ALPN, XEP-0368), or the connection breaks.
pub(crate) async fn accept<IO: AsyncRead + AsyncWrite + Unpin>(
    io: IO,
    certificates: &Certificates,
) -> io::Result<Secured<IO>> {
    let hello = LazyConfigAcceptor::new(Acceptor::default(), io).await?;
    let certificate = certificates
        .choose(hello.client_hello().server_name())
        .ok_or_else(|| io::Error::other("there is no certificate"))?;
    let stream = hello.into_stream(certificate.config.clone()).await?;
    let mut channel = Channel::tls();
    // RFC 9266 §2: the context is empty, which is not the same as none in TLS 1.2. Over 1.2 the extended master secret,
    // which §4.2 asks for, is required by our configuration.
    let exported =
        stream.get_ref().1.export_keying_material([0_u8; 32], b"EXPORTER-Channel-Binding", Some(b""));
    if let Ok(exported) = exported {
        channel = channel.with_binding(ChannelBinding::tls_exporter(exported));
    }
    if let Some(binding) = certificate.end_point.as_deref().and_then(ChannelBinding::tls_server_end_point) {
        channel = channel.with_binding(binding);
    }
    Ok(Secured { stream, channel })
}
