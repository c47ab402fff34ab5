//! The service that an application has.

use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_extension::client::{Closed, Delivery, Handle};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::payload::Builder;
use stonechat_stanza::presence::Type;
use stonechat_stanza::{Stanza, ns};

use super::contacts::Contacts;
use crate::Availability;

/// What the extension and its service share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) contacts: Mutex<Contacts>,
    own: Mutex<Own>,
}

#[derive(Debug)]
struct Own {
    /// What is to be told; `None` while the person wants to be unavailable.
    wanted: Option<Availability>,
    /// Counts sessions, so that what a task of an earlier one has to say is not said in a later one.
    session: u64,
    /// Whether this session has told anything.
    told: bool,
}

impl Shared {
    pub(super) fn new(most: usize, most_resources: usize) -> Self {
        let own = Own { wanted: Some(Availability::default()), session: 0, told: false };
        Self { contacts: Mutex::new(Contacts::new(most, most_resources)), own: Mutex::new(own) }
    }

    /// A new session, to which nothing is told yet.
    pub(super) fn begin(&self) -> u64 {
        let mut own = self.own.lock();
        own.told = false;
        own.session += 1;
        own.session
    }

    /// The initial presence of a session; `None` when there is another session by now, or nothing is to be told, or was.
    pub(super) fn initial(&self, session: u64) -> Option<Stanza> {
        let mut own = self.own.lock();
        if own.session != session || own.told {
            return None;
        }
        own.told = true;
        own.wanted.as_ref().map(Availability::to_stanza)
    }

    fn want(&self, wanted: Option<Availability>) {
        let mut own = self.own.lock();
        own.wanted = wanted;
        own.told = true;
    }
}

/// The presence of this session and of others; a service of the client extension.
#[derive(Debug)]
pub struct Presence {
    handle: Handle,
    shared: Arc<Shared>,
}

impl Presence {
    pub(super) fn new(handle: Handle, shared: Arc<Shared>) -> Self {
        Self { handle, shared }
    }

    /// Tells how we are available (§4.2, §4.4), now and at the beginning of later sessions. Cancel safe.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn set(&self, availability: Availability) -> Result<(), Closed> {
        let stanza = availability.to_stanza();
        self.shared.want(Some(availability));
        self.handle.send(stanza).await.map(drop)
    }

    /// Tells that we are not available any more (§4.5); the session goes on, and later ones do not become available by themselves.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn leave(&self, status: Option<&str>) -> Result<(), Closed> {
        self.shared.want(None);
        let mut stanza = Stanza::presence(Type::Unavailable);
        say(&mut stanza, status);
        self.handle.send(stanza).await.map(drop)
    }

    /// Tells one address how we are available (§4.6); it hears nothing of later changes.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn direct(&self, to: impl Into<Jid>, availability: &Availability) -> Result<(), Closed> {
        self.handle.send(availability.to_stanza().with_to(to)).await.map(drop)
    }

    /// The available sessions of an address by their resources, the one that wants messages most first.
    #[must_use]
    pub fn sessions(&self, who: &BareJid) -> Vec<(String, Availability)> {
        self.shared.contacts.lock().sessions(who)
    }

    /// How somebody is available: as the session that wants messages most. `None` when none is known to be.
    #[must_use]
    pub fn of(&self, who: &BareJid) -> Option<Availability> {
        self.sessions(who).into_iter().next().map(|(_, how)| how)
    }

    /// Asks somebody to let us see their presence (§3.1).
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn subscribe(&self, to: BareJid, status: Option<&str>) -> Result<Delivery, Closed> {
        self.subscription(Type::Subscribe, to, status).await
    }

    /// Lets somebody see our presence: who has asked for it (§3.1.4), or who will, where the server knows pre-approval (§3.4).
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn approve(&self, to: BareJid) -> Result<Delivery, Closed> {
        self.subscription(Type::Subscribed, to, None).await
    }

    /// Does not let somebody see our presence who has asked (§3.1.4), or not any more (§3.2).
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn deny(&self, to: BareJid) -> Result<Delivery, Closed> {
        self.subscription(Type::Unsubscribed, to, None).await
    }

    /// Does not want to see somebody's presence any more (§3.3).
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn unsubscribe(&self, to: BareJid) -> Result<Delivery, Closed> {
        self.subscription(Type::Unsubscribe, to, None).await
    }

    async fn subscription(&self, kind: Type, to: BareJid, status: Option<&str>) -> Result<Delivery, Closed> {
        let mut stanza = Stanza::presence(kind).with_to(to);
        say(&mut stanza, status);
        self.handle.send(stanza).await
    }
}

fn say(stanza: &mut Stanza, status: Option<&str>) {
    if let Some(status) = status {
        stanza.push_element(&Builder::new("status", ns::CLIENT).text(status).build());
    }
}
