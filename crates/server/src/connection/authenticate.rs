//! Authentication by the profiles that extensions speak.

use std::sync::Arc;

use stonechat_extension::login::{Data, Failed, Proof, Speaker, Succeeded, Word};
use stonechat_extension::{Host, Phase};
use stonechat_jid::Jid;
use stonechat_stanza::{Element, Nonza};
use stonechat_stream::negotiation::server::Answer;
use stonechat_stream::{Features, StreamError, sasl};

use super::features;
use super::guard::Guard;
use super::link::after_login;
use super::negotiate::{Negotiator, Reached};
use crate::auth::{Authenticated, Progress, Spoken};

/// An authentication that is under way: who speaks for it.
#[derive(Debug)]
pub(super) struct Begun(Speaker);

/// An authentication that has succeeded and was not answered yet.
#[derive(Debug)]
pub(super) struct Proved {
    speaker: Speaker,
    authenticated: Authenticated,
}

impl Negotiator<'_> {
    /// Takes an element that negotiation does not know.
    pub(super) async fn nonza(&mut self, nonza: &Nonza) -> Option<Reached> {
        let begun = self.begun.take();
        let speaker = match &begun {
            Some(Begun(speaker)) => Some(speaker.clone()),
            // XEP-0388 §4.8: one authentication is all that there is.
            None if self.machine.account().is_some() => None,
            None => self.host.as_ref().and_then(|host| host.tables().login_profile(nonza.ns())),
        };
        let word = match (&speaker, nonza.element()) {
            (Some(speaker), Ok(element)) => speaker.read(&element).flatten(),
            _ => None,
        };
        let (Some(speaker), Some(word)) = (speaker, word) else {
            self.machine.answer_nonza(Answer::Unsupported);
            return None;
        };
        self.word(speaker, word, begun.is_some()).await
    }

    async fn word(
        &mut self,
        speaker: Speaker,
        word: Result<Word, Failed>,
        under_way: bool,
    ) -> Option<Reached> {
        let progress = match word {
            Ok(Word::Begin(_)) if under_way => {
                // XEP-0388 §2.4.
                self.machine.answer_nonza(Answer::Unsupported);
                return None;
            }
            Ok(Word::Begin(begin)) if self.login.is_encrypted() => {
                let named = self.machine.claimed().cloned();
                self.login.begin(*begin, Spoken::Profile { named }).await
            }
            Ok(Word::Begin(_)) => Progress::Failure(sasl::Condition::EncryptionRequired.into()),
            Ok(Word::Response(data)) => self.respond(&data, under_way).await,
            Ok(Word::Abort) => Progress::Failure(sasl::Condition::Aborted.into()),
            Err(failed) => return self.failed(&speaker, &failed),
        };
        match progress {
            Progress::Challenge(data) => {
                let challenge = speaker.challenge(&data);
                self.begun = Some(Begun(speaker));
                self.answer(challenge, |challenge| Answer::Challenge(vec![challenge]))
            }
            Progress::Failure(failure) => {
                let text = failure.text.map(|text| text.text);
                self.failed(&speaker, &Failed { condition: failure.condition.name(), text })
            }
            Progress::Success(authenticated) => {
                let authenticated = *authenticated;
                Some(Reached::LoggedIn(Box::new(Proved { speaker, authenticated })))
            }
        }
    }

    async fn respond(&mut self, data: &Data, under_way: bool) -> Progress {
        if under_way {
            self.login.respond(data).await
        } else {
            Progress::Failure(sasl::Condition::MalformedRequest.into())
        }
    }

    fn failed(&mut self, speaker: &Speaker, failed: &Failed) -> Option<Reached> {
        self.login.forget();
        self.answer(speaker.failure(failed), |failure| Answer::Failed(vec![failure]))
    }

    /// Answers with the element, or ends the stream if the profile has none to give.
    fn answer(
        &mut self,
        element: Option<Element>,
        answer: impl FnOnce(Element) -> Answer,
    ) -> Option<Reached> {
        match element {
            Some(element) => {
                self.machine.answer_nonza(answer(element));
                None
            }
            None => Some(self.end(StreamError::internal_server_error())),
        }
    }

    /// Does what the client wants done together with its login, and tells it. `None` when there is no session: the client has to bind
    /// a resource, or the stream is over.
    pub(super) async fn complete(&mut self, proved: Proved) -> Option<Guard> {
        let Proved { speaker, authenticated: Authenticated { login, data } } = proved;
        let Some(host) = self.host.clone() else {
            self.machine.error(StreamError::internal_server_error());
            return None;
        };
        let entered = host.enter(&login, self.mailbox()).await;
        let anonymous = login.proof == Proof::Anonymous;
        let guard = entered
            .session
            .clone()
            .map(|session| Guard::new(Arc::clone(self.shared), Arc::clone(&host), session, anonymous));
        let answers = host.welcome(&login, entered).await;
        let settled = settled(&answers);
        let account = login.account.clone();
        self.logged_in = Some(login);
        let jid = guard.as_ref().map(|guard| guard.session.jid().clone());
        let identity = jid.clone().map_or_else(|| Jid::from(account.clone()), Jid::from);
        let Some(success) = speaker.success(Succeeded { data, identity, answers }) else {
            self.machine.error(StreamError::internal_server_error());
            return None;
        };
        self.link.decoder.set_limits(after_login(self.config));
        match (guard, jid) {
            (Some(guard), Some(jid)) => {
                let reply = vec![success, self.session_features(&host, &settled)];
                self.machine.answer_nonza(Answer::Established { jid, reply });
                self.begin_session(guard).await
            }
            _ => {
                self.machine.answer_nonza(Answer::Authenticated { account, reply: vec![success] });
                None
            }
        }
    }

    /// What is offered to a session (XEP-0388 §2.6.1), but for what is settled.
    fn session_features(&self, host: &Arc<Host>, settled: &[String]) -> Element {
        let features = features::of(&host.tables(), Phase::AfterAuth, self.config);
        let open = features.into_iter().filter(|feature| !settled.contains(&feature.ns()));
        Features::from_iter(open).into_element()
    }
}

/// The namespaces of what was done together with the login: clients would take what is offered again for something to be done.
fn settled(answers: &[Element]) -> Vec<String> {
    let all = answers.iter().flat_map(|answer| std::iter::once(answer).chain(answer.children()));
    all.filter(|answer| answer.name() != "failed").map(Element::ns).collect()
}
