//! Sessions and live accounts: what is known of the clients that are connected.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI16, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};
use stonechat_jid::{BareJid, FullJid};
use stonechat_stanza::Stanza;
use stonechat_store::Owner;
use tokio::sync::Notify;

use crate::hold::{Hold, Succession};
use crate::mailbox::{Mailbox, TooHigh};
use crate::numbering::Numbering;
use crate::point::Targets;
use crate::states::States;

/// Something that sessions hold for an extension; declared with [`Installer::session_state`](crate::Installer::session_state).
pub trait SessionState: Default + Send + Sync + 'static {
    /// A name that no other state has.
    const NAME: &'static str;

    /// What has to be known of it should the server start anew while the session can be resumed; `None` when it is as it is by default.
    /// It must not wait for anything.
    fn save(&self) -> Option<String>;

    /// Makes a session have what was [saved](SessionState::save), with all that goes with it elsewhere.
    fn restore(session: &Session, saved: &str);
}

/// How a state that was declared is saved and restored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saved {
    pub(crate) name: &'static str,
    /// Whose it is.
    pub(crate) extension: &'static str,
    pub(crate) save: fn(&Session) -> Option<String>,
    pub(crate) restore: fn(&Session, &str),
}

impl Saved {
    pub(crate) fn of<T: SessionState>(extension: &'static str) -> Self {
        Self {
            name: T::NAME,
            extension,
            save: |session| session.state_if_any::<T>().and_then(|state| state.save()),
            restore: T::restore,
        }
    }
}

/// An account of which at least one session is connected.
#[derive(Debug)]
pub struct Account {
    jid: BareJid,
    owner: Owner,
    pub(crate) sessions: RwLock<Targets>,
    states: States,
}

impl Account {
    pub(crate) fn new(jid: BareJid) -> Self {
        Self {
            owner: Owner::account(jid.as_str()),
            jid,
            sessions: RwLock::default(),
            states: States::default(),
        }
    }

    /// The account's address.
    #[must_use]
    pub const fn jid(&self) -> &BareJid {
        &self.jid
    }

    /// The owner of what is stored for the account.
    #[must_use]
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The sessions, as they are at this moment.
    #[must_use]
    pub fn sessions(&self) -> Targets {
        self.sessions.read().clone()
    }

    /// What an extension holds for the account while one of its sessions is connected; the default at first.
    #[must_use]
    pub fn state<T: Default + Send + Sync + 'static>(&self) -> &T {
        self.states.get_or_default()
    }

    /// As [`Account::state`], but `None` when nobody has asked for it yet.
    #[must_use]
    pub fn state_if_any<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.states.get()
    }
}

/// Stands for "not available" where priorities are from -128 to 127.
const UNAVAILABLE: i16 = i16::MIN;

/// A connected client with a bound resource (RFC 6120 §7).
#[derive(Debug)]
pub struct Session {
    pub(crate) id: u64,
    jid: FullJid,
    account: Arc<Account>,
    mailbox: Mailbox,
    peer: Option<IpAddr>,
    priority: AtomicI16,
    presence: RwLock<Option<Stanza>>,
    states: States,
    pub(crate) holds: AtomicUsize,
    /// Somebody has waited in vain for the end of the present hold.
    pub(crate) held_long: AtomicBool,
    pub(crate) released: Notify,
    pub(crate) ended: AtomicBool,
    /// Another session has its resource.
    replaced: AtomicBool,
    /// What the other one waits for.
    succession: Mutex<Option<Succession>>,
    /// The session is such another one, and the one before has not been closed.
    pub(crate) inherits: AtomicBool,
    numbering: OnceLock<Box<Numbering>>,
}

impl Session {
    pub(crate) fn new(
        id: u64,
        jid: FullJid,
        account: Arc<Account>,
        mailbox: Mailbox,
        peer: Option<IpAddr>,
    ) -> Self {
        Self {
            id,
            jid,
            account,
            mailbox,
            peer,
            priority: AtomicI16::new(UNAVAILABLE),
            presence: RwLock::default(),
            states: States::default(),
            holds: AtomicUsize::new(0),
            held_long: AtomicBool::new(false),
            released: Notify::new(),
            ended: AtomicBool::new(false),
            replaced: AtomicBool::new(false),
            succession: Mutex::default(),
            inherits: AtomicBool::new(false),
            numbering: OnceLock::new(),
        }
    }

    /// The session's full JID.
    #[must_use]
    pub const fn jid(&self) -> &FullJid {
        &self.jid
    }

    /// The account that it is a session of.
    #[must_use]
    pub const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Its mailbox. Extensions send through [`Cx`](crate::Cx), so that the hooks are not passed by.
    #[must_use]
    pub const fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Where the client is connected from, when it is a network address.
    #[must_use]
    pub const fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// The priority while the session is available (RFC 6121 §4.7.2.3); `None` while it is not.
    #[must_use]
    pub fn priority(&self) -> Option<i8> {
        i8::try_from(self.priority.load(Ordering::Acquire)).ok()
    }

    /// Whether the session has sent initial presence and has not become unavailable since.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.priority().is_some()
    }

    /// The presence that the session last broadcast, while it is available.
    #[must_use]
    pub fn presence(&self) -> Option<Stanza> {
        self.presence.read().clone()
    }

    /// Whether its stanzas are numbered in both directions (XEP-0198); see [`Cx::number`](crate::Cx::number).
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        self.numbering.get().is_some()
    }

    /// How many of its client's stanzas were handled since they are numbered, modulo 2^32.
    #[must_use]
    pub fn handled(&self) -> u32 {
        self.numbering().map_or(0, Numbering::handled)
    }

    /// What its client names it by to [continue](crate::Host::resume) it; `None` when it cannot.
    #[must_use]
    pub fn resumption_id(&self) -> Option<&str> {
        self.numbering().filter(|numbering| numbering.is_resumable()).map(|numbering| numbering.id.as_str())
    }

    /// The client has handled so many stanzas, modulo 2^32 (XEP-0198 §4). Nothing where they are not numbered.
    ///
    /// # Errors
    /// [`TooHigh`].
    pub fn acknowledge(self: &Arc<Self>, handled: u32) -> Result<(), TooHigh> {
        self.mailbox.acknowledge(handled)?;
        if let Some(numbering) = self.numbering() {
            numbering.journal.note(self, false);
        }
        Ok(())
    }

    /// Whether no connection reads what it is sent, and one may come again.
    #[must_use]
    pub fn is_detached(&self) -> bool {
        self.numbering().is_some_and(|numbering| !numbering.is_attached())
    }

    pub(crate) fn numbering(&self) -> Option<&Numbering> {
        self.numbering.get().map(Box::as_ref)
    }

    /// False when it has one.
    pub(crate) fn set_numbering(&self, numbering: Numbering) -> bool {
        self.numbering.set(Box::new(numbering)).is_ok()
    }

    /// Something in its mailbox waits for the journal; `now` if somebody waits for that.
    pub(crate) fn has_news(self: &Arc<Self>, now: bool) {
        if let Some(numbering) = self.numbering() {
            numbering.journal.note(self, now);
        }
    }

    /// Waits until it survives the server if it can be resumed, and so does what was put into its mailbox before, where it is kept for the client to acknowledge.
    pub async fn settled(&self) {
        if let Some(numbering) = self.numbering() {
            numbering.journal.settled_for(self).await;
        }
    }

    /// Whether the session was closed.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn set_presence(&self, presence: Option<(i8, Stanza)>) {
        let mut held = self.presence.write();
        let priority = presence.as_ref().map_or(UNAVAILABLE, |(priority, _)| i16::from(*priority));
        *held = presence.map(|(_, stanza)| stanza);
        self.priority.store(priority, Ordering::Release);
        drop(held);
        if let Some(numbering) = self.numbering() {
            numbering.note_states();
        }
    }

    /// Has the messages that others send to the session wait, until the [`Hold`] is dropped or their senders have waited as long as they
    /// do for a full mailbox; then they are undelivered. For messages that have to come first, which
    /// [`Cx::deliver`](crate::Cx::deliver), [`Cx::try_deliver`](crate::Cx::try_deliver) and [`Host::deliver`](crate::Host::deliver)
    /// bring past it.
    #[must_use]
    pub fn hold(self: &Arc<Self>) -> Hold {
        Hold::new(self)
    }

    pub(crate) fn is_held(&self) -> bool {
        self.holds.load(Ordering::Acquire) > 0
    }

    pub(crate) fn is_held_long(&self) -> bool {
        self.held_long.load(Ordering::Acquire)
    }

    pub(crate) fn note_held_long(&self) {
        self.held_long.store(true, Ordering::Release);
        // If the hold has just ended, its end may have come before the note.
        if !self.is_held() {
            self.held_long.store(false, Ordering::Release);
        }
    }

    /// Waits until nobody holds the session.
    pub(crate) async fn released(&self) {
        self.released_when(|session| !session.is_held()).await;
    }

    async fn released_when(&self, done: impl Fn(&Self) -> bool) {
        loop {
            let mut released = std::pin::pin!(self.released.notified());
            // Listen before looking, or a release in between is missed.
            released.as_mut().enable();
            if done(self) {
                return;
            }
            released.await;
        }
    }

    /// Another session takes the resource. It is held until this one [lets it go](Self::let_successor_go).
    pub(crate) fn replace_with(&self, successor: &Arc<Self>) {
        *self.succession.lock() = Some(Succession::of(successor));
        self.replaced.store(true, Ordering::Release);
    }

    pub(crate) fn was_replaced(&self) -> bool {
        self.replaced.load(Ordering::Acquire)
    }

    /// Nothing comes any more from this session to the one that has its resource, or not in time.
    pub(crate) fn let_successor_go(&self) {
        let succession = self.succession.lock().take();
        drop(succession);
    }

    /// Waits until the session that had the resource before has let this one go.
    pub(crate) async fn inherited(&self) {
        self.released_when(|session| !session.inherits.load(Ordering::Acquire)).await;
    }

    /// What an extension holds for the session; the default at first.
    #[must_use]
    pub fn state<T: SessionState>(&self) -> &T {
        self.states.get_or_default()
    }

    /// As [`Session::state`], but `None` when nobody has asked for it yet.
    #[must_use]
    pub fn state_if_any<T: SessionState>(&self) -> Option<&T> {
        self.states.get()
    }
}
