//! The handlers of one point of a client, and the rules by which they run.

use std::any::{Any, TypeId};
use std::sync::Arc;

use stonechat_stanza::StanzaError;

use super::{Cx, Guard, Map, Observe, React};
use crate::hooks::{AnyStaged, Entry};
use crate::order::{Wish, resolve};
use crate::point::Point;
use crate::{InstallError, Verdict};

/// What installed extensions do at point `P`, in the order in which it is done.
pub(super) struct Hooks<P: Point> {
    guards: Vec<Entry<dyn Guard<P>>>,
    maps: Vec<Entry<dyn Map<P>>>,
    observers: Vec<Entry<dyn Observe<P>>>,
    reacts: Vec<Entry<dyn React<P>>>,
}

impl<P: Point> Default for Hooks<P> {
    fn default() -> Self {
        Self { guards: Vec::new(), maps: Vec::new(), observers: Vec::new(), reacts: Vec::new() }
    }
}

impl<P: Point> Hooks<P> {
    /// Asks the guards, then applies the maps. `Err(None)` when it is refused without a word.
    pub(super) fn admit(&self, cx: &Cx<'_>, event: &mut P) -> Result<(), Option<StanzaError>> {
        let failed = || Some(StanzaError::internal_server_error());
        for Entry { source, handler } in &self.guards {
            match source.run("guard", P::NAME, || handler.guard(cx, event)) {
                Some(Verdict::Allow) => {}
                Some(Verdict::Reject(error)) => return Err(Some(error)),
                Some(Verdict::Drop) => return Err(None),
                Some(Verdict::Absent) => return Err(Some(StanzaError::service_unavailable())),
                None => return Err(failed()),
            }
        }
        for Entry { source, handler } in &self.maps {
            match source.run("map", P::NAME, || handler.map(cx, event)) {
                Some(Ok(())) => {}
                Some(Err(error)) => return Err(Some(error)),
                None => return Err(failed()),
            }
        }
        Ok(())
    }

    /// Lets the observers look.
    pub(super) fn observe(&self, cx: &mut Cx<'_>, event: &P) {
        for Entry { source, handler } in &self.observers {
            let _seen = source.run("observe", P::NAME, || handler.observe(cx, event));
        }
    }

    /// Has the reactions done.
    pub(super) fn react(&self, cx: &mut Cx<'_>, event: &P) {
        for Entry { source, handler } in &self.reacts {
            if let Some(Err(error)) = source.run("react", P::NAME, || handler.react(cx, event)) {
                source.failed("react", P::NAME, &error.to_string());
            }
        }
    }
}

/// The handlers of a point while extensions are being installed.
pub(super) struct Staged<P: Point> {
    pub(super) guards: Vec<Entry<dyn Guard<P>>>,
    pub(super) maps: Vec<(Wish, Entry<dyn Map<P>>)>,
    pub(super) observers: Vec<Entry<dyn Observe<P>>>,
    pub(super) reacts: Vec<Entry<dyn React<P>>>,
}

impl<P: Point> Default for Staged<P> {
    fn default() -> Self {
        Self { guards: Vec::new(), maps: Vec::new(), observers: Vec::new(), reacts: Vec::new() }
    }
}

impl<P: Point> AnyStaged for Staged<P> {
    fn finish(self: Box<Self>) -> Result<(TypeId, Arc<dyn Any + Send + Sync>), InstallError> {
        let wishes: Vec<Wish> = self.maps.iter().map(|(wish, _)| wish.clone()).collect();
        let order = resolve(&format!("map at {}", P::NAME), &wishes, |_, _| true)?;
        let mut maps: Vec<_> = self.maps.into_iter().map(|(_, entry)| Some(entry)).collect();
        let maps = order.iter().filter_map(|&at| maps[at].take()).collect();
        let hooks = Hooks { guards: self.guards, maps, observers: self.observers, reacts: self.reacts };
        Ok((TypeId::of::<P>(), Arc::new(hooks)))
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
