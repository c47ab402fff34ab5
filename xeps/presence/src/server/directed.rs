//! Directed presence (RFC 6121 §4.6): to whom a session has shown itself who is not subscribed.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use stonechat_extension::{Session, SessionState};
use stonechat_stanza::jid::{Jid, JidRef};
use stonechat_stanza::{Stanza, StanzaError, presence};

use super::Extension;

/// The entities that a session has sent directed presence to and that have not been told of its end.
#[derive(Debug, Default)]
pub(super) struct Directed(Mutex<BTreeSet<Jid>>);

impl SessionState for Directed {
    const NAME: &'static str = "directed-presence";

    /// One to a line, as no address has a line break in it.
    fn save(&self) -> Option<String> {
        let entities = self.0.lock();
        let lines: Vec<&str> = entities.iter().map(Jid::as_str).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    fn restore(session: &Session, saved: &str) {
        *session.state::<Self>().0.lock() = saved.lines().filter_map(|line| line.parse().ok()).collect();
    }
}

/// There are as many as there may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl Directed {
    fn add(&self, entity: JidRef<'_>, most: usize) -> Result<(), TooMany> {
        let mut entities = self.0.lock();
        if entities.contains(entity.as_str()) {
            return Ok(());
        }
        if entities.len() >= most {
            return Err(TooMany);
        }
        entities.insert(entity.to_jid());
        Ok(())
    }

    /// Forgets an entity; with a bare JID, all of its resources too.
    pub(super) fn remove(&self, entity: JidRef<'_>) {
        let mut entities = self.0.lock();
        if entity.is_full() {
            entities.remove(entity.as_str());
        } else {
            entities.retain(|other| other.bare_str() != entity.as_str());
        }
    }

    /// Whether directed presence went to this entity, its account or room, or anybody in it.
    pub(super) fn covers(&self, entity: JidRef<'_>) -> bool {
        let bare = entity.bare_str();
        self.0.lock().iter().any(|other| other.bare_str() == bare)
    }

    /// All of them.
    pub(super) fn all(&self) -> BTreeSet<Jid> {
        self.0.lock().clone()
    }

    /// All of them, who are forgotten.
    pub(super) fn take(&self) -> BTreeSet<Jid> {
        std::mem::take(&mut self.0.lock())
    }
}

impl Extension {
    /// Notes where directed presence goes (§4.6.3). It is delivered like any stanza.
    pub(super) fn directed(
        &self,
        session: &Session,
        kind: presence::Type,
        stanza: &Stanza,
    ) -> Result<(), StanzaError> {
        let Some(to) = stanza.to() else { return Ok(()) };
        let account = session.account();
        if kind == presence::Type::Unavailable {
            if let Some(directed) = session.state_if_any::<Directed>() {
                directed.remove(to);
            }
            return Ok(());
        }
        let subscribed = || {
            let roster = self.roster.cached(account);
            roster.is_some_and(|roster| roster.subscription(to.bare_str()).is_from())
        };
        // Rule 1: a subscriber gets the broadcast of the session's end, once the session is available.
        if to.bare_str() == account.jid().as_str() || (session.is_available() && subscribed()) {
            return Ok(());
        }
        session.state::<Directed>().add(to, self.config.directed).map_err(|TooMany| {
            StanzaError::resource_constraint().with_text("presence was sent to too many entities")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(text: &str) -> Jid {
        text.parse().expect("an address")
    }

    #[test]
    fn the_list_is_bounded_and_takes_nobody_twice() {
        let directed = Directed::default();
        for _ in 0..3 {
            assert_eq!(directed.add(jid("room@muc/me").as_jid_ref(), 1), Ok(()));
        }
        assert_eq!(directed.add(jid("b@c").as_jid_ref(), 1), Err(TooMany));
        directed.remove(jid("room@muc/me").as_jid_ref());
        assert_eq!(directed.add(jid("b@c").as_jid_ref(), 1), Ok(()));
    }

    #[test]
    fn a_bare_address_stands_for_all_its_resources() {
        let directed = Directed::default();
        directed.add(jid("b@c/1").as_jid_ref(), 9).unwrap();
        directed.add(jid("b@c/2").as_jid_ref(), 9).unwrap();
        assert!(directed.covers(jid("b@c").as_jid_ref()) && directed.covers(jid("b@c/3").as_jid_ref()));
        directed.remove(jid("b@c/3").as_jid_ref());
        directed.remove(jid("b@c").as_jid_ref());
        assert!(!directed.covers(jid("b@c/1").as_jid_ref()));
        assert!(directed.take().is_empty());
    }
}
