//! What the tests with other servers share: another server, as far as a test plays it, and an authority for certificates.

#![allow(dead_code, reason = "not every test uses all")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use stonechat_extension::{Answered, Registry};
use stonechat_net::certificate::Unjudged;
use stonechat_server::config::{
    Config, Federation, KeyPair, Kind, Listener, Peer, Policy, Route, RouteKind, Tls,
};
use stonechat_server::{RunningServer, Server};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Element, Stanza, StanzaError, iq, message};
use stonechat_store::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

pub(crate) const WITHIN: Duration = Duration::from_secs(20);

/// An authority, and where it puts what it signs.
pub(crate) struct Authority {
    issuer: Issuer<'static, rcgen::KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), folder }
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn sign(&self, domain: &str) -> KeyPair {
        self.sign_all(&[domain])
    }

    /// A certificate for several.
    pub(crate) fn sign_all(&self, domains: &[&str]) -> KeyPair {
        let file = |ending: &str| self.folder.path().join(format!("{}.{ending}", domains.join("+")));
        let pair = KeyPair { certificate: file("pem"), key: file("key") };
        let key = rcgen::KeyPair::generate().unwrap();
        let params =
            CertificateParams::new(domains.iter().map(|&domain| domain.to_owned()).collect::<Vec<_>>())
                .unwrap();
        std::fs::write(&pair.certificate, params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        std::fs::write(&pair.key, key.serialize_pem()).unwrap();
        pair
    }

    /// A server of `domain` that knows where `other` is.
    pub(crate) async fn serve(
        &self,
        domain: &str,
        policy: Policy,
        other: Option<(&str, SocketAddr)>,
    ) -> RunningServer {
        self.serve_with(domain, policy, other.as_slice(), |_| {}).await
    }

    /// One that knows where others are, and is configured further.
    pub(crate) async fn serve_with(
        &self,
        domain: &str,
        policy: Policy,
        others: &[(&str, SocketAddr)],
        change: impl FnOnce(&mut Federation),
    ) -> RunningServer {
        let peers = others
            .iter()
            .map(|(domain, at)| ((*domain).to_owned(), Peer { policy: None, route: Some(route_to(*at)) }));
        let any = "127.0.0.1:0".parse().unwrap();
        let mut federation = Federation {
            policy,
            authorities: Some(self.certificate()),
            connect: Duration::from_secs(2),
            retry_first: Duration::from_millis(1),
            retry_most: Duration::from_millis(1),
            peers: peers.collect(),
            ..Federation::default()
        };
        change(&mut federation);
        let config = Config {
            listeners: vec![Listener::s2s(any), Listener { kind: Kind::S2sDirectTls, ..Listener::s2s(any) }],
            tls: Tls::with(self.sign(domain)),
            federation,
            ..Config::for_host(domain)
        };
        Server::run(config, Registry::default(), Store::memory()).await.unwrap()
    }
}

fn route_to(at: SocketAddr) -> Route {
    Route { host: at.ip().to_string(), port: at.port(), kind: RouteKind::S2s }
}

/// Tells a server that a domain is at another.
pub(crate) async fn route(server: &RunningServer, domain: &str, other: &RunningServer) {
    let mut config = server.config();
    let route = route_to(address(other, Kind::S2s));
    config.federation.peers.entry(domain.to_owned()).or_default().route = Some(route);
    server.reload(config).await.unwrap();
}

pub(crate) fn address(server: &RunningServer, kind: Kind) -> SocketAddr {
    server.addresses().iter().find(|(of, _)| *of == kind).unwrap().1
}

/// What the host of `from` is told when it asks `to` something that nobody answers.
pub(crate) async fn ask(server: &RunningServer, from: &str, to: &str) -> StanzaError {
    let request = Stanza::iq(iq::Type::Get)
        .with_from(from.parse::<Jid>().unwrap())
        .with_to(to.parse::<Jid>().unwrap())
        .with_element(&Element::bare("query", "urn:example:nobody"));
    match server.host(from).unwrap().ask(request, WITHIN).await {
        Answered::Error(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Another server, as far as a test plays it.
pub(crate) struct Remote {
    stream: TlsStream<TcpStream>,
    /// What has come and was not looked for.
    pub(crate) seen: String,
    /// What had come when something was found.
    pub(crate) passed: String,
    /// The header that the last stream was opened with.
    pub(crate) heard: String,
}

impl Remote {
    pub(crate) async fn connect(
        at: SocketAddr,
        certificate: Option<&KeyPair>,
        alpn: &[&[u8]],
    ) -> std::io::Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Unjudged::new(provider));
        let mut config = match certificate {
            Some(pair) => builder.with_client_auth_cert(chain(&pair.certificate), key(&pair.key)).unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let stream = TcpStream::connect(at).await?;
        let name = ServerName::try_from("a.example").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        Ok(Self { stream: stream.into(), seen: String::new(), passed: String::new(), heard: String::new() })
    }

    /// The next connection, with TLS from the first byte, of a server that is let in by its certificate; and opens a stream, on which
    /// something is offered then.
    pub(crate) async fn accept(
        listener: &TcpListener,
        own: &KeyPair,
        names: (&str, &str),
        offer: &str,
    ) -> Self {
        Self::accept_offering(listener, own, names, ("", offer)).await
    }

    /// The same, where something is offered beside EXTERNAL as well.
    pub(crate) async fn accept_offering(
        listener: &TcpListener,
        own: &KeyPair,
        (from, to): (&str, &str),
        (first, offer): (&str, &str),
    ) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain(&own.certificate), key(&own.key));
        let accepting = async {
            let (stream, _) = listener.accept().await.unwrap();
            TlsAcceptor::from(Arc::new(config.unwrap())).accept(stream).await.unwrap()
        };
        let stream = timeout(WITHIN, accepting).await.unwrap_or_else(|_| panic!("nobody connects"));
        let mut remote =
            Self { stream: stream.into(), seen: String::new(), passed: String::new(), heard: String::new() };
        let external = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
        for features in [format!("{external}{first}"), offer.to_owned()] {
            remote.until("<stream:stream").await;
            remote.until(">").await;
            remote.heard.clone_from(&remote.passed);
            remote.header(from, to).await;
            remote.say(&format!("<stream:features>{features}</stream:features>")).await;
            if features.starts_with(external) {
                remote.until("<auth").await;
                remote.until("</auth>").await;
                remote.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>").await;
            }
        }
        remote
    }

    pub(crate) async fn say(&mut self, xml: &str) {
        self.stream.write_all(xml.as_bytes()).await.unwrap();
    }

    /// Says something, unless the stream is over.
    pub(crate) async fn try_say(&mut self, xml: &str) -> bool {
        self.stream.write_all(xml.as_bytes()).await.is_ok()
    }

    /// All that comes until the end.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = std::mem::take(&mut self.seen).into_bytes();
        // However it ends.
        let reading = timeout(WITHIN, self.stream.read_to_end(&mut rest)).await;
        drop(reading.unwrap_or_else(|_| panic!("no end, after {} bytes", rest.len())));
        String::from_utf8_lossy(&rest).into_owned()
    }

    pub(crate) async fn header(&mut self, from: &str, to: &str) {
        self.say(&header(from, to)).await;
    }

    /// Reads what comes next.
    pub(crate) async fn more(&mut self) {
        let mut buffer = [0; 4096];
        match timeout(WITHIN, self.stream.read(&mut buffer)).await {
            Ok(Ok(read)) if read > 0 => self.seen.push_str(&String::from_utf8_lossy(&buffer[..read])),
            Ok(_) => panic!("the end, after {}", self.seen),
            Err(_) => panic!("nothing comes, after {}", self.seen),
        }
    }

    /// Reads until this has come, which is not looked for again; what has come until then is in `passed`.
    pub(crate) async fn until(&mut self, wanted: &str) {
        let at = loop {
            match self.seen.find(wanted) {
                Some(at) => break at + wanted.len(),
                None => self.more().await,
            }
        };
        self.passed = self.seen.drain(..at).collect();
    }

    /// The stream is open, and this side is let through by its certificate.
    pub(crate) async fn external(&mut self, from: &str, to: &str) {
        self.header(from, to).await;
        self.until("EXTERNAL").await;
        self.until("</stream:features>").await;
        self.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>").await;
        self.until("<success").await;
        self.header(from, to).await;
        self.until("</stream:features>").await;
    }
}

/// A server of `a.example` that is told where the test plays the other one, `b.example`.
pub(crate) struct Play {
    /// With its files.
    pub(crate) authority: Authority,
    pub(crate) server: RunningServer,
    pub(crate) listener: TcpListener,
    pub(crate) own: KeyPair,
    sent: usize,
}

impl Play {
    pub(crate) async fn begin(change: impl FnOnce(&mut Federation)) -> Self {
        let authority = Authority::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let change = |federation: &mut Federation| {
            let peer = federation.peers.get_mut("b.example").unwrap();
            peer.route.as_mut().unwrap().kind = RouteKind::S2sDirectTls;
            change(federation);
        };
        let other = Some(("b.example", at));
        let server = authority.serve_with("a.example", Policy::Certificate, other.as_slice(), change).await;
        let own = authority.sign("b.example");
        Self { authority, server, listener, own, sent: 0 }
    }

    /// The server has so many numbered messages more to send.
    pub(crate) async fn send(&mut self, many: usize) {
        for _ in 0..many {
            let message = numbered("x@a.example", "y@b.example", self.sent);
            self.server.host("a.example").unwrap().send(message).await;
            self.sent += 1;
        }
    }
}

pub(crate) fn numbered(from: &str, to: &str, number: usize) -> Stanza {
    Stanza::message(message::Type::Chat)
        .with_from(from.parse::<Jid>().unwrap())
        .with_to(to.parse::<Jid>().unwrap())
        .with_id(&format!("m{number}"))
        .with_element(&Element::bare("x", "urn:example:x"))
}

/// Expects these messages, by number, and no other before them.
pub(crate) async fn messages(remote: &mut Remote, numbers: std::ops::Range<usize>) {
    for number in numbers {
        remote.until("<message").await;
        remote.until(" id='").await;
        remote.until("'").await;
        let id = remote.passed.trim_end_matches('\'').to_owned();
        assert_eq!(id, format!("m{number}"));
    }
}

pub(crate) fn header(from: &str, to: &str) -> String {
    format!(
        "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' \
         xmlns:db='jabber:server:dialback' from='{from}' to='{to}' id='1' version='1.0'>"
    )
}

fn chain(file: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(file).unwrap().map(Result::unwrap).collect()
}

fn key(file: &Path) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_file(file).unwrap()
}

pub(crate) async fn direct(server: &RunningServer, certificate: Option<&KeyPair>) -> Remote {
    Remote::connect(address(server, Kind::S2sDirectTls), certificate, &[b"xmpp-server"]).await.unwrap()
}
