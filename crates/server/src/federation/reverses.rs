//! Which streams of other servers can be sent on.

use std::collections::HashMap;
use std::sync::Arc;

use stonechat_stream::dialback::Pair;

use super::Federation;
use super::flight::Needs;
use super::link::Link;
use super::reverse::{Readiness, Reverse};
use crate::config::Policy;

/// By the pair that is sent, the oldest first. Bounded by the streams that there are, each of which has one.
#[derive(Debug, Default)]
pub(super) struct Reverses(HashMap<Pair, Vec<Arc<Reverse>>>);

/// What is to be done to send.
#[derive(Debug)]
pub(super) enum Choice<T> {
    /// This can be used.
    Use(T),
    /// One may be usable soon.
    Wait,
    /// Nothing is there.
    Dial,
}

impl Reverses {
    pub(super) fn add(&mut self, reverse: &Arc<Reverse>) {
        self.0.entry(reverse.pair.clone()).or_default().push(Arc::clone(reverse));
    }

    pub(super) fn remove(&mut self, reverse: &Arc<Reverse>) {
        let Some(those) = self.0.get_mut(&reverse.pair) else { return };
        those.retain(|other| !Arc::ptr_eq(other, reverse));
        if those.is_empty() {
            self.0.remove(&reverse.pair);
        }
    }
}

/// The newest that will do, of those that there are, the oldest first: what goes on with a stream does so on one that does.
fn choose<T>(needs: &Needs<'_>, all: impl DoubleEndedIterator<Item = (T, Readiness)>) -> Choice<T> {
    let mut choice = Choice::Dial;
    for (one, readiness) in all.rev() {
        match readiness {
            Readiness::Ready(id) if needs.are_met_by(id.as_deref()) => return Choice::Use(one),
            Readiness::Soon => choice = Choice::Wait,
            Readiness::Ready(_) | Readiness::Spent => {}
        }
    }
    choice
}

impl Federation {
    /// On which stream of the other server the pair can be sent.
    pub(super) fn choose(&self, pair: &Pair, needs: &Needs<'_>) -> Choice<Arc<Reverse>> {
        let policy = self.settings.load().federation.policy_for(pair.target.as_str());
        let links = self.links.lock();
        let all = links.reverses.0.get(pair).into_iter().flatten();
        let all = all.filter(|reverse| is_enough(policy, reverse.is_certified));
        choose(needs, all.map(|reverse| (Arc::clone(reverse), reverse.readiness())))
    }

    /// Whether there is a stream of the other server that can be sent on, whatever it goes on with.
    pub(super) fn can_use_theirs(&self, link: &Link) -> bool {
        matches!(self.choose(&link.pair, &Needs::Any), Choice::Use(_))
    }

    /// Whether the policy for a domain is satisfied with a stream, as it is now.
    pub(super) fn trusts(&self, domain: &str, is_certified: bool) -> bool {
        let policy = self.settings.load().federation.policy_for(domain);
        is_enough(policy, is_certified)
    }

    /// A link is to look again what there is for it to send on.
    pub(super) fn reverse_changed(&self, pair: &Pair, is_ready: bool) {
        let link = self.links.lock().find(pair.sender.as_str(), pair.target.as_str());
        if let Some(link) = link {
            link.look_again(is_ready);
        }
    }
}

/// Whether a policy is satisfied with a stream on which the other server has shown a good certificate, or has not.
fn is_enough(policy: Policy, is_certified: bool) -> bool {
    match policy {
        Policy::Certificate => is_certified,
        Policy::Dialback => true,
        Policy::Refuse => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(id: &str) -> Readiness {
        Readiness::Ready(Some(id.to_owned()))
    }

    #[test]
    fn the_newest_that_will_do_is_used_and_one_that_may_soon_is_waited_for() {
        let choose =
            |needs: Needs<'_>, all: &[Readiness]| match choose(&needs, all.iter().cloned().enumerate()) {
                Choice::Use(at) => format!("use {at}"),
                Choice::Wait => "wait".to_owned(),
                Choice::Dial => "dial".to_owned(),
            };
        let cases: &[(Needs<'_>, &[Readiness], &str)] = &[
            (Needs::Any, &[], "dial"),
            (Needs::Any, &[ready("a"), Readiness::Ready(None)], "use 1"),
            (Needs::Any, &[ready("a"), Readiness::Soon], "use 0"),
            (Needs::Any, &[Readiness::Soon, Readiness::Spent], "wait"),
            (Needs::Any, &[Readiness::Spent], "dial"),
            (Needs::Stream("a"), &[ready("a"), ready("b")], "use 0"),
            (Needs::Stream("a"), &[ready("b"), Readiness::Ready(None)], "dial"),
            (Needs::Stream("a"), &[Readiness::Soon, ready("b")], "wait"),
        ];
        for (needs, all, expected) in cases {
            assert_eq!(choose(*needs, all), *expected, "{needs:?} {all:?}");
        }
    }

    #[test]
    fn a_stream_that_would_not_be_let_in_is_not_sent_on() {
        assert!(is_enough(Policy::Certificate, true) && !is_enough(Policy::Certificate, false));
        assert!(is_enough(Policy::Dialback, false) && !is_enough(Policy::Refuse, true));
    }
}
