//! A client that sends any bytes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::{Server, WITHIN, trusting};

/// A client that sends any bytes, and keeps what it is sent as text until the test takes it. It knows just enough XMPP to
/// log in. Everything it waits for has a limit.
#[derive(Debug)]
pub struct Raw {
    transport: Transport,
    /// What came and was not taken yet.
    text: String,
    /// Bytes of a character that is not complete.
    partial: Vec<u8>,
}

#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// The header of a client's stream to a domain.
#[must_use]
pub fn header(to: &str) -> String {
    format!(
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
         to='{to}' version='1.0'>"
    )
}

impl Raw {
    /// Connects without a word.
    ///
    /// # Panics
    /// When there is no connection to be had.
    #[track_caller]
    #[must_use]
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, WITHIN).expect("the server can be connected to");
        Self::over(stream)
    }

    /// Connects from another address of the loopback interface, such as 127.0.0.2, without a word.
    ///
    /// # Panics
    /// When there is no connection to be had.
    #[track_caller]
    #[must_use]
    pub fn connect_from(from: Ipv4Addr, address: SocketAddr) -> Self {
        use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)
            .expect("a TCP socket can be made");
        bind(&socket, &SocketAddr::from((from, 0))).expect("the loopback interface has the address");
        connect(&socket, &address).expect("the server can be connected to");
        Self::over(TcpStream::from(socket))
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket has the option");
        stream.set_read_timeout(Some(WITHIN)).expect("a socket has the option");
        stream.set_write_timeout(Some(WITHIN)).expect("a socket has the option");
        Self { transport: Transport::Plain(stream), text: String::new(), partial: Vec::new() }
    }

    /// Connects with STARTTLS, up to the features that come under TLS.
    ///
    /// # Panics
    /// When the server does not do its part.
    #[track_caller]
    #[must_use]
    pub fn secured(server: &Server, domain: &str) -> Self {
        let mut raw = Self::connect(server.c2s());
        raw.open(domain);
        raw.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        raw.until("<proceed");
        raw.until(">");
        let mut raw = raw.tls(trusting(&server.certificate(domain)), domain);
        raw.open(domain);
        raw
    }

    /// Connects, and authenticates as `user` of `localhost` with the password `pw-user`; up to the features after that.
    ///
    /// # Panics
    /// When the server does not do its part.
    #[track_caller]
    #[must_use]
    pub fn authenticated(server: &Server, user: &str) -> Self {
        let mut raw = Self::secured(server, "localhost");
        raw.plain("", user, &format!("pw-{user}"));
        raw.until("<success");
        raw.until(">");
        raw.open("localhost");
        raw
    }

    /// Logs `user` of `localhost` in with this resource. No presence is sent.
    ///
    /// # Panics
    /// When the server does not do its part.
    #[track_caller]
    #[must_use]
    pub fn login(server: &Server, user: &str, resource: &str) -> Self {
        let mut raw = Self::authenticated(server, user);
        raw.bind(resource);
        raw
    }

    /// Shakes hands; nothing may have come that was not taken.
    ///
    /// # Panics
    /// When the handshake fails.
    #[track_caller]
    #[must_use]
    pub fn tls(self, config: ClientConfig, domain: &str) -> Self {
        self.try_tls(config, domain).expect("the handshake succeeds")
    }

    /// Shakes hands; nothing may have come that was not taken.
    ///
    /// # Errors
    /// When the handshake fails.
    ///
    /// # Panics
    /// When there is TLS already, or something to take.
    #[track_caller]
    pub fn try_tls(self, config: ClientConfig, domain: &str) -> io::Result<Self> {
        let Transport::Plain(stream) = self.transport else { panic!("there is TLS already") };
        assert_eq!((self.text.as_str(), self.partial.len()), ("", 0), "before the handshake");
        let name = ServerName::try_from(domain.to_owned()).expect("a domain");
        let connection = ClientConnection::new(Arc::new(config), name).expect("a configuration that suits");
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { transport: Transport::Tls(Box::new(stream)), text: String::new(), partial: Vec::new() })
    }

    /// The protocol that ALPN settled on.
    ///
    /// # Panics
    /// Without TLS.
    #[must_use]
    pub fn alpn(&self) -> Option<String> {
        let Transport::Tls(stream) = &self.transport else { panic!("there is no TLS") };
        stream.conn.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned())
    }

    /// Sends a header and takes all up to the end of the features.
    ///
    /// # Panics
    /// When they do not come.
    #[track_caller]
    pub fn open(&mut self, to: &str) -> String {
        self.send(header(to));
        self.until("</stream:features>")
    }

    /// Sends PLAIN's message.
    pub fn plain(&mut self, authzid: &str, user: &str, password: &str) {
        let message = STANDARD.encode(format!("{authzid}\0{user}\0{password}"));
        self.send(format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{message}</auth>"
        ));
    }

    /// Binds a resource.
    ///
    /// # Panics
    /// When it is not bound.
    #[track_caller]
    pub fn bind(&mut self, resource: &str) {
        self.send(format!(
            "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <resource>{resource}</resource></bind></iq>"
        ));
        let answer = self.until("</iq>");
        assert!(answer.contains(&format!("/{resource}</jid>")), "{answer}");
    }

    /// Sends bytes. That the server does not take them any more is no error here: it is seen in what it said.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.try_send(bytes);
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the connection is closed.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let bytes = bytes.as_ref();
        match &mut self.transport {
            Transport::Plain(stream) => stream.write_all(bytes),
            Transport::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }

    /// Takes what comes up to and with this text.
    ///
    /// # Panics
    /// With what came, when the text does not.
    #[track_caller]
    pub fn until(&mut self, text: &str) -> String {
        let deadline = Instant::now() + WITHIN;
        let mut looked_at = 0;
        loop {
            if let Some(at) = self.text[looked_at..].find(text) {
                let rest = self.text.split_off(looked_at + at + text.len());
                return std::mem::replace(&mut self.text, rest);
            }
            // Only what is new, and what of the text may be there already.
            looked_at = self.text.len().saturating_sub(text.len());
            while !self.text.is_char_boundary(looked_at) {
                looked_at -= 1;
            }
            let more = self.receive();
            assert!(
                matches!(more, Ok(1..)) && Instant::now() < deadline,
                "waited for {text:?}: {more:?}, after\n{}",
                self.text
            );
        }
    }

    /// Sends a ping to the server and takes everything up to its answer, which comes after all that the server had done
    /// for this client before.
    ///
    /// # Panics
    /// When there is no answer.
    #[track_caller]
    pub fn ping(&mut self, id: &str) -> String {
        self.send(format!("<iq type='get' id='{id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"));
        // How the server quotes is its own choice.
        let deadline = Instant::now() + WITHIN;
        let (single, double) = (format!("id='{id}'"), format!("id=\"{id}\""));
        let mut taken = String::new();
        while !taken.contains(&single) && !taken.contains(&double) {
            assert!(Instant::now() < deadline, "no answer to the ping {id}, after\n{taken}");
            taken.push_str(&self.until(">"));
        }
        taken
    }

    /// Takes what comes until the server closes the connection, however it does.
    ///
    /// # Panics
    /// With what came, when it does not.
    #[track_caller]
    pub fn rest(&mut self) -> String {
        let deadline = Instant::now() + WITHIN;
        loop {
            match self.receive() {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("the server does not close the connection, after\n{}", self.text);
                }
                Err(_) => break,
            }
            assert!(
                Instant::now() < deadline,
                "the server does not close the connection, after\n{}",
                self.text
            );
        }
        std::mem::take(&mut self.text)
    }

    /// Waits until the server has ended the stream with this error, said so and closed the connection.
    ///
    /// # Panics
    /// With what came, when it ended otherwise.
    #[track_caller]
    pub fn expect_stream_error(&mut self, condition: &str) -> String {
        let rest = self.rest();
        let (_, error) =
            rest.split_once("<stream:error").unwrap_or_else(|| panic!("no stream error in {rest:?}"));
        assert!(error.contains(&format!("<{condition} ")), "{condition} was expected, not {error:?}");
        assert!(rest.ends_with("</stream:stream>"), "the stream was not closed: {rest:?}");
        rest
    }

    /// Takes the next element without content, or whatever else ends with `/>`; `None` when the connection is over before
    /// that, however it ended.
    pub fn next_element(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.text.find("/>") {
                let rest = self.text.split_off(at + 2);
                return Some(std::mem::replace(&mut self.text, rest));
            }
            if !matches!(self.receive(), Ok(1..)) {
                return None;
            }
        }
    }

    /// Takes the next top-level element, whole; `None` when the connection is over before that, however it ended, or nothing came for
    /// so long that the server must be stuck.
    pub fn next_whole(&mut self) -> Option<String> {
        loop {
            if let Some(end) = end_of_first(&self.text) {
                let rest = self.text.split_off(end);
                return Some(std::mem::replace(&mut self.text, rest));
            }
            if !matches!(self.receive(), Ok(1..)) {
                return None;
            }
        }
    }

    /// As [`Raw::authenticated`], with an address and a configuration, and without panicking.
    #[must_use]
    pub fn try_authenticated(address: SocketAddr, trust: ClientConfig, user: &str) -> Option<Self> {
        let mut raw = Self::over(TcpStream::connect_timeout(&address, WITHIN).ok()?)
            .try_tls(trust, "localhost")
            .ok()?;
        raw.try_open()?;
        raw.plain("", user, &format!("pw-{user}"));
        raw.next_whole().filter(|answer| answer.starts_with("<success"))?;
        raw.try_open()?;
        Some(raw)
    }

    fn try_open(&mut self) -> Option<()> {
        self.try_send(header("localhost")).ok()?;
        while !self.text.contains("</stream:features>") {
            if !matches!(self.receive(), Ok(1..)) {
                return None;
            }
        }
        self.text.clear();
        Some(())
    }

    /// Waits at most so long for something to come; what came is not taken.
    ///
    /// # Errors
    /// When the connection broke.
    pub fn look(&mut self, limit: Duration) -> io::Result<Seen> {
        self.socket().set_read_timeout(Some(limit))?;
        let read = self.receive();
        self.socket().set_read_timeout(Some(WITHIN))?;
        match read {
            Ok(0) => Ok(Seen::End),
            Ok(_) => Ok(Seen::Something),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(Seen::Nothing)
            }
            Err(error) => Err(error),
        }
    }

    /// Keying material of the TLS session (RFC 9266), for channel binding.
    ///
    /// # Panics
    /// Without TLS.
    #[must_use]
    pub fn tls_exporter(&self) -> [u8; 32] {
        let Transport::Tls(stream) = &self.transport else { panic!("there is no TLS") };
        let exported = stream.conn.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b""));
        exported.expect("the handshake is over")
    }

    /// Says that nothing more will be sent, without the end of the stream.
    pub fn half_close(&mut self) {
        let _ = self.socket().shutdown(Shutdown::Write);
    }

    /// Ends the connection at once, so that the server gets a reset if anything was on its way.
    pub fn abort(self) {
        let _ = rustix::net::sockopt::set_socket_linger(self.socket(), Some(Duration::ZERO));
    }

    fn socket(&self) -> &TcpStream {
        match &self.transport {
            Transport::Plain(stream) => stream,
            Transport::Tls(stream) => &stream.sock,
        }
    }

    fn receive(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let read = loop {
            let read = match &mut self.transport {
                Transport::Plain(stream) => stream.read(&mut buffer),
                Transport::Tls(stream) => stream.read(&mut buffer),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break 0,
                read => break read?,
            }
        };
        self.partial.extend_from_slice(&buffer[..read]);
        let whole = match std::str::from_utf8(&self.partial) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(error) => panic!("the server sent what is not UTF-8: {error}"),
        };
        let text = self.partial.drain(..whole).collect();
        self.text.push_str(&String::from_utf8(text).expect("this was just looked at"));
        Ok(read)
    }
}

/// Where the first element of a text ends, if it is there whole. No element has one of its own name in it.
fn end_of_first(text: &str) -> Option<usize> {
    let tag = text.find('>')?;
    if text[..tag].ends_with('/') {
        return Some(tag + 1);
    }
    let name = text.trim_start().trim_start_matches('<').split([' ', '>']).next()?;
    let close = format!("</{name}>");
    text.find(&close).map(|at| at + close.len())
}

/// What [`Raw::look`] saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing came.
    Nothing,
    /// Something came.
    Something,
    /// The server closed the connection.
    End,
}
