//! Forwarding loops between two components: who sends on what it gets, to somebody who does the same, sends the same for ever.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};
use std::time::Duration;

use stonechat_stanza::{Kind, Stanza, iq};
use tokio::time::Instant;

/// So many stanzas that say the same to the same address are sent in a [`WHILE`].
const MOST: u32 = 200;
/// The time for which they count.
const WHILE: Duration = Duration::from_secs(60);
/// So many different stanzas are remembered. Two that fall together forget each other, which costs a loop nothing but a moment, as it comes
/// again and again.
const PLACES: usize = 512;

/// What a component has sent to other components of late.
#[derive(Debug, Default)]
pub(super) struct Loops {
    /// None until there is need of it.
    seen: Vec<Seen>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    what: u64,
    count: u32,
    since: Instant,
}

impl Loops {
    /// Whether a stanza goes round in a circle: the same, but for its sender and id, was sent to the same address too often. Answers to
    /// requests never do, as nothing answers them.
    pub(super) fn is_one(&mut self, stanza: &Stanza, now: Instant) -> bool {
        if matches!(stanza.kind(), Kind::Iq(iq::Type::Result | iq::Type::Error)) {
            return false;
        }
        let what = self.fingerprint(stanza);
        if self.seen.is_empty() {
            self.seen = vec![Seen { what: 0, count: 0, since: now }; PLACES];
        }
        let seen = &mut self.seen[usize::try_from(what % PLACES as u64).unwrap_or(0)];
        if seen.what != what || now >= seen.since + WHILE {
            *seen = Seen { what, count: 0, since: now };
        }
        seen.count = seen.count.saturating_add(1);
        seen.count > MOST
    }

    fn fingerprint(&self, stanza: &Stanza) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        stanza.kind().hash(&mut hasher);
        let to = stanza.to();
        to.as_ref().map(|to| to.as_str()).hash(&mut hasher);
        stanza.payload_bytes().hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use stonechat_jid::Jid;
    use stonechat_stanza::message;

    use super::*;

    fn stanza(kind: Kind, text: &str, id: u32) -> Stanza {
        let mut stanza =
            Stanza::new(kind).with_to("x@sms.example".parse::<Jid>().unwrap()).with_id(&id.to_string());
        stanza.push_bytes(format!("<body>{text}</body>").as_bytes()).unwrap();
        stanza
    }

    #[test]
    fn what_says_the_same_again_and_again_is_a_loop_until_it_has_stopped_for_a_while() {
        let (mut loops, now) = (Loops::default(), Instant::now());
        let kind = Kind::Message(message::Type::Chat);
        let mut send = |id, now| loops.is_one(&stanza(kind, "hello", id), now);
        assert!((0..MOST).all(|id| !send(id, now)));
        assert!(send(MOST, now) && send(0, now + WHILE - Duration::from_millis(1)));
        assert!(!send(0, now + WHILE));
    }

    #[test]
    fn different_things_and_answers_to_requests_are_none() {
        let (mut loops, now) = (Loops::default(), Instant::now());
        for id in 0..3 * MOST {
            assert!(!loops.is_one(&stanza(Kind::Message(message::Type::Chat), &id.to_string(), 1), now));
            assert!(!loops.is_one(&stanza(Kind::Iq(iq::Type::Result), "same", id), now));
        }
    }
}
