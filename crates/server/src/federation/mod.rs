//! Streams with other servers (RFC 6120, XEP-0178, XEP-0198, XEP-0220, XEP-0288).
//!
//! One task for each pair of domains takes what waits to the other server, and begins when there is something; so order is kept for
//! each pair of addresses, and a server that does not answer keeps nobody else waiting. Its queue is bounded in bytes, and in time by
//! how long a stream may take to come about. What cannot be sent goes back to its sender once, with the cause.
//!
//! The pairs are bounded in number, and who writes to many domains, whether these are there or not, has a share of them; the rest is for the
//! others. Where there are no more, the one gives its place to a new one that nothing was to be said to for longest.
//!
//! Where the other server acknowledges what it gets (XEP-0198), nothing is lost with a stream that breaks: what it has not acknowledged stays
//! in the queue, and goes to it over the next, behind which everything else waits. What comes from another server is acknowledged when all
//! that it has led to survives this server, as far as the hosts keep it.
//!
//! What is on its way is in the store as well, before the client that has sent it is told that it was received: it survives this server,
//! too, and goes on when that is there again.
//!
//! A stream that this side opens is for both directions where the other server wants that as well, and so is one that the other server
//! opens (`federation::reverse`): what begins to wait while there is one is sent over it. One of our own is opened where there is none, where
//! the policy for the domain would not let that one in any more, and to ask about an earlier stream that the other server has not come back
//! with. Two who open streams to each other at the same time have two, and each sends on its own. Each pair of domains is sent on one stream
//! at a time, and what may not have arrived on it goes first on the next. Where a stream is lost on which the other server was sent to, both
//! directions go on when the other server resumes it; if it does not, this side opens one, and asks about the lost one by its id. A server
//! that knows how far that was says so, and nothing arrives twice; with others it is as with any stream that cannot be resumed.

mod arrivals;
mod carrier;
mod connector;
mod conversation;
mod dial;
mod examine;
mod explain;
mod failure;
mod flight;
pub(crate) mod incoming;
mod inward;
mod kept;
mod link;
mod outgoing;
mod persistence;
mod pump;
mod resumable;
mod reverse;
mod reverses;
mod said;
mod settings;
mod shake;
mod shares;
mod status;
mod steps;
mod turns;
mod way;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use jiff::Timestamp;
use parking_lot::Mutex;
use stonechat_extension::{Journal, Remote};
use stonechat_net::Resolver;
use stonechat_stanza::delay::Delay;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Kind, Stanza, StanzaError, ns};
use stonechat_store::Store;
use stonechat_stream::StreamError;
use stonechat_stream::dialback::{Pair, Secret};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ServerError;
use crate::config::Policy;
use crate::shared::Shared;
use arrivals::Arrivals;
use kept::{Found, Kept};
use link::{Link, Parcel, Pushed, Refused};
use resumable::Resumable;
use reverses::Reverses;
use settings::Settings;
use shares::{Shares, Wanted};
use turns::Turns;

pub use arrivals::{Arrival, Managed, Proof};
pub use connector::Connector;
pub(crate) use settings::Fresh;
pub use status::{LastFailure, Opener, State, Status};
pub use steps::{Stage, Step};

/// So many answers of DNS are remembered.
const REMEMBERED: u64 = 4096;

/// The way to other servers.
#[derive(Debug)]
pub(crate) struct Federation {
    settings: ArcSwap<Settings>,
    /// The server that this is of, once it is there.
    server: OnceLock<Weak<Shared>>,
    /// By the other server's domain, and then few.
    links: Mutex<Links>,
    secret: Secret,
    resolver: OnceLock<Resolver>,
    /// What makes connections in place of the system.
    connector: Option<Arc<dyn Connector>>,
    /// Setting up streams for what our own side has to say.
    turns: Turns,
    /// Asking about keys that others have sent: they are not to keep our own side waiting.
    questions: Turns,
    /// Streams of other servers that are there.
    arrivals: Arrivals,
    /// Those that can be resumed.
    resumable: Resumable,
    kept: Kept,
    tasks: TaskTracker,
    /// The sessions have left behind what they have to: the streams of other servers that can be sent on are to end.
    leaving: CancellationToken,
    /// Nothing more is sent. After the server began to stop: what its sessions leave behind is for others as well.
    stopping: CancellationToken,
}

#[derive(Debug, Default)]
struct Links {
    by_target: HashMap<Box<str>, Vec<Arc<Link>>>,
    count: usize,
    shares: Shares,
    /// The streams of other servers that can be sent on.
    reverses: Reverses,
}

/// A link for a stanza, and the one that was given up for it, if there is one.
#[derive(Debug)]
struct Place {
    link: Arc<Link>,
    before: Option<Arc<Link>>,
}

impl Federation {
    pub(crate) fn new(
        fresh: Fresh,
        store: &Store,
        journal: &Journal,
        connector: Option<Arc<dyn Connector>>,
    ) -> Result<Arc<Self>, ServerError> {
        let connecting = fresh.0.federation.connecting;
        Ok(Arc::new(Self {
            settings: ArcSwap::from_pointee(fresh.0),
            server: OnceLock::new(),
            links: Mutex::default(),
            secret: Secret::random().ok_or(ServerError::NoRandomness)?,
            resolver: OnceLock::new(),
            connector,
            turns: Turns::new(connecting),
            questions: Turns::new(connecting),
            arrivals: Arrivals::default(),
            resumable: Resumable::default(),
            kept: Kept::new(store, journal).ok_or(ServerError::NoRandomness)?,
            tasks: TaskTracker::new(),
            leaving: CancellationToken::new(),
            stopping: CancellationToken::new(),
        }))
    }

    /// Says which server it is of; once.
    pub(crate) fn attach(&self, server: &Arc<Shared>) {
        // A second time there would be a second server, which is a mistake of ours that changes nothing here.
        let _ = self.server.set(Arc::downgrade(server));
    }

    /// Takes other settings; streams that are there stay.
    pub(crate) fn reconfigure(&self, fresh: Fresh) {
        self.settings.store(Arc::new(fresh.0));
    }

    /// Whether the sender of a stanza is one that this server speaks with, on a stream of a server that has shown a good certificate for it
    /// or has not.
    fn still_speaks_with(&self, stanza: &Stanza, is_certified: bool) -> bool {
        stanza.from().is_none_or(|from| self.trusts(from.domain(), is_certified))
    }

    /// Has the streams of other servers end that can be sent on, behind what waits for them.
    pub(crate) fn leave_theirs(&self) {
        self.leaving.cancel();
    }

    /// Sends what waits where there is a stream for it, leaves the rest for the next start, and takes no more.
    pub(crate) fn stop(&self) {
        self.stopping.cancel();
    }

    /// Waits until all tasks are at their end, after [`stop`](Self::stop).
    pub(crate) async fn stopped(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = self.kept.delete().await {
            tracing::error!(%error, "what has arrived elsewhere cannot be deleted, and is sent again at the next start");
        }
    }

    /// Sends what was on its way when the server ended. After [`attach`](Self::attach), and once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn recover(self: &Arc<Self>) -> Result<(), stonechat_store::Error> {
        self.tasks.spawn(kept::tidy(Arc::clone(self)));
        let Some(server) = self.server() else { return Ok(()) };
        for domain in server.hosts.domains() {
            let found = self.kept.found(&domain).await?;
            if !found.is_empty() {
                tracing::info!(domain, found = found.len(), "stanzas go on to other servers");
            }
            let settings = self.settings.load_full();
            for Found { mut parcel, since } in found {
                note_delay(&mut parcel.stanza, &domain, since);
                let pushed = match self.may_leave(&server, &settings, &parcel.stanza) {
                    Ok(()) => self.push(parcel, &settings),
                    Err(error) => Err(Box::new(Refused { parcel, error })),
                };
                if let Err(refused) = pushed {
                    self.give_back(&server, refused.parcel, &refused.error).await;
                }
            }
        }
        Ok(())
    }

    /// Tells the sender of a stanza why that does not go where it is to go.
    async fn give_back(&self, server: &Shared, parcel: Parcel, error: &StanzaError) {
        let Some(from) = parcel.stanza.from().map(|from| from.domain().to_owned()) else { return };
        if let Some(reply) = parcel.stanza.error_reply(error) {
            match server.hosts.get(&from) {
                Some(host) => host.send(reply).await,
                // A service or a component; when it is gone, nobody is there to be told.
                None => drop(server.hosts.from_peer(reply).await),
            }
        }
        self.kept.arrived(&from, [parcel]);
    }

    /// Whether a stanza is for a domain that is spoken with, and from one of ours.
    fn may_leave(&self, server: &Shared, settings: &Settings, stanza: &Stanza) -> Result<(), StanzaError> {
        if !settings.is_on {
            return Err(StanzaError::remote_server_not_found());
        }
        // What leaves is in the name of a domain that is served here, and of no other.
        if stanza.from().is_none_or(|from| !server.hosts.has(from.domain())) {
            tracing::warn!(from = ?stanza.from(), "a stanza in the name of a domain that is not served here was not sent");
            return Err(StanzaError::not_allowed());
        }
        let target = stanza.to().map(|to| to.domain()).unwrap_or_default();
        if settings.federation.policy_for(target) == Policy::Refuse {
            return Err(StanzaError::not_allowed().with_text("this server does not speak with that domain"));
        }
        Ok(())
    }

    /// Keeps a stanza, and has it taken to its domain. It is durable before its sender may take it for received.
    async fn send(self: &Arc<Self>, stanza: Stanza, settings: &Settings) -> Result<(), StanzaError> {
        let (Some(from), Some(to)) = (stanza.from(), stanza.to()) else {
            return Err(StanzaError::bad_request());
        };
        let (from, known) = (from.domain().to_owned(), self.links.lock().find(from.domain(), to.domain()));
        // Nothing is kept of what goes back at once.
        let refusal =
            known.and_then(|link| link.refusal(&stanza, settings.federation.queue_bytes, Instant::now()));
        if let Some(error) = refusal {
            return Err(error);
        }
        let parcel = self.kept.keep(&from, stanza).await;
        self.push(parcel, settings).map_err(|refused| {
            self.kept.arrived(&from, [refused.parcel]);
            refused.error
        })
    }

    fn server(&self) -> Option<Arc<Shared>> {
        self.server.get()?.upgrade()
    }

    fn resolver(&self) -> &Resolver {
        let server = self.settings.load().federation.name_server;
        self.resolver.get_or_init(|| Resolver::new(REMEMBERED, server))
    }

    /// Takes a stanza for a pair of domains, and begins a task if there is none.
    fn push(self: &Arc<Self>, parcel: Parcel, settings: &Settings) -> Result<(), Box<Refused>> {
        let mut links = self.links.lock();
        let Place { link, before } = match links.for_stanza(&parcel.stanza, settings.federation.pairs) {
            Ok(place) => place,
            Err(error) => return Err(Box::new(Refused { parcel, error })),
        };
        let from = parcel.stanza.from();
        let who: Box<str> = from.map(|from| from.bare_str().into()).unwrap_or_default();
        let has_local = from.is_some_and(|from| from.local().is_some());
        match link.push(parcel, settings.federation.queue_bytes, Instant::now()) {
            Pushed::Waits => Ok(()),
            Pushed::Refused(refused) => Err(refused),
            Pushed::Begin => {
                let sender = link.pair.sender.as_str();
                let is_host = || self.server().is_some_and(|server| server.hosts.get(sender).is_some());
                let cause = links.shares.begin(who, has_local && is_host());
                link.begun_for(&cause);
                drop(links);
                let wanted = Wanted::new(self, &link, cause);
                self.tasks.spawn(outgoing::run(Arc::clone(self), link, wanted, before));
                Ok(())
            }
        }
    }

    /// The task of a link is at its end, unless something waits again.
    fn retire(&self, link: &Arc<Link>) -> bool {
        let mut links = self.links.lock();
        if !link.rest() {
            return false;
        }
        if link.is_blank() {
            links.retain(link.pair.target.as_str(), |other| !Arc::ptr_eq(other, link));
        }
        true
    }
}

impl Links {
    fn find(&self, from: &str, to: &str) -> Option<Arc<Link>> {
        self.by_target.get(to)?.iter().find(|link| link.pair.is(from, to)).cloned()
    }

    /// The link that a stanza takes; a new one if there are not `most` already, or one of them can be given up.
    fn for_stanza(&mut self, stanza: &Stanza, most: usize) -> Result<Place, StanzaError> {
        let (Some(from), Some(to)) = (stanza.from(), stanza.to()) else {
            return Err(StanzaError::bad_request());
        };
        let known = self.find(from.domain(), to.domain());
        if let Some(link) = known.as_ref().filter(|link| !link.is_at_rest()) {
            return Ok(Place { link: Arc::clone(link), before: None });
        }
        let (who, mut before) = (from.bare_str(), None);
        let pair = Pair { sender: domain_of(from.domain())?, target: domain_of(to.domain())? };
        if !self.shares.may(who, most) {
            let own = self.give_up(|link| link.counts_for(who));
            before =
                Some(own.ok_or_else(|| too_many("too many other servers are tried or spoken with for you"))?);
        }
        match known {
            Some(link) => Ok(Place { link, before }),
            None => self.add(pair, most, before),
        }
    }

    fn add(&mut self, pair: Pair, most: usize, mut before: Option<Arc<Link>>) -> Result<Place, StanzaError> {
        if self.count >= most {
            // What is known of domains that could not be reached is given up first.
            let targets: Vec<Box<str>> = self.by_target.keys().cloned().collect();
            targets.iter().for_each(|target| self.retain(target, |link| !link.is_at_rest()));
        }
        while self.count >= most {
            let idle = self.give_up(|_| true);
            before = Some(idle.ok_or_else(|| too_many("this server speaks with as many others as it may"))?);
        }
        let link = Arc::new(Link::new(pair));
        self.by_target.entry(link.pair.target.as_str().into()).or_default().push(Arc::clone(&link));
        self.count += 1;
        Ok(Place { link, before })
    }

    /// Gives up the one of these links that has idled for longest: its stream is closed, and it takes nothing more.
    fn give_up(&mut self, is_one: impl Fn(&Link) -> bool) -> Option<Arc<Link>> {
        loop {
            let these = self.by_target.values().flatten().filter(|link| is_one(link));
            let idle = these.filter_map(|link| Some((link.idle_since()?, link)));
            let longest = Arc::clone(idle.min_by_key(|(since, _)| *since)?.1);
            // Its stream may be over just now.
            if longest.give_up() {
                if let Some(cause) = longest.cause() {
                    self.shares.end(&cause);
                }
                self.retain(longest.pair.target.as_str(), |other| !Arc::ptr_eq(other, &longest));
                return Some(longest);
            }
        }
    }

    fn retain(&mut self, target: &str, keep: impl Fn(&Arc<Link>) -> bool) {
        let Some(links) = self.by_target.get_mut(target) else { return };
        let before = links.len();
        links.retain(keep);
        self.count -= before - links.len();
        if links.is_empty() {
            self.by_target.remove(target);
        }
    }
}

fn too_many(why: &str) -> StanzaError {
    StanzaError::resource_constraint().with_text(why)
}

fn not_spoken_with() -> StreamError {
    StreamError::policy_violation().with_text("this server does not speak with that domain")
}

fn domain_of(name: &str) -> Result<BareJid, StanzaError> {
    BareJid::from_parts(None, name).map_err(|_| StanzaError::jid_malformed())
}

/// A message that has waited says since when (XEP-0203, XEP-0198 §4).
fn note_delay(stanza: &mut Stanza, domain: &str, since: Timestamp) {
    if matches!(stanza.kind(), Kind::Message(_)) && !stanza.has(ns::DELAY, "delay") {
        stanza.push(&Delay::new(Jid::parse(domain).ok(), since));
    }
}

/// The way out of the hosts, which needs to be able to begin tasks.
#[derive(Debug)]
pub(crate) struct Way(pub(crate) Arc<Federation>);

#[async_trait]
impl Remote for Way {
    async fn deliver(&self, stanza: Stanza) -> Result<(), StanzaError> {
        let settings = self.0.settings.load_full();
        let Some(server) = self.0.server().filter(|_| !self.0.stopping.is_cancelled()) else {
            return Err(StanzaError::service_unavailable());
        };
        self.0.may_leave(&server, &settings, &stanza)?;
        self.0.send(stanza, &settings).await
    }
}
