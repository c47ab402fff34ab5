//! Streams with other servers (RFC 6120, XEP-0178, XEP-0198, XEP-0220).
//!
//! One task for each pair of domains takes what waits to the other server, and begins when there is something; so order is kept for
//! each pair of addresses, and a server that does not answer keeps nobody else waiting. Its queue is bounded in bytes, and in time by
//! how long a stream may take to come about. What cannot be sent goes back to its sender once, with the cause. Who writes to many domains
//! that are not there has a share of what can be tried at the same time, and the rest is for the others.
//!
//! Where the other server acknowledges what it gets (XEP-0198), nothing is lost with a stream that breaks: what it has not acknowledged stays
//! in the queue, and goes to it over the next, behind which everything else waits. What comes from another server is acknowledged when all
//! that it has led to survives this server, as far as the hosts keep it.
//!
//! A stream is for one direction. What another server sends comes by [`incoming`] on a stream that it has opened.

mod conversation;
mod dial;
mod examine;
mod explain;
mod failure;
mod flight;
pub(crate) mod incoming;
mod link;
mod outgoing;
mod persistence;
mod resumable;
mod settings;
mod shake;
mod status;
mod steps;
mod trying;
mod turns;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use parking_lot::Mutex;
use stonechat_extension::Remote;
use stonechat_net::Resolver;
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_stream::dialback::{Pair, Secret};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ServerError;
use crate::config::Policy;
use crate::shared::Shared;
use failure::Failure;
use link::{Link, Pushed};
use resumable::Resumable;
use settings::Settings;
use trying::{Trying, Wanted};
use turns::Turns;

pub(crate) use settings::Fresh;
pub use status::{LastFailure, State, Status};
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
    /// Setting up streams for what our own side has to say.
    turns: Turns,
    /// Asking about keys that others have sent: they are not to keep our own side waiting.
    questions: Turns,
    /// Streams of other servers that can be resumed.
    resumable: Resumable,
    tasks: TaskTracker,
    /// Nothing more is sent. After the server began to stop: what its sessions leave behind is for others as well.
    stopping: CancellationToken,
}

#[derive(Debug, Default)]
struct Links {
    by_target: HashMap<Box<str>, Vec<Arc<Link>>>,
    count: usize,
    trying: Trying,
}

impl Federation {
    pub(crate) fn new(fresh: Fresh) -> Result<Arc<Self>, ServerError> {
        let connecting = fresh.0.federation.connecting;
        Ok(Arc::new(Self {
            settings: ArcSwap::from_pointee(fresh.0),
            server: OnceLock::new(),
            links: Mutex::default(),
            secret: Secret::random().ok_or(ServerError::NoRandomness)?,
            resolver: OnceLock::new(),
            turns: Turns::new(connecting),
            questions: Turns::new(connecting),
            resumable: Resumable::default(),
            tasks: TaskTracker::new(),
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

    /// Whether the sender of a stanza is one that this server speaks with.
    fn still_speaks_with(&self, stanza: &Stanza) -> bool {
        let policy = |domain| self.settings.load().federation.policy_for(domain);
        stanza.from().is_none_or(|from| policy(from.domain()) != Policy::Refuse)
    }

    /// Sends what waits where there is a stream for it, gives back the rest, and takes no more.
    pub(crate) fn stop(&self) {
        self.stopping.cancel();
    }

    /// Waits until all tasks are at their end, after [`stop`](Self::stop).
    pub(crate) async fn stopped(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn server(&self) -> Option<Arc<Shared>> {
        self.server.get()?.upgrade()
    }

    fn resolver(&self) -> &Resolver {
        let server = self.settings.load().federation.name_server;
        self.resolver.get_or_init(|| Resolver::new(REMEMBERED, server))
    }

    /// Takes a stanza for a pair of domains, and begins a task if there is none.
    fn push(self: &Arc<Self>, stanza: Stanza, settings: &Settings) -> Result<(), StanzaError> {
        let (Some(from), Some(to)) = (stanza.from(), stanza.to()) else {
            return Err(StanzaError::bad_request());
        };
        let most = settings.federation.pairs;
        let mut links = self.links.lock();
        let known = links.by_target.get(to.domain());
        let known =
            known.and_then(|known| known.iter().find(|link| link.pair.is(from.domain(), to.domain())));
        if known.is_none_or(|link| link.is_at_rest()) && !links.trying.may(from.bare_str(), most) {
            return Err(Failure::Busy.to_stanza_error());
        }
        let link = match known {
            Some(link) => Arc::clone(link),
            None => {
                let pair = Pair { sender: domain_of(from.domain())?, target: domain_of(to.domain())? };
                links.add(pair, most)?
            }
        };
        let who: Box<str> = from.bare_str().into();
        match link.push(stanza, settings.federation.queue_bytes, Instant::now()) {
            Pushed::Waits => Ok(()),
            Pushed::Refused(error) => Err(error),
            Pushed::Begin => {
                links.trying.begin(&who);
                drop(links);
                let wanted = Wanted::new(self, who);
                self.tasks.spawn(outgoing::run(Arc::clone(self), link, wanted));
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
    fn add(&mut self, pair: Pair, most: usize) -> Result<Arc<Link>, StanzaError> {
        if self.count >= most {
            // What is known of domains that could not be reached is given up first.
            let targets: Vec<Box<str>> = self.by_target.keys().cloned().collect();
            targets.iter().for_each(|target| self.retain(target, |link| !link.is_at_rest()));
        }
        if self.count >= most {
            let error = StanzaError::resource_constraint();
            return Err(error.with_text("this server speaks with as many others as it may"));
        }
        let link = Arc::new(Link::new(pair));
        self.by_target.entry(link.pair.target.as_str().into()).or_default().push(Arc::clone(&link));
        self.count += 1;
        Ok(link)
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

fn domain_of(name: &str) -> Result<BareJid, StanzaError> {
    BareJid::from_parts(None, name).map_err(|_| StanzaError::jid_malformed())
}

/// The way out of the hosts, which needs to be able to begin tasks.
#[derive(Debug)]
pub(crate) struct Way(pub(crate) Arc<Federation>);

#[async_trait]
impl Remote for Way {
    async fn deliver(&self, stanza: Stanza) -> Result<(), StanzaError> {
        let settings = self.0.settings.load_full();
        if !settings.is_on {
            return Err(StanzaError::remote_server_not_found());
        }
        let Some(server) = self.0.server().filter(|_| !self.0.stopping.is_cancelled()) else {
            return Err(StanzaError::service_unavailable());
        };
        // What leaves is in the name of a domain that is served here, and of no other.
        if stanza.from().is_none_or(|from| server.hosts.get(from.domain()).is_none()) {
            tracing::warn!(from = ?stanza.from(), "a stanza in the name of a domain that is not served here was not sent");
            return Err(StanzaError::not_allowed());
        }
        let target = stanza.to().map(|to| to.domain().to_owned()).unwrap_or_default();
        if settings.federation.policy_for(&target) == Policy::Refuse {
            return Err(StanzaError::not_allowed().with_text("this server does not speak with that domain"));
        }
        self.0.push(stanza, &settings)
    }
}
