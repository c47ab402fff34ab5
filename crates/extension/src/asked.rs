//! Requests that the host has sent and that wait for their answers.

use std::collections::HashMap;

use parking_lot::Mutex;
use stonechat_jid::Jid;
use stonechat_stanza::{Kind, Stanza, StanzaError, iq};
use tokio::sync::oneshot;

use crate::numbering::random;

/// So many requests wait at the same time.
const MOST: usize = 10_000;

/// What came of a request; see [`Host::ask`](crate::Host::ask).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answered {
    /// The result.
    Result(Stanza),
    /// An error: of whom was asked, or of a server on the way, this one among them.
    Error(StanzaError),
    /// Nothing came in time, or too many requests waited already.
    Nothing,
}

/// The requests that wait.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<HashMap<String, Waiting>>);

#[derive(Debug)]
struct Waiting {
    asker: Jid,
    asked: Jid,
    answer: oneshot::Sender<Stanza>,
}

/// A request that waits; it does no more when this is dropped.
#[derive(Debug)]
pub(crate) struct Wait<'a> {
    asked: &'a Asked,
    id: String,
    answer: oneshot::Receiver<Stanza>,
}

impl Asked {
    /// Gives a request an id that nobody can guess, and has it wait. `None` when it is none, or too many wait.
    pub(crate) fn wait_for(&self, request: &mut Stanza) -> Option<Wait<'_>> {
        let (asker, asked) = (request.from()?.to_jid(), request.to()?.to_jid());
        let id = random();
        request.set_id(Some(&id));
        let mut waiting = self.0.lock();
        if waiting.len() >= MOST {
            return None;
        }
        let (sender, answer) = oneshot::channel();
        waiting.insert(id.clone(), Waiting { asker, asked, answer: sender });
        Some(Wait { asked: self, id, answer })
    }

    /// Whether a stanza is the answer to a request that waits; that one has it then. Only who was asked can answer.
    pub(crate) fn take(&self, stanza: &Stanza) -> bool {
        let Kind::Iq(iq::Type::Result | iq::Type::Error) = stanza.kind() else { return false };
        let (Some(id), Some(from), Some(to)) = (stanza.id(), stanza.from(), stanza.to()) else {
            return false;
        };
        let mut waiting = self.0.lock();
        let fits =
            |wait: &Waiting| wait.asked.as_str() == from.as_str() && wait.asker.as_str() == to.as_str();
        if !waiting.get(id).is_some_and(fits) {
            return false;
        }
        let Some(wait) = waiting.remove(id) else { return false };
        // Who asked may have given up just now.
        let _ = wait.answer.send(stanza.clone());
        true
    }
}

impl Wait<'_> {
    /// Waits for the answer.
    pub(crate) async fn answer(&mut self) -> Answered {
        match (&mut self.answer).await {
            Ok(stanza) => match stanza.error() {
                Some(error) => Answered::Error(error),
                None => Answered::Result(stanza),
            },
            Err(_) => Answered::Nothing,
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.asked.0.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Stanza {
        Stanza::iq(iq::Type::Set)
            .with_from("example.org".parse::<Jid>().unwrap())
            .with_to("push.example.net".parse::<Jid>().unwrap())
    }

    #[tokio::test]
    async fn only_who_was_asked_answers_and_only_once() {
        let asked = Asked::default();
        let mut request = request();
        let mut wait = asked.wait_for(&mut request).unwrap();
        let answer = request.reply();
        for forged in [
            answer.clone().with_from("evil.example.net".parse::<Jid>().unwrap()),
            answer.clone().with_to("a@example.org".parse::<Jid>().unwrap()),
            answer.clone().with_id("1"),
            request.clone(),
        ] {
            assert!(!asked.take(&forged), "{forged}");
        }
        assert!(asked.take(&answer) && !asked.take(&answer));
        assert!(matches!(wait.answer().await, Answered::Result(_)));
    }

    #[test]
    fn no_more_wait_than_there_may_and_who_gives_up_makes_room() {
        let asked = Asked::default();
        let mut waits: Vec<_> = (0..MOST).map(|_| asked.wait_for(&mut request()).unwrap()).collect();
        assert!(asked.wait_for(&mut request()).is_none());
        waits.pop();
        assert!(asked.wait_for(&mut request()).is_some());
        drop(waits);
        assert!(asked.0.lock().is_empty());
    }
}
