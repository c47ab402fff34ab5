//! Requests that wait for their answers: by id and by whom was asked, with the time as an argument.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use stonechat_jid::{BareJid, FullJid, Jid};
use stonechat_stanza::{Kind, Stanza, StanzaError, iq};
use tokio::sync::oneshot;

use super::{Cx, RequestError, sender};
use crate::numbering::random;

/// So many requests wait at the same time.
pub const MOST_REQUESTS: usize = 1000;

/// What is called with an answer, in its place among all that comes.
pub(super) type Call = Box<dyn FnOnce(&mut Cx<'_>, Result<Stanza, RequestError>) + Send>;

/// Who gets an answer.
pub(super) enum Answered {
    /// A task, some time.
    Task(oneshot::Sender<Result<Stanza, RequestError>>),
    /// A handler, at once.
    Call(Call),
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Task(_) => "Task",
            Self::Call(_) => "Call",
        })
    }
}

/// A handler whose answer is here.
pub(super) type Due = (Call, Result<Stanza, RequestError>);

#[derive(Debug)]
struct Waiting {
    asked: Option<Jid>,
    until: Instant,
    /// How many connections had been lost when it was asked, or when it was last known not to have left.
    losses: u64,
    answer: Answered,
}

/// The requests that wait.
#[derive(Default)]
pub(super) struct Requests {
    waiting: HashMap<String, Waiting>,
    deadlines: BTreeSet<(Instant, String)>,
    losses: u64,
    due: VecDeque<Due>,
}

// What is due has no use for being shown.
impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl Requests {
    /// Gives the request an id that nobody can guess, and has it wait; `None` when too many do, which is told.
    pub(super) fn wait(
        &mut self,
        mut request: Stanza,
        timeout: Duration,
        now: Instant,
        answer: Answered,
    ) -> Option<Stanza> {
        if self.waiting.len() >= MOST_REQUESTS {
            self.forget_abandoned();
        }
        if self.waiting.len() >= MOST_REQUESTS {
            self.tell(answer, Err(RequestError::TooMany));
            return None;
        }
        let id = random();
        request.set_id(Some(&id));
        // A time that cannot be expressed is as good as a year.
        let until = now.checked_add(timeout).unwrap_or(now + Duration::from_secs(31_536_000));
        self.deadlines.insert((until, id.clone()));
        let asked = request.to().map(|to| to.to_jid());
        self.waiting.insert(id, Waiting { asked, until, losses: self.losses, answer });
        Some(request)
    }

    /// Gives an answer to who waits for it. An answer that nobody waits for, or that is from somebody else, is nobody's.
    pub(super) fn answer(&mut self, answer: &Stanza, account: &BareJid, session: Option<&FullJid>) {
        let Some(id) = answer.id() else { return };
        let fits =
            |waiting: &Waiting| sender::answers(waiting.asked.as_ref(), answer.from(), account, session);
        if !self.waiting.get(id).is_some_and(fits) {
            return;
        }
        let result = match answer.kind() {
            Kind::Iq(iq::Type::Error) => {
                Err(RequestError::Refused(answer.error().unwrap_or_else(StanzaError::undefined_condition)))
            }
            _ => Ok(answer.clone()),
        };
        self.end(id, result);
    }

    /// The request with this id did not leave.
    pub(super) fn not_sent(&mut self, id: &str, error: StanzaError) {
        self.end(id, Err(RequestError::NotSent(error)));
    }

    /// When the next one has waited long enough.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(until, _)| *until)
    }

    /// Tells those that have waited long enough.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((until, id)) = self.deadlines.first() {
            if *until > now {
                return;
            }
            self.end(&id.clone(), Err(RequestError::Timeout));
        }
    }

    /// A connection is lost. What is asked from here on waits for the next one.
    pub(super) fn connection_lost(&mut self) {
        self.losses += 1;
    }

    /// The request with this id, if it is one that waits, has not left: it does on the next connection.
    pub(super) fn has_not_left(&mut self, id: &str) {
        if let Some(waiting) = self.waiting.get_mut(id) {
            waiting.losses = self.losses;
        }
    }

    /// The session is not that of before the last loss: what was asked in that one has no answer any more.
    pub(super) fn session_lost(&mut self) {
        let asked_before =
            |(id, waiting): (&String, &Waiting)| (waiting.losses < self.losses).then(|| id.clone());
        let ids: Vec<String> = self.waiting.iter().filter_map(asked_before).collect();
        for id in ids {
            self.end(&id, Err(RequestError::Lost));
        }
    }

    /// Tells all that no answer will come.
    pub(super) fn end_all(&mut self, error: &RequestError) {
        self.deadlines.clear();
        for (_, waiting) in std::mem::take(&mut self.waiting) {
            self.tell(waiting.answer, Err(error.clone()));
        }
    }

    fn end(&mut self, id: &str, result: Result<Stanza, RequestError>) {
        if let Some(waiting) = self.waiting.remove(id) {
            self.deadlines.remove(&(waiting.until, id.to_owned()));
            self.tell(waiting.answer, result);
        }
    }

    /// The next handler whose answer is here.
    pub(super) fn next_due(&mut self) -> Option<Due> {
        self.due.pop_front()
    }

    fn tell(&mut self, answer: Answered, result: Result<Stanza, RequestError>) {
        match answer {
            // Who asked may have given up meanwhile.
            Answered::Task(task) => drop(task.send(result)),
            Answered::Call(call) => self.due.push_back((call, result)),
        }
    }

    fn forget_abandoned(&mut self) {
        let abandoned =
            |waiting: &Waiting| matches!(&waiting.answer, Answered::Task(task) if task.is_closed());
        let gone = |(id, waiting): (&String, &Waiting)| abandoned(waiting).then(|| id.clone());
        let ids: Vec<String> = self.waiting.iter().filter_map(gone).collect();
        for id in ids {
            self.end(&id, Err(RequestError::Closed));
        }
    }
}

/// Whether a stanza is a request that is answered.
pub(super) fn is_request(stanza: &Stanza) -> bool {
    matches!(stanza.kind(), Kind::Iq(iq::Type::Get | iq::Type::Set))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> BareJid {
        "juliet@example.com".parse().unwrap()
    }

    fn ask(
        requests: &mut Requests,
        to: &str,
        now: Instant,
    ) -> (Stanza, oneshot::Receiver<Result<Stanza, RequestError>>) {
        let (sender, receiver) = oneshot::channel();
        let request = Stanza::iq(iq::Type::Get).with_to(to.parse::<Jid>().unwrap());
        (requests.wait(request, Duration::from_secs(5), now, Answered::Task(sender)).unwrap(), receiver)
    }

    #[test]
    fn an_answer_of_somebody_else_is_none() {
        let mut requests = Requests::default();
        let (request, mut answer) = ask(&mut requests, "romeo@example.net/orchard", Instant::now());
        let result = request.reply();
        for forged in ["romeo@example.net", "eve@example.net/orchard", "example.com"] {
            requests.answer(&result.clone().with_from(forged.parse::<Jid>().unwrap()), &account(), None);
            assert!(answer.try_recv().is_err(), "{forged}");
        }
        requests.answer(&result, &account(), None);
        assert!(answer.try_recv().unwrap().is_ok());
        assert!(requests.deadline().is_none());
    }

    #[test]
    fn who_waits_too_long_is_told() {
        let mut requests = Requests::default();
        let now = Instant::now();
        let (_, mut first) = ask(&mut requests, "example.com", now);
        let (_, mut second) = ask(&mut requests, "example.com", now + Duration::from_secs(1));
        assert_eq!(requests.deadline(), Some(now + Duration::from_secs(5)));
        requests.expire(now + Duration::from_secs(5));
        assert!(matches!(first.try_recv().unwrap(), Err(RequestError::Timeout)));
        assert!(second.try_recv().is_err());
        requests.end_all(&RequestError::Lost);
        assert!(matches!(second.try_recv().unwrap(), Err(RequestError::Lost)));
    }

    #[test]
    fn what_has_left_is_lost_with_its_connection_and_what_has_not_waits_for_the_next() {
        let mut requests = Requests::default();
        let now = Instant::now();
        let (_, mut left) = ask(&mut requests, "example.com", now);
        let (waits, mut not_left) = ask(&mut requests, "example.com", now);
        requests.connection_lost();
        requests.has_not_left(waits.id().unwrap());
        requests.session_lost();
        assert!(matches!(left.try_recv().unwrap(), Err(RequestError::Lost)));
        assert!(not_left.try_recv().is_err());
        requests.expire(now + Duration::from_secs(5));
        assert!(matches!(not_left.try_recv().unwrap(), Err(RequestError::Timeout)));
    }

    #[test]
    fn no_more_wait_than_there_may_and_who_gives_up_makes_room() {
        let mut requests = Requests::default();
        let now = Instant::now();
        let mut receivers: Vec<_> =
            (0..MOST_REQUESTS).map(|_| ask(&mut requests, "example.com", now).1).collect();
        let (sender, mut refused) = oneshot::channel();
        assert!(
            requests.wait(Stanza::iq(iq::Type::Get), Duration::ZERO, now, Answered::Task(sender)).is_none()
        );
        assert!(matches!(refused.try_recv().unwrap(), Err(RequestError::TooMany)));
        receivers.pop();
        let _ = ask(&mut requests, "example.com", now);
    }
}
