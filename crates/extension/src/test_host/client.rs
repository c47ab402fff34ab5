//! A client of the test host.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_jid::BareJid;
use stonechat_stanza::Stanza;

use crate::{Ending, Host, Letters, Mailbox, Session, Violation, Wire};

/// How many bytes a test client's mailbox holds.
const MAILBOX: usize = 1 << 20;

/// A client whose connection is a mailbox that the test reads.
#[derive(Debug)]
pub struct TestClient {
    host: Arc<Host>,
    session: Arc<Session>,
    received: Mutex<VecDeque<Stanza>>,
}

impl TestClient {
    pub(super) async fn connect(host: &Arc<Host>, account: &BareJid, resource: &str) -> Self {
        let mailbox = Mailbox::new(Wire::InStream, MAILBOX);
        let bound = host.bind(account, Some(resource), mailbox, None).await;
        let session = bound.unwrap_or_else(|error| panic!("{account}/{resource} is refused: {error}"));
        Self { host: Arc::clone(host), session, received: Mutex::default() }
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

    /// The next stanza that the client received.
    ///
    /// # Panics
    /// When the server wrote something that is not a stanza.
    pub fn next(&self) -> Option<Stanza> {
        let mut letters = Letters::default();
        let mut received = self.received.lock();
        if self.session.mailbox().take(&mut letters) {
            received.extend(letters.iter().map(|bytes| {
                Stanza::parse(bytes)
                    .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
            }));
        }
        received.pop_front()
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
