//! The handlers of one point, built once, and the rules by which they run.

use std::any::{Any, TypeId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::poll_immediate;
use stonechat_stanza::{Kind, StanzaError};

use crate::handler::{
    AsyncGuard, Claim, Copies, Guard, HANDLER_TIMEOUT, HandlerError, Map, Observe, React, Record, Verdict,
};
use crate::order::{Wish, resolve};
use crate::point::{Point, Select, StanzaPoint, WaitingPoint};
use crate::{Cx, InstallError};

/// An installed extension as its handlers know it: its name and how often a handler of it failed.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: &'static str,
    pub(crate) failures: AtomicU64,
    pub(crate) required: bool,
}

impl Source {
    /// Logs and counts a failure.
    pub(crate) fn failed(&self, kind: &str, point: &str, why: &str) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(extension = self.name, kind, point, why, "a handler failed");
    }

    /// Runs `f`; a panic is logged and counted, and gives `None`.
    pub(crate) fn run<T>(&self, kind: &str, point: &str, f: impl FnOnce() -> T) -> Option<T> {
        match catch_unwind(AssertUnwindSafe(f)) {
            Ok(value) => Some(value),
            Err(panic) => {
                self.failed(kind, point, &panic_text(panic.as_ref()));
                None
            }
        }
    }

    /// Awaits `future`; a panic or a time-out is logged and counted, and gives `None`.
    pub(crate) async fn wait<T>(
        &self,
        kind: &str,
        point: &str,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future = pin!(AssertUnwindSafe(future).catch_unwind());
        // Most have nothing to wait for, and no need of a timer.
        let done = match poll_immediate(&mut future).await {
            Some(done) => Ok(done),
            None => tokio::time::timeout(HANDLER_TIMEOUT, future).await,
        };
        match done {
            Ok(Ok(value)) => Some(value),
            Ok(Err(panic)) => {
                self.failed(kind, point, &panic_text(panic.as_ref()));
                None
            }
            Err(_) => {
                self.failed(kind, point, "took too long");
                None
            }
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.as_deref().unwrap_or("with a value that is no text"))
}

/// A handler and whose it is.
pub(crate) struct Entry<H: ?Sized> {
    pub(crate) source: Arc<Source>,
    pub(crate) handler: Arc<H>,
}

/// Why an event goes no further.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// The sender is told.
    Error(StanzaError),
    /// The sender is not told.
    Silent,
    /// The sender is told what it would be told if there were no such account.
    Absent,
}

impl From<StanzaError> for Refusal {
    fn from(error: StanzaError) -> Self {
        Self::Error(error)
    }
}

/// What installed extensions do at point `P`; the lists are in the order in which they run.
pub(crate) struct Hooks<P: Point> {
    guards: Vec<Entry<dyn Guard<P>>>,
    async_guards: Vec<Entry<dyn AsyncGuard<P>>>,
    maps: Vec<Entry<dyn Map<P>>>,
    records: Vec<(Select, Entry<dyn Record<P>>)>,
    copies: Vec<Entry<dyn Copies<P>>>,
    claims: Vec<(Select, Entry<dyn Claim<P>>)>,
    observers: Vec<Entry<dyn Observe<P>>>,
    reacts: Vec<Entry<dyn React<P>>>,
    /// Union of what is claimed.
    claimed: Select,
    /// Union of what is recorded.
    recorded: Select,
}

impl<P: Point> Default for Hooks<P> {
    fn default() -> Self {
        Self {
            guards: Vec::new(),
            async_guards: Vec::new(),
            maps: Vec::new(),
            records: Vec::new(),
            copies: Vec::new(),
            claims: Vec::new(),
            observers: Vec::new(),
            reacts: Vec::new(),
            claimed: Select::NONE,
            recorded: Select::NONE,
        }
    }
}

impl<P: Point> Hooks<P> {
    /// Asks the guards, then applies the maps.
    pub(crate) fn admit(&self, cx: &Cx<'_>, event: &mut P) -> Result<(), Refusal> {
        self.ask_guards(cx, event)?;
        Ok(self.map(cx, event)?)
    }

    fn ask_guards(&self, cx: &Cx<'_>, event: &P) -> Result<(), Refusal> {
        let ask = |Entry { source, handler }: &Entry<dyn Guard<P>>| {
            obey(source.run("guard", P::NAME, || handler.guard(cx, event)))
        };
        self.guards.iter().try_for_each(ask)
    }

    /// Asks all guards, those that may wait as well.
    pub(crate) async fn judge(&self, cx: &Cx<'_>, event: &P) -> Result<(), Refusal>
    where
        P: WaitingPoint,
    {
        self.ask_guards(cx, event)?;
        for Entry { source, handler } in &self.async_guards {
            let verdict = match source.run("guard", P::NAME, || handler.at_once(cx, event)) {
                Some(None) => source.wait("guard", P::NAME, handler.guard(cx, event)).await,
                at_once => at_once.flatten(),
            };
            obey(verdict)?;
        }
        Ok(())
    }

    /// Asks all guards, those that may wait as well, then applies the maps.
    pub(crate) async fn admit_after_wait(&self, cx: &Cx<'_>, event: &mut P) -> Result<(), Refusal>
    where
        P: WaitingPoint,
    {
        self.judge(cx, event).await?;
        Ok(self.map(cx, event)?)
    }

    /// Whether there is any guard.
    pub(crate) fn has_guards(&self) -> bool {
        !self.guards.is_empty() || !self.async_guards.is_empty()
    }

    /// Awaits the records that want stanzas of this kind and type.
    pub(crate) async fn record(&self, cx: &Cx<'_>, kind: Kind, event: &P) -> Result<(), Refusal> {
        for (select, Entry { source, handler }) in &self.records {
            if !select.contains(kind) {
                continue;
            }
            let done = source.wait("record", P::NAME, handler.record(cx, event)).await;
            if let Some(Err(error)) = &done {
                source.failed("record", P::NAME, &error.to_string());
            }
            if source.required && !matches!(done, Some(Ok(()))) {
                return Err(StanzaError::internal_server_error().into());
            }
        }
        Ok(())
    }

    /// Has the copies made.
    pub(crate) fn copy(&self, cx: &mut Cx<'_>, event: &P) {
        for Entry { source, handler } in &self.copies {
            let mark = cx.mark();
            let done = source.run("copy", P::NAME, || handler.copy(cx, event));
            if let Some(Err(error)) = &done {
                source.failed("copy", P::NAME, &error.to_string());
            }
            if !matches!(done, Some(Ok(()))) {
                cx.withdraw(mark);
            }
        }
    }

    /// Whether some claim may want the event. To be asked first where most events are wanted by none, as to offer one moves it about.
    pub(crate) fn may_be_wanted(&self, cx: &Cx<'_>, event: &P) -> bool
    where
        P: StanzaPoint,
    {
        let kind = event.stanza().kind();
        self.claimed.contains(kind) && self.claims.iter().any(|claim| may_want(claim, cx, event, kind))
    }

    /// Offers the event to who claims such, and tells its sender of an error; gives it back when nobody took it.
    pub(crate) async fn offer(&self, cx: &mut Cx<'_>, mut event: P) -> Option<P>
    where
        P: StanzaPoint,
    {
        let kind = event.stanza().kind();
        for claim in &self.claims {
            if !may_want(claim, cx, &event, kind) {
                continue;
            }
            let (_, Entry { source, handler }) = claim;
            let original = event.stanza().clone();
            let error = match source.wait("claim", P::NAME, handler.claim(cx, event)).await {
                Some(Ok(back)) => {
                    event = back?;
                    continue;
                }
                Some(Err(error)) => error,
                None => StanzaError::internal_server_error(),
            };
            cx.send_error(&original, &error);
            return None;
        }
        Some(event)
    }

    /// Lets the observers look.
    pub(crate) fn observe(&self, cx: &Cx<'_>, event: &P) {
        for Entry { source, handler } in &self.observers {
            let _seen = source.run("observe", P::NAME, || handler.observe(cx, event));
        }
    }

    /// Applies the maps; alone at points that other crates fire.
    pub(crate) fn map(&self, cx: &Cx<'_>, event: &mut P) -> Result<(), StanzaError> {
        for Entry { source, handler } in &self.maps {
            source
                .run("map", P::NAME, || handler.map(cx, event))
                .unwrap_or_else(|| Err(StanzaError::internal_server_error()))?;
        }
        Ok(())
    }

    /// Awaits the reactions.
    pub(crate) async fn react(&self, cx: &mut Cx<'_>, event: &P) {
        for Entry { source, handler } in &self.reacts {
            let done: Option<Result<(), HandlerError>> =
                source.wait("react", P::NAME, handler.react(cx, event)).await;
            if let Some(Err(error)) = done {
                source.failed("react", P::NAME, &error.to_string());
            }
        }
    }

    /// Whether some record wants stanzas of this kind and type.
    pub(crate) fn is_recorded(&self, kind: Kind) -> bool {
        self.recorded.contains(kind)
    }
}

/// Whether a claim may want an event of this kind. One that panics instead of saying so is offered it, too.
fn may_want<P: Point>(
    (select, Entry { source, handler }): &(Select, Entry<dyn Claim<P>>),
    cx: &Cx<'_>,
    event: &P,
    kind: Kind,
) -> bool {
    select.contains(kind) && source.run("claim", P::NAME, || handler.wants(cx, event)) != Some(false)
}

/// What follows from a verdict; from none, as the guard has failed, that nothing passes.
fn obey(verdict: Option<Verdict>) -> Result<(), Refusal> {
    match verdict {
        Some(Verdict::Allow) => Ok(()),
        Some(Verdict::Reject(error)) => Err(Refusal::Error(error)),
        Some(Verdict::Drop) => Err(Refusal::Silent),
        Some(Verdict::Absent) => Err(Refusal::Absent),
        None => Err(StanzaError::internal_server_error().into()),
    }
}

/// The handlers of a point while extensions are being installed.
pub(crate) struct Staged<P: Point> {
    pub(crate) guards: Vec<Entry<dyn Guard<P>>>,
    pub(crate) async_guards: Vec<Entry<dyn AsyncGuard<P>>>,
    pub(crate) maps: Vec<(Wish, Entry<dyn Map<P>>)>,
    pub(crate) records: Vec<(Select, Entry<dyn Record<P>>)>,
    pub(crate) copies: Vec<Entry<dyn Copies<P>>>,
    pub(crate) claims: Vec<(Wish, Select, Entry<dyn Claim<P>>)>,
    pub(crate) observers: Vec<Entry<dyn Observe<P>>>,
    pub(crate) reacts: Vec<Entry<dyn React<P>>>,
}

impl<P: Point> Default for Staged<P> {
    fn default() -> Self {
        Self {
            guards: Vec::new(),
            async_guards: Vec::new(),
            maps: Vec::new(),
            records: Vec::new(),
            copies: Vec::new(),
            claims: Vec::new(),
            observers: Vec::new(),
            reacts: Vec::new(),
        }
    }
}

/// A [`Staged`] of some point.
pub(crate) trait AnyStaged: Any {
    /// Orders the handlers.
    fn finish(self: Box<Self>) -> Result<(TypeId, Arc<dyn Any + Send + Sync>), InstallError>;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<P: Point> AnyStaged for Staged<P> {
    fn finish(self: Box<Self>) -> Result<(TypeId, Arc<dyn Any + Send + Sync>), InstallError> {
        let wishes: Vec<Wish> = self.maps.iter().map(|(wish, _)| wish.clone()).collect();
        let order = resolve(&format!("map at {}", P::NAME), &wishes, |_, _| true)?;
        let maps = pick(self.maps.into_iter().map(|(_, entry)| entry), &order);

        let wishes: Vec<Wish> = self.claims.iter().map(|(wish, ..)| wish.clone()).collect();
        let selects: Vec<Select> = self.claims.iter().map(|(_, select, _)| *select).collect();
        let order =
            resolve(&format!("claim at {}", P::NAME), &wishes, |a, b| selects[a].overlaps(selects[b]))?;
        let claims = pick(self.claims.into_iter().map(|(_, select, entry)| (select, entry)), &order);

        let hooks = Hooks {
            guards: self.guards,
            async_guards: self.async_guards,
            maps,
            recorded: self.records.iter().fold(Select::NONE, |all, (select, _)| all | *select),
            records: self.records,
            copies: self.copies,
            claimed: claims.iter().fold(Select::NONE, |all, (select, _)| all | *select),
            claims,
            observers: self.observers,
            reacts: self.reacts,
        };
        Ok((TypeId::of::<P>(), Arc::new(hooks)))
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

fn pick<T>(items: impl Iterator<Item = T>, order: &[usize]) -> Vec<T> {
    let mut items: Vec<Option<T>> = items.map(Some).collect();
    order.iter().filter_map(|&i| items[i].take()).collect()
}
