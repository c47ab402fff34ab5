//! A component of the configuration, connected or not.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use parking_lot::Mutex;
use stonechat_extension::{Hosts, Remote};
use stonechat_jid::BareJid;
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_stream::component::Secret;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::lanes::{Lane, Lanes, away};
use super::loops::Loops;
use super::settings::Settings;

/// A component of the configuration, connected or not.
#[derive(Debug)]
pub(super) struct Attached {
    pub(super) domain: BareJid,
    settings: ArcSwap<Settings>,
    lanes: Mutex<Lanes>,
    loops: Mutex<Loops>,
    hosts: Weak<Hosts>,
    /// It is in no configuration any more.
    pub(super) gone: CancellationToken,
}

impl Attached {
    pub(super) fn new(domain: BareJid, settings: Settings, hosts: &Arc<Hosts>) -> Arc<Self> {
        Arc::new(Self {
            domain,
            settings: ArcSwap::from_pointee(settings),
            lanes: Mutex::new(Lanes::new(Instant::now())),
            loops: Mutex::default(),
            hosts: Arc::downgrade(hosts),
            gone: CancellationToken::new(),
        })
    }

    pub(super) fn reconfigure(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }

    pub(super) fn secret(&self) -> Secret {
        self.settings.load().secret.clone()
    }

    /// Whether there may be no further connection.
    pub(super) fn is_full(&self) -> bool {
        self.lanes.lock().count() >= self.settings.load().config.connections
    }

    /// Adds a connection; `None` when there are as many as there may be.
    pub(super) fn join(&self) -> Option<(Lane, Arc<Notify>)> {
        self.lanes.lock().join(self.settings.load().config.connections, Instant::now())
    }

    /// Takes about so many bytes of what is for a connection, which has more to write if it is busy.
    pub(super) fn take(&self, lane: Lane, bytes: usize, is_busy: bool) -> Vec<Stanza> {
        self.lanes.lock().take(lane, bytes, is_busy, Instant::now())
    }

    /// Removes a connection, which has not written these.
    pub(super) fn leave(self: &Arc<Self>, lane: Lane, unwritten: Vec<Stanza>) {
        let is_last = self.lanes.lock().leave(lane, unwritten, Instant::now());
        if self.gone.is_cancelled() {
            let (component, back) = (Arc::clone(self), self.lanes.lock().retire());
            tokio::spawn(async move { component.give_back(back).await });
        } else if is_last {
            self.wait_for_it();
        }
    }

    /// Gives what waits back to its senders when the component does not come for too long.
    pub(super) fn wait_for_it(self: &Arc<Self>) {
        let component = Arc::clone(self);
        let wait = self.settings.load().config.wait;
        tokio::spawn(async move {
            tokio::select! {
                () = component.gone.cancelled() => {}
                () = sleep(wait) => {
                    let back = component.lanes.lock().give_up(wait, Instant::now());
                    component.give_back(back).await;
                }
            }
        });
    }

    /// Ends its connections, gives everything back to its senders, and takes no more.
    pub(super) async fn retire(&self) {
        self.gone.cancel();
        let back = self.lanes.lock().retire();
        self.give_back(back).await;
    }

    async fn give_back(&self, stanzas: VecDeque<Stanza>) {
        if stanzas.is_empty() {
            return;
        }
        tracing::info!(component = %self.domain, returned = stanzas.len(), "a component is not connected");
        let Some(hosts) = self.hosts.upgrade() else { return };
        for stanza in stanzas {
            if let Some(error) = stanza.error_reply(&away()) {
                // Whoever cannot be told either is not there any more.
                let _ = hosts.from_component(error).await;
            }
        }
    }

    /// Carries a stanza on that the component has sent.
    pub(super) async fn send(&self, stanza: Stanza) {
        let Some(hosts) = self.hosts.upgrade() else { return };
        let original = stanza.clone();
        if let Err(error) = self.send_to(&hosts, stanza).await {
            self.tell(&original, &error);
        }
    }

    async fn send_to(&self, hosts: &Hosts, stanza: Stanza) -> Result<(), StanzaError> {
        let other = stanza.to().filter(|to| hosts.has_component(to.domain()));
        if let Some(other) = other
            && self.loops.lock().is_one(&stanza, Instant::now())
        {
            tracing::warn!(component = %self.domain, to = %other, "two components send the same to and fro");
            return Err(StanzaError::policy_violation().with_text("this was sent too often"));
        }
        hosts.from_component(stanza).await
    }

    /// Tells the component that a stanza of it was not carried on.
    pub(super) fn tell(&self, stanza: &Stanza, error: &StanzaError) {
        if let Some(reply) = stanza.error_reply(error)
            && self.push(reply).is_err()
        {
            tracing::debug!(component = %self.domain, "a component has not been told of an error, as too much waits for it");
        }
    }

    fn push(&self, stanza: Stanza) -> Result<(), StanzaError> {
        let settings = self.settings.load();
        self.lanes.lock().push(stanza, settings.config.queue_bytes, settings.config.wait, Instant::now())
    }
}

#[async_trait]
impl Remote for Attached {
    async fn deliver(&self, stanza: Stanza) -> Result<(), StanzaError> {
        self.push(stanza)
    }
}
