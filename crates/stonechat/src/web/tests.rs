use std::io::Cursor;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use stonechat_stanza::Payload as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// A host on the web.
struct Host {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    certificate: CertificateDer<'static>,
}

impl Host {
    /// One that shows a certificate for this name.
    async fn of(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let signed = CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
        let certificate = signed.der().clone();
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![certificate.clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
                .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, acceptor: Arc::new(config).into(), certificate }
    }

    fn slot(&self, headers: &str) -> Slot {
        let at = format!("https://localhost:{}/x%20y?z", self.listener.local_addr().unwrap().port());
        let xml = format!(
            "<slot xmlns='urn:xmpp:http:upload:0'><put url='{at}'>{headers}</put><get url='{at}'/></slot>"
        );
        Slot::parse(&xml.parse().unwrap()).unwrap()
    }

    async fn accept(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let (stream, _) = self.listener.accept().await.unwrap();
        self.acceptor.accept(stream).await
    }

    /// Puts what there is to be read, said to be of this size, with this host doing that meanwhile.
    async fn put<T>(
        &self,
        content: &[u8],
        size: u64,
        patience: Duration,
        host: impl Future<Output = T>,
    ) -> (Result<(), PutError>, T) {
        let header = "<header name='Authorization'>Basic x</header><header name='Host'>evil</header>";
        let (slot, content) = (self.slot(header), Cursor::new(content.to_vec()));
        let upload = Upload { content, size, content_type: "text/plain".to_owned() };
        let tls = config(Some(std::slice::from_ref(&self.certificate))).unwrap();
        tokio::join!(put(&slot, upload, tls, patience, |_| {}), host)
    }
}

/// Reads a request whose body is so long.
async fn request(stream: &mut TlsStream<TcpStream>, body: usize) -> String {
    let mut read = String::new();
    while read.split_once("\r\n\r\n").is_none_or(|(_, rest)| rest.len() < body) {
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        assert!(length > 0, "{read}");
        read.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
    }
    read
}

async fn answer(stream: &mut TlsStream<TcpStream>, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

/// XEP-0363 §4 and §7.
#[tokio::test]
async fn a_file_is_put_with_the_headers_of_the_slot_and_no_others() {
    let host = Host::of("localhost").await;
    let serve = async {
        let mut stream = host.accept().await.unwrap();
        let read = request(&mut stream, 5).await;
        answer(&mut stream, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
            .await;
        read
    };
    let (put, read) = host.put(b"hello, and what was written since", 5, PATIENCE, serve).await;
    put.unwrap();
    let (head, body) = read.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    let mut lines = head.lines();
    assert_eq!((lines.next(), body), (Some("put /x%20y?z http/1.1"), "hello"));
    let mut names: Vec<_> = lines.map(|line| line.split_once(':').unwrap().0).collect();
    names.sort_unstable();
    assert_eq!(names, ["authorization", "content-length", "content-type", "host", "user-agent"]);
    assert!(head.contains("host: localhost:") && head.contains("content-length: 5"), "{head}");
}

#[tokio::test]
async fn of_a_file_that_is_empty_the_length_is_said_as_well() {
    let host = Host::of("localhost").await;
    let serve = async {
        let mut stream = host.accept().await.unwrap();
        let read = request(&mut stream, 0).await;
        answer(&mut stream, "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").await;
        read
    };
    let (put, read) = host.put(b"", 0, PATIENCE, serve).await;
    put.unwrap();
    assert_eq!(read.to_lowercase().matches("content-length: 0").count(), 1, "{read}");
}

#[tokio::test]
async fn any_other_answer_is_a_refusal_and_redirections_are_not_followed() {
    let host = Host::of("localhost").await;
    for (said, code) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200),
        ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n", 302),
        // Without an end to it.
        ("HTTP/1.1 403 Forbidden\r\n\r\nfor ever", 403),
    ] {
        let serve = async {
            let mut stream = host.accept().await.unwrap();
            request(&mut stream, 5).await;
            answer(&mut stream, said).await;
            stream
        };
        let (put, _) = host.put(b"hello", 5, PATIENCE, serve).await;
        assert!(matches!(&put, Err(PutError::Status(status)) if status.as_u16() == code), "{put:?}");
    }
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_a_large_file_is_heard() {
    let host = Host::of("localhost").await;
    let serve = async {
        let mut stream = host.accept().await.unwrap();
        answer(&mut stream, "HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n").await;
        stream
    };
    let (put, _) = host.put(&vec![b'x'; 20 << 20], 20 << 20, PATIENCE, serve).await;
    assert!(matches!(&put, Err(PutError::Status(StatusCode::PAYLOAD_TOO_LARGE))), "{put:?}");
}

#[tokio::test]
async fn nothing_is_put_on_a_host_whose_certificate_is_another_s_or_of_nobody_who_is_trusted() {
    let host = Host::of("elsewhere.example").await;
    let (put, served) = host.put(b"hello", 5, PATIENCE, host.accept()).await;
    assert!(matches!(&put, Err(PutError::Tls(_))) && served.is_err(), "{put:?}");

    let (host, other) = (Host::of("localhost").await, Host::of("localhost").await);
    let tls = config(Some(&[other.certificate])).unwrap();
    let upload = Upload { content: Cursor::new(b"hello"), size: 5, content_type: "text/plain".to_owned() };
    let slot = host.slot("");
    let (put, served) = tokio::join!(super::put(&slot, upload, tls, PATIENCE, |_| {}), host.accept());
    assert!(matches!(&put, Err(PutError::Tls(_))) && served.is_err(), "{put:?}");
}

#[tokio::test]
async fn what_is_read_of_an_answer_has_a_bound() {
    let host = Host::of("localhost").await;
    for endless in ["HTTP/1.1 201 Created\r\nx: ", "not http at all, "] {
        let serve = async {
            let mut stream = host.accept().await.unwrap();
            request(&mut stream, 5).await;
            answer(&mut stream, endless).await;
            let mut written = 0_usize;
            while written < 16 << 20 && stream.write_all(&[b'x'; 4096]).await.is_ok() {
                written += 4096;
            }
            written
        };
        let (put, written) = host.put(b"hello", 5, PATIENCE, serve).await;
        assert!(matches!(&put, Err(PutError::Broken(_))), "{put:?}");
        assert!(written < 16 << 20, "{written}");
    }
}

#[tokio::test]
async fn a_file_that_has_become_shorter_is_not_put() {
    let host = Host::of("localhost").await;
    let serve = async {
        let mut stream = host.accept().await.unwrap();
        let mut rest = Vec::new();
        // That the connection breaks off is what is wanted.
        let _broken = stream.read_to_end(&mut rest).await;
    };
    let (put, ()) = host.put(b"hell", 5, PATIENCE, serve).await;
    assert!(matches!(&put, Err(PutError::File(why)) if why.contains("shorter")), "{put:?}");
}

#[tokio::test]
async fn a_host_that_says_nothing_is_not_waited_for_for_ever() {
    let host = Host::of("localhost").await;
    let (put, _) = host.put(b"hello", 5, Duration::from_millis(100), host.accept()).await;
    assert!(matches!(&put, Err(PutError::Stalled)), "{put:?}");
}
