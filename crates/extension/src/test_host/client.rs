//! A client of the test host.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_jid::BareJid;
use stonechat_stanza::{Element, Stanza};

use crate::{Ending, Host, Letters, Mailbox, Session, Violation, Wire};

/// How many bytes a test client's mailbox holds.
const MAILBOX: usize = 1 << 20;

/// A client whose connection is a mailbox that the test reads.
#[derive(Debug)]
pub struct TestClient {
    host: Arc<Host>,
    session: Arc<Session>,
    received: Mutex<VecDeque<Stanza>>,
    asides: Mutex<VecDeque<Element>>,
}

impl TestClient {
    /// A client of a session that is there.
    pub(super) fn of(host: &Arc<Host>, session: Arc<Session>) -> Self {
        Self { host: Arc::clone(host), session, received: Mutex::default(), asides: Mutex::default() }
    }

    pub(super) async fn connect(host: &Arc<Host>, account: &BareJid, resource: &str) -> Self {
        let bound = host.bind(account, Some(resource), Self::mailbox(), None).await;
        let session = bound.unwrap_or_else(|error| panic!("{account}/{resource} is refused: {error}"));
        Self::of(host, session)
    }

    pub(super) fn mailbox() -> Mailbox {
        Mailbox::new(Wire::InStream, MAILBOX)
    }

    /// The client's session.
    #[must_use]
    pub const fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Sends a stanza.
    ///
    /// # Panics
    /// When the text is not a stanza, or the stream would be closed for it.
    pub async fn send(&self, stanza: &str) {
        let parsed = Stanza::parse(stanza.as_bytes()).unwrap_or_else(|error| panic!("{error}: {stanza}"));
        self.try_send(parsed).await.unwrap_or_else(|violation| panic!("{violation}: {stanza}"));
    }

    /// Sends a stanza.
    ///
    /// # Errors
    /// [`Violation`] when the stream would be closed for it.
    pub async fn try_send(&self, stanza: Stanza) -> Result<(), Violation> {
        self.host.from_client(&self.session, stanza).await
    }

    /// What a client without an extension for presence on the host needs to be found.
    pub(super) fn be_available(&self) {
        if !self.session.is_available() {
            let presence = Stanza::presence(stonechat_stanza::presence::Type::Available);
            self.session.set_presence(Some((0, presence)));
        }
    }

    /// Sends a top-level element that is not a stanza.
    ///
    /// # Panics
    /// When the text is not an element, or no extension owns it.
    pub async fn nonza(&self, element: &str) {
        let parsed = element.parse().unwrap_or_else(|error| panic!("{error}: {element}"));
        assert!(self.host.nonza(&self.session, &parsed).await, "nobody owns {element}");
    }

    /// The next stanza that the client received.
    ///
    /// # Panics
    /// When the server wrote something that is not XML.
    pub fn next(&self) -> Option<Stanza> {
        self.read();
        self.received.lock().pop_front()
    }

    /// The next element that is not a stanza.
    ///
    /// # Panics
    /// When the server wrote something that is not XML.
    pub fn next_nonza(&self) -> Option<Element> {
        self.read();
        self.asides.lock().pop_front()
    }

    fn read(&self) {
        let mut letters = Letters::default();
        if !self.session.mailbox().take(&mut letters) {
            return;
        }
        for bytes in letters.iter() {
            match Stanza::parse(bytes) {
                Ok(stanza) => self.received.lock().push_back(stanza),
                Err(error) => {
                    let text = String::from_utf8_lossy(bytes);
                    let element = text.parse().unwrap_or_else(|_| panic!("{error}: {text}"));
                    self.asides.lock().push_back(element);
                }
            }
        }
    }

    /// All that the client received since it was last asked.
    pub fn received(&self) -> Vec<Stanza> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// Sends a request and gives the answer to it; what else was received stays for later.
    ///
    /// # Panics
    /// When there is no answer, or `iq` is not a stanza with an id.
    pub async fn ask(&self, iq: &str) -> Stanza {
        let request = Stanza::parse(iq.as_bytes()).unwrap_or_else(|error| panic!("{error}: {iq}"));
        let id = request.id().expect("a request has an id").to_owned();
        self.send(iq).await;
        let all = self.received();
        let is_answer = |stanza: &Stanza| {
            stanza.kind().name() == "iq"
                && stanza.id() == Some(&id)
                && !matches!(
                    stanza.kind(),
                    stonechat_stanza::Kind::Iq(
                        stonechat_stanza::iq::Type::Get | stonechat_stanza::iq::Type::Set
                    )
                )
        };
        let at = all.iter().position(is_answer);
        let at = at.unwrap_or_else(|| panic!("no answer to {iq}; received {all:?}"));
        let mut all: VecDeque<Stanza> = all.into();
        let answer = all.remove(at).expect("just found");
        self.received.lock().extend(all);
        answer
    }

    /// Why the client's stream would be closed, if it would be.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.session.mailbox().ending()
    }
}
