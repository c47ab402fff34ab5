//! A server that says what a test wants said, over a real socket and without TLS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use stonechat_client::protocol::Security;
use stonechat_client::{Builder, Client, Error, Event, Place};
use tokio::time::timeout;

/// The header of the server's stream.
pub(crate) const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='localhost' id='1' version='1.0'>";

/// A server that says what a test wants said.
pub(crate) struct Fake(pub(crate) TcpStream);

impl Fake {
    /// Reads until the client has said this, and gives all up to there.
    pub(crate) fn until(&mut self, words: &str) -> String {
        let mut heard = Vec::new();
        let mut byte = [0];
        while !heard.ends_with(words.as_bytes()) {
            assert_eq!(self.0.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&heard));
            heard.push(byte[0]);
        }
        String::from_utf8(heard).unwrap()
    }

    /// False when the client does not listen any more.
    pub(crate) fn say(&mut self, words: &str) -> bool {
        self.0.write_all(words.as_bytes()).is_ok()
    }

    /// Says this again and again, until the client does not listen any more or so many bytes were said; gives how many.
    pub(crate) fn repeat(&mut self, words: &str, most: usize) -> usize {
        let mut said = 0;
        while said < most && self.say(words) {
            said += words.len();
        }
        said
    }

    /// Lets the client in.
    pub(crate) fn let_in(&mut self) {
        let sasl = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms>";
        self.until("version='1.0'>");
        self.say(&format!("{HEADER}<stream:features>{sasl}</stream:features>"));
        self.until("</auth>");
        self.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        self.until("version='1.0'>");
        let bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>";
        self.say(&format!("{HEADER}<stream:features>{bind}</stream:features>"));
        self.until("</iq>");
        self.say("<iq type='result' id='bind-1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@localhost/b</jid></bind></iq>");
    }
}

/// A server that a thread of its own plays, and a client that is told to connect to it.
pub(crate) fn play<T: Send + 'static>(
    builder: Builder,
    server: impl FnOnce(&mut Fake) -> T + Send + 'static,
) -> (Builder, thread::JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let fake = thread::spawn(move || server(&mut Fake(listener.accept().unwrap().0)));
    let builder = builder.place(Place::Host("127.0.0.1".to_owned(), port)).configure(|config| {
        config.security = Security::Plaintext;
        config.reconnect = None;
    });
    (builder, fake)
}

/// A client that any server lets in.
pub(crate) fn nobody() -> Builder {
    Client::builder("localhost".parse().unwrap()).anonymous()
}

/// What a client makes of such a server, and what that says it has got rid of.
pub(crate) async fn meet<T: Send + 'static>(
    builder: Builder,
    server: impl FnOnce(&mut Fake) -> T + Send + 'static,
) -> (Error, T) {
    let (builder, fake) = play(builder, server);
    let (_client, mut events) = builder.start().unwrap();
    let error = async {
        loop {
            match events.next().await.unwrap() {
                Event::Offline { error, .. } => return error,
                Event::Online { .. } | Event::Stanza(_) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let error = timeout(Duration::from_secs(30), error).await.unwrap();
    drop(events);
    (error, fake.join().unwrap())
}
