//! A virtual host: its sessions, its extensions, and a stanza's way from one to the other.

mod beside;
mod deliver;
mod last_step;
mod leave;
mod life;
mod login;
mod receive;
mod request;
mod resume;
mod succession;
mod way;

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use stonechat_jid::BareJid;
use stonechat_stanza::{Element, Stanza};
use stonechat_store::Store;

pub use life::BindError;
pub use login::Entered;
pub use receive::Violation;
pub use resume::ResumeError;

use crate::accounts::Accounts;
use crate::asked::{Answered, Asked};
use crate::clock::Clock;
use crate::cx::{Cx, Effect, Outbox};
use crate::handler::Begun;
use crate::hosts::Hosts;
use crate::journal::Journal;
use crate::mailbox::Shelved;
use crate::session::{Account, Session};
use crate::states::States;
use crate::table::Table;
use crate::tables::Tables;

/// Limits of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many sessions an account may have at the same time.
    pub sessions_per_account: usize,
    /// How long a sender waits for full mailboxes, for all recipients of a stanza together; then it counts as undelivered.
    pub mailbox_wait: Duration,
    /// How many stanzas may follow from one; what is beyond is dropped and logged, as it must be a loop. Accounts that were removed
    /// meanwhile are removed whole all the same.
    pub effects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sessions_per_account: 32, mailbox_wait: Duration::from_secs(5), effects: 100_000 }
    }
}

/// What a host is made of.
#[derive(Clone)]
pub struct Setup {
    /// The domain, without a local part.
    pub domain: BareJid,
    /// The installed extensions.
    pub tables: Arc<Tables>,
    /// Where data is kept.
    pub store: Store,
    /// Who may log in.
    pub accounts: Arc<dyn Accounts>,
    /// The time of day.
    pub clock: Clock,
    /// The limits.
    pub limits: Limits,
    /// The journal of that store, which all hosts share.
    pub journal: Journal,
}

/// A virtual host.
pub struct Host {
    jid: BareJid,
    tables: ArcSwap<Tables>,
    table: Table,
    store: Store,
    accounts: Arc<dyn Accounts>,
    clock: Clock,
    limits: Limits,
    journal: Journal,
    hosts: Weak<Hosts>,
    started: Timestamp,
    states: States,
    asked: Asked,
    /// Held while an account is created or the data of one is erased, so that neither happens to the other's.
    changing_accounts: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("domain", &self.domain()).finish_non_exhaustive()
    }
}

impl Host {
    /// A host among `hosts`, to which the caller [adds](Hosts::insert) it.
    #[must_use]
    pub fn new(setup: Setup, hosts: &Arc<Hosts>) -> Arc<Self> {
        Arc::new(Self {
            jid: setup.domain,
            tables: ArcSwap::new(setup.tables),
            table: Table::default(),
            store: setup.store,
            accounts: setup.accounts,
            started: setup.clock.now(),
            clock: setup.clock,
            limits: setup.limits,
            journal: setup.journal,
            hosts: Arc::downgrade(hosts),
            states: States::default(),
            asked: Asked::default(),
            changing_accounts: tokio::sync::Mutex::default(),
        })
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.jid.domain()
    }

    /// The host's own address, which is the domain.
    #[must_use]
    pub const fn jid(&self) -> &BareJid {
        &self.jid
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// When the host was started.
    #[must_use]
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// What an extension holds in memory for the host, also across a reload; the default at first.
    #[must_use]
    pub fn state<T: Default + Send + Sync + 'static>(&self) -> &T {
        self.states.get_or_default()
    }

    /// The tables in service.
    #[must_use]
    pub fn tables(&self) -> Arc<Tables> {
        self.tables.load_full()
    }

    /// Puts other tables in service. A stanza on its way from its sender to an account of the host finishes that by the old
    /// ones; what follows from it, and what becomes of it where nobody gets it, goes by the new ones.
    pub fn reload(&self, tables: Arc<Tables>) {
        self.tables.store(tables);
    }

    /// The live state of an account, by its bare JID, if one of its sessions is connected.
    #[must_use]
    pub fn account(&self, bare: &str) -> Option<Arc<Account>> {
        self.table.get(bare)
    }

    /// The accounts that are connected, as they are at this moment.
    #[must_use]
    pub fn connected(&self) -> Vec<Arc<Account>> {
        self.table.accounts()
    }

    /// How many sessions are connected.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.table.len()
    }

    /// Who may log in. Changes go through [`Host::create_account`] and its neighbours.
    #[must_use]
    pub fn accounts(&self) -> &dyn Accounts {
        self.accounts.as_ref()
    }

    /// Handles a top-level element that is not a stanza; false when no extension owns it.
    pub async fn nonza(self: &Arc<Self>, session: &Arc<Session>, element: &Element) -> bool {
        let tables = self.tables();
        let mut out = Outbox::default();
        {
            let ns = element.ns();
            let Some(entry) = tables.nonza(&ns, element.name()) else { return false };
            let mut cx = Cx::new(self, &tables, Some(session), &mut out);
            let done = entry.source.run("nonza", "Nonza", || entry.handler.nonza(&mut cx, element));
            if let Some(Err(error)) = done {
                entry.source.failed("nonza", "Nonza", &error.to_string());
            }
        }
        if let Some(numbering) = session.numbering() {
            numbering.note_states();
        }
        self.drain(out).await;
        true
    }

    /// Handles a top-level element of a client that has authenticated and has no session; `None` when no extension owns it, or it could
    /// not be handled.
    pub async fn before_session(
        self: &Arc<Self>,
        account: &BareJid,
        element: &Element,
        peer: Option<IpAddr>,
    ) -> Option<Begun> {
        let tables = self.tables();
        let ns = element.ns();
        let entry = tables.before_session(&ns, element.name())?;
        let mut out = Outbox::default();
        let mut cx = Cx::new(self, &tables, None, &mut out).at_peer(peer);
        let handling = entry.handler.before_session(&mut cx, account, element);
        let done = entry.source.wait("nonza", "BeforeSession", handling).await;
        self.drain(out).await;
        match done? {
            Ok(begun) => Some(begun),
            Err(error) => {
                entry.source.failed("nonza", "BeforeSession", &error.to_string());
                None
            }
        }
    }

    /// Runs an operator's command that an extension offers; `None` when none has that name.
    pub async fn command(self: &Arc<Self>, name: &str, words: &[String]) -> Option<Result<String, String>> {
        let tables = self.tables();
        let command = tables.commands.iter().find(|command| command.name == name)?;
        let (source, handler) = (&command.entry.source, &command.entry.handler);
        let mut out = Outbox::default();
        let mut cx = Cx::new(self, &tables, None, &mut out);
        let done = source.wait("command", "Command", handler.run(&mut cx, words)).await;
        self.drain(out).await;
        Some(match done {
            Some(result) => result.map_err(|error| error.to_string()),
            None => Err("the command failed; see the log".to_owned()),
        })
    }

    /// Delivers a stanza that the server itself sends, such as an operator's announcement.
    pub async fn send(self: &Arc<Self>, stanza: Stanza) {
        let mut out = Outbox::default();
        out.push(Effect::Route(stanza));
        self.drain(out).await;
    }

    /// Sends a request in the name of the host or of one of its accounts, and waits for the answer of whom it is for, `patience` at the
    /// most. The request needs `from` and `to`; it gets an id of its own. For an extension's own tasks, as handlers are not to wait
    /// that long.
    ///
    /// Cancel safe: an answer that nobody waits for is ignored.
    pub async fn ask(self: &Arc<Self>, mut request: Stanza, patience: Duration) -> Answered {
        let Some(mut wait) = self.asked.wait_for(&mut request) else {
            tracing::warn!(host = %self.jid, "a request was not sent, as too many wait for an answer");
            return Answered::Nothing;
        };
        let answer = async {
            self.send(request).await;
            wait.answer().await
        };
        tokio::time::timeout(patience, answer).await.unwrap_or(Answered::Nothing)
    }

    /// Delivers a stanza to one session, also while that is [held](Session::hold); only [`ToSession`](crate::point::ToSession)
    /// handlers see it. False when the session could not take it, after a bounded wait. For an extension's own tasks; handlers have
    /// [`Cx::deliver`].
    pub async fn deliver(self: &Arc<Self>, session: &Arc<Session>, stanza: Stanza) -> bool {
        let mut out = Outbox::default();
        let delivered = self.past_hold(session, stanza, None, &mut out).await;
        self.drain(out).await;
        delivered
    }

    /// As [`Host::deliver`], for a stanza that is [stored](Shelved). The entry may be there when this returns; who delivers deletes it after the
    /// session has [settled](Session::settled), whether or not it is.
    pub async fn deliver_stored(
        self: &Arc<Self>,
        session: &Arc<Session>,
        stanza: Stanza,
        stored: Shelved,
    ) -> bool {
        let mut out = Outbox::default();
        let delivered = self.past_hold(session, stanza, Some(stored), &mut out).await;
        self.drain(out).await;
        delivered
    }

    /// Does what is to be done until nothing is left. Some of it may be another host's, where the stanza went there.
    async fn drain(self: &Arc<Self>, mut out: Outbox) {
        let mut steps = 0;
        while let Some(effect) = out.pop() {
            steps += 1;
            if steps > self.limits.effects {
                return self.cut_short(effect, out).await;
            }
            match effect {
                Effect::Route(stanza) => {
                    if let Some(stanza) = self.leave(stanza, &mut out).await {
                        self.carry(&self.tables(), self.way(&stanza), stanza, &mut out).await;
                    }
                }
                Effect::RoutePastGuards(stanza) => {
                    self.carry(&self.tables(), self.way(&stanza), stanza, &mut out).await
                }
                Effect::ToAccount(host, account, stanza) => {
                    if let Some(stanza) = host.leave(stanza, &mut out).await {
                        host.to_account(&host.tables(), Some(account), false, stanza, &mut out).await;
                    }
                }
                Effect::ToSession(host, session, stanza) => {
                    host.to_session_or_bounce(&session, stanza, &mut out).await;
                }
                Effect::Then(host, task) => {
                    let tables = host.tables();
                    let mut cx = Cx::new(&host, &tables, None, &mut out);
                    if catch_unwind(AssertUnwindSafe(|| task(&mut cx))).is_err() {
                        tracing::error!(host = %host.jid, "a task of an extension panicked");
                    }
                }
                Effect::Nonza(session, bytes) => {
                    if session.mailbox().push_nonza(&bytes).is_err() {
                        session.mailbox().end(crate::Ending::TooSlow);
                    }
                }
                Effect::Removed(host, account) => host.removed(&account).await,
            }
        }
    }

    /// Drops what is left, save what follows from the removal of an account: nobody can log in to that any more, so it has to end.
    async fn cut_short(self: &Arc<Self>, next: Effect, mut out: Outbox) {
        tracing::error!(host = %self.jid, left = out.len() + 1, "too much follows from one stanza");
        let mut effect = Some(next);
        while let Some(left) = effect {
            if let Effect::Removed(host, account) = left {
                host.removed(&account).await;
            }
            effect = out.pop();
        }
    }
}
