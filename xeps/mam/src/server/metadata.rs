//! The bounds of an archive (§5), for who asks, and for who binds a session together with the login (XEP-0386 §3.2.1).

use async_trait::async_trait;
use stonechat_extension::login::{AtBind, Login};
use stonechat_extension::{AsyncAnswer, Cx, HandlerError, Reply, Request};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{Element, Payload as _, StanzaError};
use stonechat_store::{Entry, Error, Owner, Query};

use super::Extension;
use super::preferences::{failed, own};
use crate::{End, Metadata, Start};

impl Extension {
    /// The first and the last message that the account can ask for now.
    async fn bounds(&self, cx: &Cx<'_>, account: &BareJid) -> Result<Metadata, Error> {
        let owner = Owner::account(account.as_str());
        cx.host().journal().appended().await;
        let query = Query { start: self.config.cutoff(cx.now()), ..Query::default() }.limit(1);
        let first = self.archive.log.range(&owner, &query).await?.entries.pop();
        let last = self.archive.log.range(&owner, &query.backwards()).await?.entries.pop();
        let time = |entry: &Entry| DateTime::new(entry.at).to_millisecond();
        Ok(Metadata {
            start: first.map(|entry| Start { timestamp: time(&entry), id: entry.id }),
            end: last.map(|entry| End { timestamp: time(&entry), id: entry.id }),
        })
    }
}

#[async_trait]
impl AsyncAnswer<Metadata> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, _: Metadata) -> Result<Reply, StanzaError> {
        let bounds = self.bounds(cx, own(request)?).await;
        bounds.map(|bounds| Reply::with(&bounds)).map_err(|error| failed(cx, &HandlerError::from(error)))
    }
}

/// The client learns where its archive ends when its session is there already, so that what comes later comes to the session as well.
#[async_trait]
impl AtBind for Extension {
    async fn at_bind(
        &self,
        cx: &mut Cx<'_>,
        login: &Login,
        _: Option<&Element>,
    ) -> Result<Option<Element>, HandlerError> {
        Ok(Some(self.bounds(cx, &login.account).await?.to_element()))
    }
}
