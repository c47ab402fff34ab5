//! The client library against servers that mean it harm, over real sockets. What they may try in a login is in the tests of the
//! protocol's machine.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use stonechat_client::protocol::Security;
use stonechat_client::{Client, Error, Event, Fault, Place};
use tokio::time::timeout;

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='localhost' id='1' version='1.0'>";

/// A server that says what a test wants said.
struct Fake(TcpStream);

impl Fake {
    /// Reads until the client has said this.
    fn until(&mut self, words: &str) {
        let mut heard = Vec::new();
        let mut byte = [0];
        while !heard.ends_with(words.as_bytes()) {
            assert_eq!(self.0.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&heard));
            heard.push(byte[0]);
        }
    }

    /// False when the client does not listen any more.
    fn say(&mut self, words: &str) -> bool {
        self.0.write_all(words.as_bytes()).is_ok()
    }

    /// Says this again and again, until the client does not listen any more or so many bytes were said; gives how many.
    fn repeat(&mut self, words: &str, most: usize) -> usize {
        let mut said = 0;
        while said < most && self.say(words) {
            said += words.len();
        }
        said
    }

    /// Lets the client in.
    fn let_in(&mut self) {
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

/// What a client makes of such a server, and what that says it has got rid of.
async fn meet(server: impl FnOnce(&mut Fake) -> usize + Send + 'static) -> (Error, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let fake = thread::spawn(move || server(&mut Fake(listener.accept().unwrap().0)));
    let builder = Client::builder("localhost".parse().unwrap()).anonymous();
    let builder = builder.place(Place::Host("127.0.0.1".to_owned(), port)).configure(|config| {
        config.security = Security::Plaintext;
        config.reconnect = None;
    });
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

/// The most memory that this process has ever had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

#[tokio::test]
async fn they_are_left_with_a_clear_error_and_without_having_filled_memory() {
    const MEGABYTE: usize = 1 << 20;
    let begun = peak();

    let (error, _) = meet(|fake| {
        fake.until("version='1.0'>");
        fake.say(&format!("{HEADER}<stream:features>"));
        fake.repeat(&"<x xmlns='urn:example:x'>words</x>".repeat(100), 64 * MEGABYTE)
    })
    .await;
    assert!(matches!(error, Error::Xml(_)), "endless features: {error}");

    let (error, _) = meet(|fake| {
        fake.until("version='1.0'>");
        fake.say(&format!("{HEADER}<stream:features/>"));
        fake.repeat(&"<x xmlns='urn:example:x'/>".repeat(100), 64 * MEGABYTE)
    })
    .await;
    assert!(matches!(error.fault(), Fault::Server | Fault::Policy), "features without end: {error}");

    let (error, _) = meet(|fake| {
        fake.let_in();
        fake.say("<message>");
        fake.repeat(&"<a>".repeat(1000), 64 * MEGABYTE)
    })
    .await;
    assert!(matches!(error, Error::Xml(_)), "a depth bomb: {error}");

    let (error, said) = meet(|fake| {
        fake.let_in();
        fake.say("<message><body>");
        fake.repeat(&"x".repeat(16 << 10), 64 * MEGABYTE)
    })
    .await;
    assert!(matches!(error, Error::Xml(_)), "a stanza of 64 MB: {error}");
    assert!(said < 32 * MEGABYTE, "{said} bytes were taken");

    let (error, _) = meet(|fake| {
        fake.let_in();
        usize::from(fake.say("<!DOCTYPE a [<!ENTITY a 'a'>]><message><body>&a;</body></message>"))
    })
    .await;
    assert!(matches!(error, Error::Xml(_)), "entities: {error}");

    let grown = peak() - begun;
    assert!(grown < 24 * MEGABYTE, "memory has grown by {grown} bytes");
}

#[tokio::test]
async fn a_server_that_floods_is_read_no_faster_than_the_application_takes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let fake = thread::spawn(move || {
        let mut fake = Fake(listener.accept().unwrap().0);
        fake.let_in();
        fake.0.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        fake.repeat(&"<message><body>words</body></message>".repeat(100), 512 << 20)
    });
    let builder = Client::builder("localhost".parse().unwrap()).anonymous();
    let builder = builder.place(Place::Host("127.0.0.1".to_owned(), port)).configure(|config| {
        config.security = Security::Plaintext;
        config.reconnect = None;
    });
    let (_client, events) = builder.start().unwrap();
    // Nobody takes events, and the server has to stop.
    let said = tokio::task::spawn_blocking(move || fake.join().unwrap()).await.unwrap();
    assert!(said < 64 << 20, "{said} bytes were taken");
    drop(events);
}
