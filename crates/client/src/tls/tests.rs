//! Whom a certificate is believed to be of.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConnection, ServerConfig, ServerConnection};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

#[test]
fn the_name_in_the_certificate_is_the_domain_in_a_labels() {
    let name = |domain: &str| server_name(domain).unwrap().to_str().into_owned();
    assert_eq!(name("bücher.example"), "xn--bcher-kva.example");
    assert_eq!(name("im.example.com"), "im.example.com");
    assert_eq!((name("127.0.0.1"), name("[::1]")), ("127.0.0.1".to_owned(), "::1".to_owned()));
}

/// A certificate's subject, and its alternative names.
fn certificate(subject: &str, names: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, subject);
    params.subject_alt_names =
        names.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect();
    params
}

/// An authority, what it has signed, and a server that shows that.
struct Signed {
    root: CertificateDer<'static>,
    leaf: CertificateDer<'static>,
    server: ServerConfig,
}

fn signed(params: &CertificateParams) -> Signed {
    let mut authority = certificate("an authority", &[]);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();

    let provider = Arc::new(aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    Signed { root: root.der().clone(), leaf: leaf.der().clone(), server }
}

/// Shakes hands as the client of an account of this domain, who trusts the authority that has signed the server's certificate.
fn shake(domain: &str, params: &CertificateParams) -> Result<(), rustls::Error> {
    let Signed { root, server, .. } = signed(params);
    let config = Trust::roots([root]).config(&BareJid::parse(domain).unwrap()).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), server_name(domain).unwrap()).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut sent = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut sent).unwrap();
        }
        server.read_tls(&mut &*sent).unwrap();
        server.process_new_packets()?;
        sent.clear();
        while server.wants_write() {
            server.write_tls(&mut sent).unwrap();
        }
        client.read_tls(&mut &*sent).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn only_alternative_names_count_and_the_subject_never_does() {
    let evil = "evil.example";
    for (subject, names, good) in [
        ("anything", vec!["example.org"], true),
        ("anything", vec![evil, "example.org"], true),
        ("example.org", vec![], false),
        ("example.org", vec![evil], false),
        ("evil, CN=example.org", vec![evil], false),
        ("anything", vec!["example.org\0.evil.example"], false),
        ("anything", vec!["example.org.evil.example"], false),
    ] {
        let shaken = shake("example.org", &certificate(subject, &names));
        assert_eq!(shaken.is_ok(), good, "{subject:?} {names:?}: {shaken:?}");
    }
}

#[test]
fn an_asterisk_is_one_whole_label_on_the_left() {
    let wild = certificate("anything", &["*.example.org"]);
    for (domain, good) in [
        ("im.example.org", true),
        ("example.org", false),
        ("badexample.org", false),
        ("a.im.example.org", false),
        ("im.example.org.evil.example", false),
    ] {
        let shaken = shake(domain, &wild);
        assert_eq!(shaken.is_ok(), good, "{domain}: {shaken:?}");
    }
    for name in ["*", "*.org", "im.*.org"] {
        let shaken = shake("im.example.org", &certificate("anything", &[name]));
        assert!(shaken.is_err(), "{name}");
    }
}

#[tokio::test]
async fn of_certificates_that_are_good_only_those_are_taken_that_are_pinned() {
    let Signed { root, leaf, server } = signed(&certificate("anything", &["example.org"]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, acceptor) = (listener.local_addr().unwrap(), TlsAcceptor::from(Arc::new(server)));
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whether the client likes it is for the client to say.
            drop(acceptor.accept(stream).await);
        }
    });
    let account = BareJid::parse("juliet@example.org").unwrap();
    let own: [u8; 32] = Sha256::digest(&leaf).into();
    let (other, stranger) = ([7; 32], signed(&certificate("anything", &["example.org"])).root);
    for (root, pins, good) in [
        (&root, &[][..], true),
        (&root, &[own], true),
        (&root, &[other, own], true),
        (&root, &[other], false),
        // That it is pinned does not make it good.
        (&stranger, &[own], false),
    ] {
        let trust = pins.iter().fold(Trust::roots([root.clone()]), |trust, pin| trust.pinned_to(*pin));
        let handshake = Handshake::new(&trust, &account).unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(handshake.after_starttls(stream).await.is_ok(), good, "{pins:?}");
    }
    serving.abort();
}
