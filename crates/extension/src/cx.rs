//! The context: what a handler may ask for and do.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use stonechat_jid::BareJid;
use stonechat_stanza::{Element, Stanza, StanzaError, xml};

use crate::disco::Info;
use crate::entry_id;
use crate::journal::Unit;
use crate::mailbox::Shelved;
use crate::point::{Point, SessionAvailable, SessionUnavailable, Targets};
use crate::session::{Account, Session};
use crate::states::States;
use crate::tables::Tables;
use crate::{AccountError, Acks, Host, On};

/// Something that is to be done after the handlers of an event have run.
pub(crate) enum Effect {
    /// Find out whom it is for, and deliver it.
    Route(Stanza),
    /// The same, whatever the guards of its sender's account would say.
    RoutePastGuards(Stanza),
    /// Deliver it to this account of this host, which is connected.
    ToAccount(Arc<Host>, Arc<Account>, Stanza),
    /// Deliver it to this session of this host.
    ToSession(Arc<Host>, Arc<Session>, Stanza),
    /// Write this element to this session.
    Nonza(Arc<Session>, Vec<u8>),
    /// Do what follows from the removal of this account of this host.
    Removed(Arc<Host>, BareJid),
    /// Call this for this host.
    Then(Arc<Host>, Task),
}

pub(crate) type Task = Box<dyn FnOnce(&mut Cx<'_>) + Send + Sync>;

impl std::fmt::Debug for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Route(stanza) => f.debug_tuple("Route").field(stanza).finish(),
            Self::RoutePastGuards(stanza) => f.debug_tuple("RoutePastGuards").field(stanza).finish(),
            Self::ToAccount(_, account, stanza) => {
                f.debug_tuple("ToAccount").field(account.jid()).field(stanza).finish()
            }
            Self::ToSession(_, session, stanza) => {
                f.debug_tuple("ToSession").field(session.jid()).field(stanza).finish()
            }
            Self::Nonza(session, _) => f.debug_tuple("Nonza").field(session.jid()).finish_non_exhaustive(),
            Self::Removed(_, account) => f.debug_tuple("Removed").field(account).finish(),
            Self::Then(..) => f.debug_tuple("Then").finish_non_exhaustive(),
        }
    }
}

/// What is to be done because of one stanza, in order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    effects: VecDeque<Effect>,
    /// The session that the stanza came from.
    origin: Option<Arc<Session>>,
    /// How long its sender has waited for mailboxes.
    waited: Duration,
    /// Where the stanza was before, if it was in the mailbox of a session that has ended.
    left: Option<Left>,
    /// What extensions note about it.
    notes: States,
}

/// Where a stanza was: in the mailbox of a session that has ended.
#[derive(Debug)]
struct Left {
    session: Arc<Session>,
    /// Its number there.
    number: u64,
    /// When it came there, where that is known.
    since: Option<Timestamp>,
}

impl Outbox {
    /// For a stanza that comes from this session.
    pub(crate) fn from(session: &Arc<Session>) -> Self {
        Self { origin: Some(Arc::clone(session)), ..Self::default() }
    }

    /// The session with this full JID, if it is the one that the stanza came from.
    pub(crate) fn origin(&self, full: &str) -> Option<&Arc<Session>> {
        self.origin.as_ref().filter(|session| session.jid().as_str() == full)
    }

    /// The handling of the stanza, as far as something depends on it.
    pub(crate) fn unit(&self) -> Option<Unit> {
        Unit::of(self.origin.as_ref()?)
    }

    /// What is done next is because of a stanza that had this number in the mailbox of a session that has ended, and came there at that
    /// time.
    pub(crate) fn set_left(&mut self, session: &Arc<Session>, number: u64, since: Option<Timestamp>) {
        self.left = Some(Left { session: Arc::clone(session), number, since });
    }

    /// The name of the stanza for this owner, if its client sends it again after a crash.
    fn entry_id(&self, owner: &str, stanza: &Stanza) -> Option<String> {
        let (session, way, number) = match (&self.left, &self.origin) {
            (Some(left), _) => (&left.session, "<", left.number),
            (None, Some(session)) => (session, ">", u64::from(session.handled())),
            (None, None) => return None,
        };
        let numbering = session.numbering().filter(|numbering| numbering.is_resumable())?;
        let mut bytes = Vec::with_capacity(512);
        stanza.write(&mut bytes);
        let key = [numbering.key.as_bytes(), way.as_bytes(), owner.as_bytes()];
        Some(entry_id::of(&key, number, &bytes))
    }

    /// The session that the stanza came from, if it is one of the account with this bare JID.
    pub(crate) fn origin_of(&self, bare: &str) -> Option<&Arc<Session>> {
        self.origin.as_ref().filter(|session| session.account().jid().as_str() == bare)
    }

    pub(crate) fn push(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub(crate) fn pop(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    pub(crate) fn len(&self) -> usize {
        self.effects.len()
    }

    /// How long its sender still waits for mailboxes, of `most` in all.
    pub(crate) fn patience(&self, most: Duration) -> Duration {
        most.saturating_sub(self.waited)
    }

    /// Its sender has waited for a mailbox.
    pub(crate) fn waited(&mut self, duration: Duration) {
        self.waited += duration;
    }

    /// Puts an effect before those that came since `mark`.
    pub(crate) fn insert(&mut self, mark: usize, effect: Effect) {
        self.effects.insert(mark.min(self.effects.len()), effect);
    }
}

/// What a handler is given: where it is, what time it is, and how to send.
///
/// Nothing is sent while handlers run. What they send leaves, in order, when all handlers of the event are done.
pub struct Cx<'a> {
    host: &'a Arc<Host>,
    tables: &'a Arc<Tables>,
    session: Option<&'a Arc<Session>>,
    peer: Option<IpAddr>,
    out: &'a mut Outbox,
}

impl std::fmt::Debug for Cx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cx")
            .field("host", &self.domain())
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl<'a> Cx<'a> {
    pub(crate) fn new(
        host: &'a Arc<Host>,
        tables: &'a Arc<Tables>,
        session: Option<&'a Arc<Session>>,
        out: &'a mut Outbox,
    ) -> Self {
        Self { host, tables, session, peer: session.and_then(|session| session.peer()), out }
    }

    pub(crate) fn at_peer(mut self, peer: Option<IpAddr>) -> Self {
        self.peer = peer;
        self
    }

    /// The virtual host.
    #[must_use]
    pub fn host(&self) -> &'a Arc<Host> {
        self.host
    }

    /// The domain of the virtual host.
    #[must_use]
    pub fn domain(&self) -> &'a str {
        self.host.domain()
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.host.now()
    }

    /// Since when the event's message waits for its recipient, where it was in the mailbox of a session that has ended and whose client had
    /// not acknowledged it; `None` for a message that comes now.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.out.left.as_ref()?.since
    }

    /// The session that the event is about, as its point says.
    #[must_use]
    pub const fn session(&self) -> Option<&'a Arc<Session>> {
        self.session
    }

    /// Where the client is connected from, when it is a network address.
    #[must_use]
    pub const fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// The live state of an account of this host, if one of its sessions is connected.
    #[must_use]
    pub fn account(&self, account: &BareJid) -> Option<Arc<Account>> {
        self.host.account(account.as_str())
    }

    /// The connected sessions of an account of this host.
    #[must_use]
    pub fn sessions(&self, account: &BareJid) -> Targets {
        self.account(account).map(|account| account.sessions()).unwrap_or_default()
    }

    /// What extensions declared to service discovery for addresses of this sort.
    #[must_use]
    pub fn info(&self, on: On) -> &'a Info {
        self.tables.info(on)
    }

    /// A service of another extension. Extensions that cannot do without it take it in `install` instead.
    #[must_use]
    pub fn service<S: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<S>> {
        self.tables.service()
    }

    /// A name for an entry about the stanza of the event in a log of this owner: the same whenever this is asked of the same stanza, also
    /// when its client has sent it again because the server ended before it acknowledged it (XEP-0198 §5), and different for all others. So
    /// what is stored under it is stored once. Where the client would not send it again each name is new.
    ///
    /// Nobody can guess a name, nor tell from that for one owner that for another. Those of one time sort close together.
    #[must_use]
    pub fn entry_id(&self, owner: &str, stanza: &Stanza) -> String {
        self.out.entry_id(owner, stanza).unwrap_or_else(|| entry_id::random(self.now()))
    }

    /// What an extension notes about the stanza that a client or the server has sent, from its arrival until all that follows from it has
    /// left; the default at first. Other stanzas that follow from it share the note, so it says for itself which it is about.
    #[must_use]
    pub fn note<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        Arc::clone(self.out.notes.get_or_default())
    }

    /// As [`Cx::note`], but `None` when nobody has asked for it yet.
    #[must_use]
    pub fn note_if_any<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.out.notes.get().cloned()
    }

    /// Sends a stanza to whomever `to` says, here or elsewhere. It needs a `from`, as clients' stanzas have.
    pub fn send(&mut self, stanza: Stanza) {
        debug_assert!(stanza.to().is_some(), "a stanza without `to` goes nowhere");
        self.out.push(Effect::Route(stanza));
    }

    /// As [`Cx::send`], past the guards of [`FromAccount`](crate::point::FromAccount). For the word that there will be no more words.
    pub fn send_past_guards(&mut self, stanza: Stanza) {
        debug_assert!(stanza.to().is_some(), "a stanza without `to` goes nowhere");
        self.out.push(Effect::RoutePastGuards(stanza));
    }

    /// Sends a stanza to the bare JID of an account of this host whose live state is at hand: as [`Cx::send`], which would look for
    /// that again. `to` has to say the same.
    pub fn send_to_account(&mut self, account: &Arc<Account>, stanza: Stanza) {
        debug_assert_eq!(stanza.to().map(|to| to.to_bare()).as_ref(), Some(account.jid()));
        self.out.push(Effect::ToAccount(Arc::clone(self.host), Arc::clone(account), stanza));
    }

    /// Sends a stanza to one session; only [`ToSession`](crate::point::ToSession) handlers see it.
    pub fn send_to_session(&mut self, session: &Arc<Session>, stanza: Stanza) {
        self.out.push(Effect::ToSession(Arc::clone(self.host), Arc::clone(session), stanza));
    }

    /// Calls `task` when what was sent before it has been delivered; what it sends follows all that waits then. For a look at
    /// whether what was sent is still true.
    pub fn then(&mut self, task: impl FnOnce(&mut Cx<'_>) + Send + Sync + 'static) {
        self.out.push(Effect::Then(Arc::clone(self.host), Box::new(task)));
    }

    /// Delivers a stanza to one session at once, ahead of all that waits to be sent; only [`ToSession`](crate::point::ToSession)
    /// handlers see it, and a [hold](Session::hold) does not matter. False when the session could not take it, after a wait that counts
    /// among what the event's sender waits for mailboxes in all. For what has an order of its own to keep, between tasks, under a lock of the caller's.
    pub async fn deliver(&mut self, session: &Arc<Session>, stanza: Stanza) -> bool {
        self.host.past_hold(session, stanza, None, self.out).await
    }

    /// As [`Cx::deliver`], without any waiting: false when the session's mailbox is full now.
    pub fn try_deliver(&mut self, session: &Arc<Session>, stanza: Stanza) -> bool {
        self.host.at_once(session, stanza, None, self.out)
    }

    /// As [`Cx::try_deliver`], for a stanza that is [stored](Shelved). The entry may be there when this returns; who delivers deletes it after the
    /// session has [settled](Session::settled), whether or not it is.
    pub fn try_deliver_stored(&mut self, session: &Arc<Session>, stanza: Stanza, stored: Shelved) -> bool {
        self.host.at_once(session, stanza, Some(stored), self.out)
    }

    /// Writes a top-level element that is not a stanza to the event's session; nothing where there is none.
    pub fn send_nonza(&mut self, element: &Element) {
        if let Some(session) = self.session {
            self.out.push(Effect::Nonza(Arc::clone(session), bytes_of(element)));
        }
    }

    /// Numbers the stanzas of the event's session in both directions from here on (XEP-0198 §3), and has it be continued should its
    /// connection break, where `acks` says so. `words` makes what its client is told from the id by which that continues it; it leaves
    /// when this is durable. `None` where the client is told otherwise: that should [wait](Session::settled) too. False when the session is
    /// numbered already, or there is none.
    pub fn number(&mut self, acks: Acks, words: impl FnOnce(Option<&str>) -> Option<Element>) -> bool {
        let Some(session) = self.session else { return false };
        self.host.number(session, acks, |id| words(id).map(|words| bytes_of(&words)))
    }

    /// Answers `stanza` with an error, unless it is one that must not be answered (RFC 6120 §8.3.1).
    pub fn send_error(&mut self, stanza: &Stanza, error: &StanzaError) {
        if let Some(error) = stanza.error_reply(error) {
            self.out.push(Effect::Route(error));
        }
    }

    /// Removes an account, also one whose own session asks for it: nobody can log in any more when this returns; its sessions end, the
    /// extensions are told and its data is erased when what handlers have sent, the answer to the asker among it, has left.
    /// Says whether there was one.
    ///
    /// # Errors
    /// See [`Accounts::remove`](crate::Accounts::remove). What goes wrong later is logged.
    pub async fn remove_account(&mut self, account: &BareJid) -> Result<bool, AccountError> {
        let removed = self.host.accounts().remove(account).await?;
        if removed {
            self.out.push(Effect::Removed(Arc::clone(self.host), account.clone()));
        }
        Ok(removed)
    }

    /// Makes the event's session available with this presence and priority, and has the reactions of
    /// [`SessionAvailable`] run. For the extension that owns presence. Meanwhile the session is [held](Session::hold), so that messages
    /// which a reaction delivers come before those that others send because it is available.
    pub async fn set_available(&mut self, presence: Stanza, priority: i8) {
        let Some(session) = self.session else { return };
        let _held = session.hold();
        let initial = !session.is_available();
        session.set_presence(Some((priority, presence.clone())));
        self.react_at(&SessionAvailable { initial, presence }).await;
    }

    /// Makes the event's session unavailable, and has the reactions of [`SessionUnavailable`] run, if it was available.
    /// For the extension that owns presence.
    pub async fn set_unavailable(&mut self, presence: Option<Stanza>) {
        let Some(session) = self.session else { return };
        if session.is_available() {
            session.set_presence(None);
            self.react_at(&SessionUnavailable { presence }).await;
        }
    }

    /// Runs the maps of point `P` over an event of the caller's.
    ///
    /// # Errors
    /// The error of a map that failed.
    pub fn map_at<P: Point>(&self, event: &mut P) -> Result<(), StanzaError> {
        self.tables.at::<P>().map_or(Ok(()), |hooks| hooks.map(self, event))
    }

    /// Runs the reactions of point `P` to an event of the caller's.
    pub async fn react_at<P: Point>(&mut self, event: &P) {
        if let Some(hooks) = self.tables.at::<P>() {
            hooks.react(self, event).await;
        }
    }

    /// Does something as if the event were about another session (or none), with the same outbox.
    pub fn with_session(&mut self, session: Option<&'a Arc<Session>>) -> Cx<'_> {
        Cx { host: self.host, tables: self.tables, session, peer: self.peer, out: self.out }
    }

    pub(crate) fn mark(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn withdraw(&mut self, mark: usize) {
        self.out.effects.truncate(mark);
    }

    pub(crate) fn insert(&mut self, mark: usize, effect: Effect) {
        self.out.insert(mark, effect);
    }
}

fn bytes_of(element: &Element) -> Vec<u8> {
    let mut bytes = Vec::new();
    xml::write_element(element, "", &mut bytes);
    bytes
}
