//! Requests in the name of accounts.

use std::sync::Arc;
use std::time::Duration;

use stonechat_extension::{Answered, Host};
use stonechat_stanza::forward::Forwarded;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Stanza, StanzaError, iq};
use stonechat_xep_roster::Query;

use super::Extension;
use crate::Privilege;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

impl Extension {
    /// Answers a request for an account's roster (§4.3); `None` when there is nothing to answer.
    pub(super) async fn roster(
        &self,
        host: &Arc<Host>,
        kind: iq::Type,
        account: &BareJid,
        request: &Stanza,
    ) -> Result<Option<Stanza>, StanzaError> {
        if kind == iq::Type::Get {
            let roster = self.roster.load(host, account).await?;
            let items = roster.items().map(|(jid, contact)| contact.item(jid)).collect();
            return Ok(Some(request.reply().with(&Query { ver: None, items })));
        }
        // The rules of changes are the roster's, and who has changed it is nobody's business.
        let own = request.clone().with_from(Jid::from(account.clone()));
        let mut reply = host.answer_past_guards(own).await;
        if let Some(reply) = &mut reply {
            reply.set_to(request.from().map(|from| from.to_jid()));
        }
        Ok(reply)
    }

    /// Sends a request in the name of an account, and its answer to the component that has asked for it by `outer` (§6.3).
    ///
    /// # Errors
    /// Too many requests wait for their answers.
    pub(super) fn ask(&self, host: &Arc<Host>, outer: Stanza, request: Stanza) -> Result<(), StanzaError> {
        let permit = Arc::clone(&self.requests).try_acquire_owned();
        let permit = permit.map_err(|_| StanzaError::resource_constraint())?;
        let host = Arc::clone(host);
        tokio::spawn(async move {
            let answer = match host.ask(request.clone(), PATIENCE).await {
                Answered::Result(answer) => Some(answer.with_id(request.id().unwrap_or_default())),
                Answered::Error(error) => request.error_reply(&error),
                _ => request.error_reply(&StanzaError::remote_server_timeout()),
            };
            drop(permit);
            let Some(answer) = answer else { return };
            let forwarded = Privilege { perms: Vec::new(), forwarded: Some(Forwarded::new(answer)) };
            host.send(outer.reply().with(&forwarded)).await;
        });
        Ok(())
    }
}
