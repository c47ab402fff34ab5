//! IQ requests that the host answers, for itself or for an account.

use std::net::IpAddr;
use std::sync::Arc;

use stonechat_jid::BareJid;
use stonechat_stanza::{Kind, Stanza, StanzaError, iq};

use super::Host;
use super::receive::refuse;
use crate::cx::{Cx, Effect, Outbox};
use crate::handler::Reply;
use crate::hooks::Refusal;
use crate::iq::{On, Request};
use crate::numbering::random;
use crate::session::Session;
use crate::tables::Tables;

impl Host {
    /// Answers a request to the host or to the bare JID of an account.
    pub(super) async fn answer(
        self: &Arc<Self>,
        tables: &Arc<Tables>,
        kind: iq::Type,
        stanza: Stanza,
        account: Option<BareJid>,
        out: &mut Outbox,
    ) {
        let asker = stanza.from().and_then(|from| {
            let ours = out.origin(from.as_str()).filter(|session| session.jid().domain() == self.domain());
            ours.cloned().or_else(|| self.session_of(from.as_str()))
        });
        let mut request = Request { on: On::of(account.as_ref(), &stanza), stanza, account };
        let mut cx = Cx::new(self, tables, asker.as_ref(), out);
        match tables.requests.judge(&cx, &request).await {
            Ok(()) => {}
            // The owner answers for somebody who is nobody, and cannot tell more than of an account that is not there.
            Err(Refusal::Absent) if request.account.is_some() => match self.nobody() {
                Some(nobody) => request.account = Some(nobody),
                None => return refuse(&mut cx, &request.stanza, Refusal::Absent),
            },
            Err(refusal) => return refuse(&mut cx, &request.stanza, refusal),
        }
        if tables.requests.may_be_wanted(&cx, &request) {
            let Some(back) = tables.requests.offer(&mut cx, request).await else { return };
            request = back;
        }
        let mark = cx.mark();
        let answer = tables.iq.answer(&mut cx, kind, &request).await;
        // What the handler sent because of the request follows the answer to it.
        if let Some(reply) = reply(&request, answer) {
            cx.insert(mark, Effect::Route(reply));
        }
    }

    /// An account that does not exist, as its name is 128 random bits.
    fn nobody(&self) -> Option<BareJid> {
        BareJid::from_parts(Some(&random()), self.domain()).ok()
    }

    /// Whether there is an account of that name.
    pub(super) async fn has_account(&self, account: &BareJid) -> Result<bool, StanzaError> {
        if self.table.get(account.as_str()).is_some() {
            return Ok(true);
        }
        self.accounts.exists(account).await.map_err(|error| {
            tracing::error!(host = %self.jid, %error, "cannot look an account up");
            StanzaError::internal_server_error()
        })
    }

    /// Answers a request that came before the client has authenticated, as registration does. `None` when it must
    /// not be answered; a request that no extension owns, or that is not for the host, gets `service-unavailable`.
    pub async fn iq_before_auth(self: &Arc<Self>, stanza: Stanza, peer: Option<IpAddr>) -> Option<Stanza> {
        let Kind::Iq(kind @ (iq::Type::Get | iq::Type::Set)) = stanza.kind() else {
            return None;
        };
        if let Some(defect) = stanza.defect() {
            return stanza.error_reply(&defect.into());
        }
        if stanza.to().is_some_and(|to| to.as_str() != self.domain()) {
            return stanza.error_reply(&StanzaError::service_unavailable());
        }
        let tables = self.tables();
        let mut out = Outbox::default();
        let request = Request { stanza, account: None, on: On::HOST };
        let mut cx = Cx::new(self, &tables, None, &mut out).at_peer(peer);
        let answer = tables.iq_before_auth.answer(&mut cx, kind, &request).await;
        self.drain(out).await;
        reply(&request, answer)
    }

    /// Has the owner of a request to an account of this host answer it, past the guards and claims of [`Request`]; `None` when there is
    /// nothing to answer. For an extension that has judged by itself whether the request is to be answered: `from` is believed, as is that the
    /// account exists.
    pub async fn answer_past_guards(self: &Arc<Self>, stanza: Stanza) -> Option<Stanza> {
        let Kind::Iq(kind @ (iq::Type::Get | iq::Type::Set)) = stanza.kind() else { return None };
        let account = stanza.to().map(|to| to.to_bare())?;
        let request = Request { on: On::of(Some(&account), &stanza), stanza, account: Some(account) };
        let tables = self.tables();
        let mut out = Outbox::default();
        let answer = tables.iq.answer(&mut Cx::new(self, &tables, None, &mut out), kind, &request).await;
        self.drain(out).await;
        reply(&request, answer)
    }

    /// The session with this full JID.
    pub(super) fn session_of(&self, full: &str) -> Option<Arc<Session>> {
        let (bare, _) = full.split_once('/')?;
        let account = self.table.get(bare)?;
        let sessions = account.sessions.read();
        sessions.iter().find(|session| session.jid().as_str() == full).cloned()
    }
}

fn reply(request: &Request, answer: Option<Result<Reply, StanzaError>>) -> Option<Stanza> {
    match answer {
        None => request.stanza.error_reply(&StanzaError::service_unavailable()),
        Some(Err(error)) => request.stanza.error_reply(&error),
        Some(Ok(Reply::Empty)) => Some(request.stanza.reply()),
        Some(Ok(Reply::Payload(payload))) => Some(request.stanza.reply().with_element(&payload)),
        Some(Ok(Reply::Sent)) => None,
    }
}
