//! The client's side of TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use sha2::Digest as _;
use stonechat_sasl::{Channel, ChannelBinding};
use stonechat_server::config::{KeyPair, Kind};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::Client;
use super::{Fixture, HOST, soon};

/// How a client does TLS.
#[derive(Clone)]
pub struct Terms {
    pub versions: Vec<&'static SupportedProtocolVersion>,
    pub alpn: Vec<&'static str>,
    pub name: &'static str,
}

impl Default for Terms {
    fn default() -> Self {
        Self { versions: vec![&rustls::version::TLS13, &rustls::version::TLS12], alpn: vec![], name: HOST }
    }
}

pub fn leaf(pair: &KeyPair) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(&pair.certificate).unwrap()
}

/// Shakes hands over a connection, trusting this certificate only.
pub async fn connect(
    stream: TcpStream,
    trusted: &KeyPair,
    terms: &Terms,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(leaf(trusted)).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&terms.versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = terms.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(terms.name).unwrap();
    soon("the handshake", TlsConnector::from(Arc::new(config)).connect(name, stream)).await
}

/// The channel bindings as a client sees them.
fn channel(stream: &TlsStream<TcpStream>) -> Channel {
    let connection = stream.get_ref().1;
    let exported =
        connection.export_keying_material([0_u8; 32], b"EXPORTER-Channel-Binding", Some(b"")).unwrap();
    let leaf = &connection.peer_certificates().unwrap()[0];
    let hash = sha2::Sha256::digest(leaf);
    Channel::tls()
        .with_binding(ChannelBinding::tls_exporter(exported))
        .with_binding(ChannelBinding::tls_server_end_point(&hash).unwrap())
}

impl Fixture {
    pub async fn direct_tls(&self, terms: &Terms) -> std::io::Result<Client> {
        let stream = TcpStream::connect(self.address(Kind::DirectTls)).await?;
        let stream = connect(stream, &self.pair, terms).await?;
        let channel = channel(&stream);
        Ok(Client::over(stream, channel))
    }

    pub async fn starttls(&self, terms: &Terms) -> std::io::Result<Client> {
        let stream = starttls(self.address(Kind::Starttls)).await;
        let stream = connect(stream, &self.pair, terms).await?;
        let channel = channel(&stream);
        Ok(Client::over(stream, channel))
    }

    /// A client that has TLS and no stream yet.
    pub async fn secure(&self) -> Client {
        self.direct_tls(&Terms::default()).await.unwrap()
    }
}

/// Speaks in the clear until the handshake is due.
async fn starttls(address: SocketAddr) -> TcpStream {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = TcpStream::connect(address).await.unwrap();
    let script = [
        (super::client::header(HOST), "</stream:features>"),
        ("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_owned(), "<proceed"),
    ];
    for (send, until) in script {
        stream.write_all(send.as_bytes()).await.unwrap();
        let mut read = String::new();
        while !read.contains(until) || !read.ends_with('>') {
            let mut byte = [0; 1];
            soon(until, stream.read_exact(&mut byte)).await.unwrap();
            read.push(char::from(byte[0]));
        }
    }
    stream
}
