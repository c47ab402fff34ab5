//! Certificates and the terms of TLS.

mod support;

use stonechat_server::config::{Host, KeyPair, Kind};
use stonechat_server::tls::generate;
use support::client::Client;
use support::tls::{Terms, connect};
use support::{HOST, pair, start};
use tokio::net::TcpStream;

#[tokio::test]
async fn direct_tls_takes_clients_without_alpn_or_with_the_right_one_and_no_others() {
    let fixture = start(|_| {}).await;
    for alpn in [vec![], vec!["xmpp-client"], vec!["h2", "xmpp-client"]] {
        let terms = Terms { alpn, ..Terms::default() };
        fixture.direct_tls(&terms).await.unwrap().open().await;
    }
    for alpn in [vec!["h2"], vec!["http/1.1"], vec!["xmpp-server"]] {
        let terms = Terms { alpn: alpn.clone(), ..Terms::default() };
        let refused = match fixture.direct_tls(&terms).await {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{alpn:?} was accepted"),
        };
        assert!(refused.contains("NoApplicationProtocol"), "{refused}");
    }
    fixture.no_connections().await;
}

#[tokio::test]
async fn each_host_has_its_certificate_and_the_rest_have_the_default() {
    let fixture = start(|config| {
        let own = KeyPair {
            certificate: config.tls.certificate.clone().unwrap().with_file_name("own.pem"),
            key: config.tls.key.clone().unwrap().with_file_name("own.key"),
        };
        generate(&["own.localhost"], &own).unwrap();
        config.hosts.insert("own.localhost".into(), Host { tls: Some(own), ..Host::default() });
    })
    .await;
    let own = pair(&fixture.directory, "own");
    let try_with = async |name: &'static str, trusted: &KeyPair| {
        let stream = TcpStream::connect(fixture.address(Kind::DirectTls)).await.unwrap();
        connect(stream, trusted, &Terms { name, ..Terms::default() }).await.is_ok()
    };
    assert!(try_with("own.localhost", &own).await);
    assert!(try_with("OWN.localhost", &own).await);
    assert!(!try_with("own.localhost", &fixture.pair).await);
    assert!(try_with(HOST, &fixture.pair).await);
    assert!(!try_with(HOST, &own).await);
}

#[tokio::test]
async fn certificates_are_reloaded_and_broken_ones_are_not_taken() {
    let fixture = start(|_| {}).await;
    let old = support::tls::leaf(&fixture.pair);
    let mut before = fixture.session("juliet", "balcony").await;

    std::fs::write(&fixture.pair.certificate, "nonsense").unwrap();
    let error = fixture.server.reload_certificates().unwrap_err().to_string();
    assert!(error.contains("cert.pem"), "{error}");

    std::fs::remove_file(&fixture.pair.certificate).unwrap();
    std::fs::remove_file(&fixture.pair.key).unwrap();
    generate(&[HOST], &fixture.pair).unwrap();
    assert_ne!(support::tls::leaf(&fixture.pair), old);
    assert!(fixture.direct_tls(&Terms::default()).await.is_err(), "the old one is in service");
    fixture.server.reload_certificates().unwrap();
    fixture.session("romeo", "orchard").await.sync().await;
    before.sync().await;
}

#[tokio::test]
async fn tls_1_2_can_be_refused() {
    let fixture =
        start(|config| config.tls.minimum_version = stonechat_server::config::TlsVersion::V1_3).await;
    let terms = Terms { versions: vec![&rustls::version::TLS12], ..Terms::default() };
    assert!(fixture.direct_tls(&terms).await.is_err());
    fixture.secure().await.open().await;
}

#[tokio::test]
async fn a_client_that_speaks_no_tls_to_direct_tls_gets_nothing() {
    let fixture = start(|_| {}).await;
    let mut client = Client::connect(fixture.address(Kind::DirectTls)).await;
    client.send(&support::client::header(HOST)).await;
    let said = client.until_closed().await;
    assert!(!said.contains("stream"), "{said}");
    fixture.no_connections().await;
}
