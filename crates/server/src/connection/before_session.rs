//! Elements between the login and the session that extensions own, such as the wish to go on with an earlier session.

use std::sync::Arc;

use stonechat_extension::Begun;
use stonechat_extension::login::Proof;
use stonechat_stanza::Nonza;
use stonechat_stream::negotiation::server::Answer;

use super::guard::Guard;
use super::negotiate::Negotiator;

impl Negotiator<'_> {
    /// Has an element handled that negotiation does not know; `None` when the stream goes on as before, or is over.
    pub(super) async fn before_session(&mut self, nonza: &Nonza) -> Option<Guard> {
        let host = self.host.clone()?;
        let begun = match (&self.logged_in, nonza.element()) {
            (Some(login), Ok(element)) if login.proof != Proof::Anonymous => {
                host.before_session(&login.account, &element, login.peer).await
            }
            _ => None,
        };
        let (session, reply) = match begun {
            None => {
                self.machine.answer_nonza(Answer::Unsupported);
                return None;
            }
            Some(Begun::Replied(reply)) => {
                self.machine.answer_nonza(Answer::Reply(vec![reply]));
                return None;
            }
            Some(Begun::Session(session, reply)) => (session, reply),
        };
        let jid = session.jid().clone();
        // From here on the session is detached again whatever happens.
        let guard = Guard::new(Arc::clone(self.shared), host, session, false);
        self.machine.answer_nonza(Answer::Established { jid, reply: vec![reply] });
        self.begin_session(guard).await
    }
}
