//! Who may reach an account, and whom it may reach (XEP-0191 §3.3).

use async_trait::async_trait;
use stonechat_extension::point::{FromAccount, FromClient, ToAccount, ToSession};
use stonechat_extension::{AsyncGuard, Cx, Guard, On, Request, Verdict};
use stonechat_stanza::error::Kind as ErrorKind;
use stonechat_stanza::jid::{BareJid, JidRef};
use stonechat_stanza::{Kind, Payload as _, StanzaError, iq};

use super::{Extension, shelf};
use crate::{Blocked, List};

/// Whether an address is one that an account cannot block: its own, or its host's (§5, note 1).
fn is_home(jid: JidRef<'_>, owner: &str, domain: &str) -> bool {
    jid.bare_str() == owner || (jid.local().is_none() && jid.domain() == domain)
}

/// What becomes of a stanza from a blocked address: the sender of a message or request gets what it would get if there were no such
/// account; presence is never answered, not even as it would be then.
const fn inbound(kind: Kind) -> Verdict {
    match kind {
        Kind::Presence(_) => Verdict::Drop,
        Kind::Message(_) | Kind::Iq(_) => Verdict::Absent,
    }
}

fn blocked() -> StanzaError {
    StanzaError::not_acceptable().with_kind(ErrorKind::Cancel).with_application(Blocked.to_element())
}

/// Errors and results in the name of an account are the core's, or answers to what was allowed. A client's come by another way.
const fn is_answer(kind: Kind) -> bool {
    kind.is_error() || matches!(kind, Kind::Iq(iq::Type::Result))
}

impl Extension {
    /// Judges with a list that has to be read. Nothing passes while it cannot be.
    async fn judge(
        &self,
        cx: &Cx<'_>,
        owner: &BareJid,
        judge: impl FnOnce(&List) -> Verdict + Send,
    ) -> Verdict {
        match self.book.list(cx.host(), owner).await {
            Ok(list) => judge(&list),
            Err(error) => {
                tracing::error!(host = cx.domain(), account = %owner, %error, "cannot tell whom an account has blocked");
                Verdict::Reject(StanzaError::internal_server_error())
            }
        }
    }
}

/// What `otherwise` says of an address that the list covers. Most lists are empty, so that is looked at first.
fn unless_covered(list: &List, jid: JidRef<'_>, otherwise: impl FnOnce() -> Verdict) -> Verdict {
    if list.covers(jid) { otherwise() } else { Verdict::Allow }
}

fn to_account(event: &ToAccount, list: &List) -> Verdict {
    let covered = event.stanza.from().is_some_and(|from| list.covers(from));
    if covered { inbound(event.stanza.kind()) } else { Verdict::Allow }
}

/// What arrives.
#[async_trait]
impl AsyncGuard<ToAccount> for Extension {
    fn at_once(&self, cx: &Cx<'_>, event: &ToAccount) -> Option<Verdict> {
        let from = event.stanza.from()?;
        let home = || is_home(from, event.account.as_str(), cx.domain()).then_some(Verdict::Allow);
        let judge =
            |list: &List| unless_covered(list, from, || home().unwrap_or(inbound(event.stanza.kind())));
        let judged = match event.targets.first() {
            Some(target) => shelf::look_at(target.account(), judge),
            None => self.book.known(cx.host(), &event.account).as_deref().map(judge),
        };
        judged.or_else(home)
    }

    async fn guard(&self, cx: &Cx<'_>, event: &ToAccount) -> Verdict {
        self.judge(cx, &event.account, |list| to_account(event, list)).await
    }
}

fn request(event: &Request, list: &List) -> Verdict {
    let covered = event.stanza.from().is_some_and(|from| list.covers(from));
    if covered { Verdict::Absent } else { Verdict::Allow }
}

/// Requests that the account's server answers for it.
#[async_trait]
impl AsyncGuard<Request> for Extension {
    fn at_once(&self, cx: &Cx<'_>, event: &Request) -> Option<Verdict> {
        let Some(account) = event.account.as_ref().filter(|_| event.on == On::OTHER_ACCOUNT) else {
            return Some(Verdict::Allow);
        };
        if event.stanza.from().is_none_or(|from| is_home(from, account.as_str(), cx.domain())) {
            return Some(Verdict::Allow);
        }
        self.book.known(cx.host(), account).map(|list| request(event, &list))
    }

    async fn guard(&self, cx: &Cx<'_>, event: &Request) -> Verdict {
        match &event.account {
            Some(account) => self.judge(cx, account, |list| request(event, list)).await,
            None => Verdict::Allow,
        }
    }
}

fn from_client(event: &FromClient, list: &List) -> Verdict {
    let covered = event.stanza.to().is_some_and(|to| list.covers(to));
    if covered { Verdict::Reject(blocked()) } else { Verdict::Allow }
}

/// What a client sends.
#[async_trait]
impl AsyncGuard<FromClient> for Extension {
    fn at_once(&self, cx: &Cx<'_>, event: &FromClient) -> Option<Verdict> {
        let (Some(to), Some(session)) = (event.stanza.to(), cx.session()) else {
            return Some(Verdict::Allow);
        };
        let home = || is_home(to, session.account().jid().as_str(), cx.domain()).then_some(Verdict::Allow);
        let refuse = || home().unwrap_or_else(|| Verdict::Reject(blocked()));
        shelf::look_at(session.account(), |list| unless_covered(list, to, refuse)).or_else(home)
    }

    async fn guard(&self, cx: &Cx<'_>, event: &FromClient) -> Verdict {
        match cx.session() {
            Some(session) => self.judge(cx, session.account().jid(), |list| from_client(event, list)).await,
            None => Verdict::Allow,
        }
    }
}

fn from_account(event: &FromAccount, list: &List) -> Verdict {
    let covered = event.stanza.to().is_some_and(|to| list.covers(to));
    if covered { Verdict::Drop } else { Verdict::Allow }
}

/// What is sent in the account's name. Nobody waits for word of it.
#[async_trait]
impl AsyncGuard<FromAccount> for Extension {
    fn at_once(&self, cx: &Cx<'_>, event: &FromAccount) -> Option<Verdict> {
        if is_answer(event.stanza.kind()) {
            return Some(Verdict::Allow);
        }
        let (from, to) = (event.stanza.from()?, event.stanza.to()?);
        if is_home(to, from.bare_str(), cx.domain()) {
            return Some(Verdict::Allow);
        }
        let judge = |list: &List| from_account(event, list);
        match cx.session() {
            Some(session) => shelf::look_at(session.account(), judge),
            None => self.book.known(cx.host(), &from.to_bare()).as_deref().map(judge),
        }
    }

    async fn guard(&self, cx: &Cx<'_>, event: &FromAccount) -> Verdict {
        match event.stanza.from().map(|from| from.to_bare()) {
            Some(owner) => self.judge(cx, &owner, |list| from_account(event, list)).await,
            None => Verdict::Allow,
        }
    }
}

/// What had got further before the block: stored messages, requests that wait for an answer. A list that is not known is one of an account
/// that has just come, and gets nothing of that sort yet. Errors are the server's own, as those of others have not come this far.
impl Guard<ToSession> for Extension {
    fn guard(&self, cx: &Cx<'_>, event: &ToSession) -> Verdict {
        let (Some(session), Some(from)) = (cx.session(), event.stanza.from()) else { return Verdict::Allow };
        if event.stanza.kind().is_error() {
            return Verdict::Allow;
        }
        let account = session.account();
        let is_foreign = || !is_home(from, account.jid().as_str(), cx.domain());
        let covered = shelf::look_at(account, |list| list.covers(from) && is_foreign());
        if covered == Some(true) { Verdict::Drop } else { Verdict::Allow }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stonechat_stanza::jid::Jid;

    #[test]
    fn an_account_cannot_block_itself_or_its_host() {
        let home =
            |jid: &str| is_home(jid.parse::<Jid>().unwrap().as_jid_ref(), "a@example.org", "example.org");
        for jid in ["a@example.org", "a@example.org/1", "example.org", "example.org/x"] {
            assert!(home(jid), "{jid}");
        }
        for jid in ["b@example.org", "muc.example.org", "a@example.net"] {
            assert!(!home(jid), "{jid}");
        }
    }
}
