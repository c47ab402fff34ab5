//! A client that sends what it is told and reads until it has seen what it waits for.

use std::net::SocketAddr;

use stonechat_sasl::Channel;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{HOST, soon};

pub trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

pub struct Client {
    pub stream: Box<dyn Bytes>,
    pub read: String,
    pub channel: Channel,
}

pub fn header(to: &str) -> String {
    format!(
        "<?xml version='1.0'?><stream:stream to='{to}' version='1.0' xmlns='jabber:client' \
         xmlns:stream='http://etherx.jabber.org/streams'>"
    )
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap(), Channel::plaintext())
    }

    pub fn over(stream: impl Bytes + 'static, channel: Channel) -> Self {
        Self { stream: Box::new(stream), read: String::new(), channel }
    }

    pub async fn send(&mut self, text: &str) {
        soon("sending", async {
            self.stream.write_all(text.as_bytes()).await.unwrap();
            self.stream.flush().await.unwrap();
        })
        .await;
    }

    /// As [`send`](Self::send), where the server may have closed the connection meanwhile.
    pub async fn send_if_open(&mut self, bytes: &[u8]) {
        let _ = soon("sending", async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        })
        .await;
    }

    /// Reads until `what` was read, and takes everything up to its end.
    pub async fn until(&mut self, what: &str) -> String {
        loop {
            if let Some(at) = self.read.find(what) {
                let rest = self.read.split_off(at + what.len());
                return std::mem::replace(&mut self.read, rest);
            }
            let read = soon(what, self.more()).await;
            assert!(read, "closed while waiting for {what}; it said: {}", self.read);
        }
    }

    /// Reads until the server closes the connection, and takes everything.
    pub async fn until_closed(&mut self) -> String {
        while soon("closing", self.more()).await {}
        std::mem::take(&mut self.read)
    }

    /// Reads once; false at the end.
    pub async fn more(&mut self) -> bool {
        let mut buffer = [0; 8192];
        match self.stream.read(&mut buffer).await {
            Ok(0) | Err(_) => false,
            Ok(read) => {
                self.read.push_str(&String::from_utf8_lossy(&buffer[..read]));
                true
            }
        }
    }

    /// Opens a stream and reads the features.
    pub async fn open(&mut self) -> String {
        self.send(&header(HOST)).await;
        self.until("</stream:features>").await
    }

    /// Binds a resource and returns the full JID.
    pub async fn bind(&mut self, resource: &str) -> String {
        self.open().await;
        self.send(&format!(
            "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <resource>{resource}</resource></bind></iq>"
        ))
        .await;
        let answer = self.until("</iq>").await;
        let jid = answer.split("<jid>").nth(1).unwrap_or_else(|| panic!("no JID in {answer}"));
        jid.split("</jid>").next().unwrap().to_owned()
    }

    /// Asks for something that nobody answers but with an error, and waits for that: all before it was handled.
    pub async fn sync(&mut self) -> String {
        self.send("<iq type='get' id='sync'><query xmlns='urn:example:nobody'/></iq>").await;
        let mut before = self.until("id='sync'").await;
        before += &self.until("</iq>").await;
        before
    }
}
