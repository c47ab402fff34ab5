//! Handshakes and data in memory, with the client of rustls at the other end.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use bytes::BytesMut;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use stonechat_sasl::ChannelBinding;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::accept::Secured;
use super::{Certificates, Stream, Whom, accept, generate};
use crate::config::{Config, KeyPair, Tls};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];

/// Both ends of connections, which trust each other.
struct Ends {
    certificates: Certificates,
    root: CertificateDer<'static>,
}

impl Ends {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair =
            KeyPair { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        generate(&["localhost"], &pair).unwrap();
        let config = Config { tls: Tls::with(pair.clone()), ..Config::for_host("localhost") };
        let certificates = Certificates::default();
        certificates.replace(Certificates::load(&config).unwrap());
        Self { certificates, root: CertificateDer::from_pem_file(&pair.certificate).unwrap() }
    }

    fn connector(&self, version: &'static SupportedProtocolVersion) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_protocol_versions(&[version]).unwrap();
        TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    }

    /// Shakes hands over a pipe that holds so many bytes.
    async fn connect(
        &self,
        version: &'static SupportedProtocolVersion,
        pipe: usize,
    ) -> (Secured<DuplexStream>, TlsStream<DuplexStream>) {
        let (ours, theirs) = duplex(pipe);
        let name = ServerName::try_from("localhost").unwrap();
        let connecting = self.connector(version).connect(name, theirs);
        let (secured, client) = tokio::join!(accept(ours, &self.certificates, Whom::Clients), connecting);
        (secured.unwrap(), client.unwrap())
    }
}

async fn read(stream: &mut Stream<DuplexStream>, plain: &mut BytesMut) -> io::Result<usize> {
    poll_fn(|cx| stream.poll_read(cx, plain)).await
}

async fn write(stream: &mut Stream<DuplexStream>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = poll_fn(|cx| stream.poll_write(cx, bytes)).await?;
        bytes = &bytes[written..];
    }
    poll_fn(|cx| stream.poll_flush(cx)).await
}

fn some_bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

#[tokio::test]
async fn both_ends_see_the_same_channel_bindings() {
    let ends = Ends::new();
    for version in VERSIONS {
        let (secured, client) = ends.connect(version, 1 << 20).await;
        let connection = client.get_ref().1;
        let exported =
            connection.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b"")).unwrap();
        let bindings = secured.channel.bindings();
        assert!(bindings.contains(&ChannelBinding::tls_exporter(exported)), "{version:?}: {bindings:?}");
        let hash = <sha2::Sha256 as sha2::Digest>::digest(&ends.root);
        assert!(bindings.contains(&ChannelBinding::tls_server_end_point(&hash).unwrap()), "{version:?}");
    }
}

#[tokio::test]
async fn data_arrives_however_it_is_cut() {
    let ends = Ends::new();
    for version in VERSIONS {
        for (pipe, length) in [(1, 3_000), (7, 20_000), (100, 40_000), (5_000, 200_000), (1 << 20, 200_000)] {
            let data = some_bytes(length);
            let (mut secured, mut client) = ends.connect(version, pipe).await;
            let stream = &mut secured.stream;
            let upwards = async {
                client.write_all(&data).await.unwrap();
                client.flush().await.unwrap();
                let mut back = vec![0; data.len()];
                client.read_exact(&mut back).await.unwrap();
                back
            };
            let downwards = async {
                let mut plain = secured.input.split();
                while plain.len() < data.len() {
                    assert_ne!(read(stream, &mut plain).await.unwrap(), 0);
                }
                write(stream, &plain).await.unwrap();
                plain
            };
            let (back, plain) = tokio::join!(upwards, downwards);
            assert!(plain == data && back == data, "{version:?}, {pipe}");
        }
    }
}

#[tokio::test]
async fn an_idle_connection_keeps_no_buffers() {
    let (mut secured, mut client) = Ends::new().connect(&version::TLS13, 1 << 20).await;
    client.write_all(b"<presence/>").await.unwrap();
    client.flush().await.unwrap();
    read(&mut secured.stream, &mut BytesMut::new()).await.unwrap();
    write(&mut secured.stream, b"<presence/>").await.unwrap();
    assert_eq!(secured.stream.held(), 0);
}

#[tokio::test]
async fn keys_are_renewed_on_either_wish() {
    let (mut secured, mut client) = Ends::new().connect(&version::TLS13, 1 << 20).await;
    for _ in 0..3 {
        client.get_mut().1.refresh_traffic_keys().unwrap();
        client.write_all(b"up").await.unwrap();
        client.flush().await.unwrap();
        let mut plain = BytesMut::new();
        read(&mut secured.stream, &mut plain).await.unwrap();
        assert_eq!(&plain[..], b"up");
        write(&mut secured.stream, b"down").await.unwrap();
        let mut down = [0; 4];
        client.read_exact(&mut down).await.unwrap();
        assert_eq!(&down, b"down");
    }
}

#[tokio::test]
async fn a_farewell_is_the_end_and_a_cut_is_an_error() {
    let ends = Ends::new();
    for version in VERSIONS {
        let (mut secured, mut client) = ends.connect(version, 1 << 20).await;
        client.shutdown().await.unwrap();
        assert_eq!(read(&mut secured.stream, &mut BytesMut::new()).await.unwrap(), 0);
        // The other way is open still.
        write(&mut secured.stream, b"bye").await.unwrap();
        poll_fn(|cx| secured.stream.poll_shutdown(cx)).await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"bye");

        let (mut secured, client) = ends.connect(version, 1 << 20).await;
        drop(client);
        let cut = read(&mut secured.stream, &mut BytesMut::new()).await.unwrap_err();
        assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
    }
}

#[tokio::test]
async fn what_is_no_record_ends_the_connection_with_an_alert() {
    let (mut secured, client) = Ends::new().connect(&version::TLS13, 1 << 20).await;
    let (mut pipe, _) = client.into_inner();
    pipe.write_all(&[23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
        .await
        .unwrap();
    let refused = read(&mut secured.stream, &mut BytesMut::new()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidData);
    assert!(write(&mut secured.stream, b"more").await.is_err());
    assert!(read(&mut secured.stream, &mut BytesMut::new()).await.is_err());
    poll_fn(|cx| secured.stream.poll_shutdown(cx)).await.unwrap();
    let mut said = Vec::new();
    pipe.read_to_end(&mut said).await.unwrap();
    assert!(said.starts_with(&[23, 3, 3]), "an alert, encrypted: {said:?}");
}

#[tokio::test]
async fn what_is_no_handshake_is_refused_at_once() {
    let ends = Ends::new();
    for garbage in
        [&b"<?xml version='1.0'?><stream:stream>"[..], &[22, 3, 1, 0xff, 0xff], &[22, 3, 1, 0, 4, 1, 0, 0, 0]]
    {
        let (ours, mut theirs) = duplex(1 << 20);
        theirs.write_all(garbage).await.unwrap();
        theirs.shutdown().await.unwrap();
        assert!(accept(ours, &ends.certificates, Whom::Clients).await.is_err(), "{garbage:?}");
    }
}
