//! What does not arrive.

use async_trait::async_trait;
use stonechat_extension::point::ToAccount;
use stonechat_extension::{AsyncGuard, Cx, Verdict};
use stonechat_stanza::{Kind, Stanza, StanzaError, ns};

use super::Extension;
use super::book::Book;
use crate::Words;

/// Whether a stanza is one that words can keep away: a message of somebody else, with a text.
fn is_concerned(event: &ToAccount) -> bool {
    let stanza = &event.stanza;
    let is_message = matches!(stanza.kind(), Kind::Message(_)) && !stanza.kind().is_error();
    let is_own = stanza.from().is_none_or(|from| from.bare_str() == event.account.as_str());
    is_message && !is_own && stanza.has(ns::CLIENT, "body")
}

/// Whether one of the words is in one of the texts, of which a message may have several, in several languages.
fn is_muted(stanza: &Stanza, words: &Words) -> bool {
    let mut bodies = stanza.children().filter(|child| child.is(ns::CLIENT, "body"));
    bodies.any(|body| body.element().is_ok_and(|body| words.are_in(&body.text())))
}

impl Extension {
    fn judge(&self, stanza: &Stanza, words: &Words) -> Verdict {
        match (is_muted(stanza, words), self.config.tell_sender) {
            (false, _) => Verdict::Allow,
            (true, true) => Verdict::Reject(StanzaError::not_acceptable()),
            (true, false) => Verdict::Drop,
        }
    }
}

#[async_trait]
impl AsyncGuard<ToAccount> for Extension {
    fn at_once(&self, _: &Cx<'_>, event: &ToAccount) -> Option<Verdict> {
        if !is_concerned(event) {
            return Some(Verdict::Allow);
        }
        let words = Book::known(event.targets.first()?.account())?;
        Some(self.judge(&event.stanza, &words))
    }

    async fn guard(&self, cx: &Cx<'_>, event: &ToAccount) -> Verdict {
        let words = match event.targets.first() {
            Some(session) => {
                self.book.of(session.account()).await.map(|words| self.judge(&event.stanza, &words))
            }
            None => self.book.read(&event.account).await.map(|words| self.judge(&event.stanza, &words)),
        };
        // Closed: what cannot be judged does not pass.
        words.unwrap_or_else(|error| {
            tracing::error!(host = cx.domain(), account = %event.account, %error, "cannot tell what is muted");
            Verdict::Reject(StanzaError::internal_server_error())
        })
    }
}
