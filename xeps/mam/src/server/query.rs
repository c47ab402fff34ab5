//! Answers to queries, for the form, and for the bounds of an archive (§4, §5).

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::{Answer, AsyncAnswer, Cx, HandlerError, Reply, Request};
use stonechat_stanza::StanzaError;
use stonechat_stanza::time::DateTime;
use stonechat_store::{Entry, Owner};

use super::Extension;
use super::page::{Told, result};
use super::plan::plan;
use super::preferences::{failed, own};
use crate::{End, Filter, Metadata, Query, Start};

/// §4.1.5.
impl Answer<Query> for Extension {
    fn answer(&self, _: &mut Cx<'_>, request: &Request, _: Query) -> Result<Reply, StanzaError> {
        own(request)?;
        Ok(Reply::with(&Query { form: Some(Filter::form()), ..Query::default() }))
    }
}

#[async_trait]
impl AsyncAnswer<Query> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, query: Query) -> Result<Reply, StanzaError> {
        let account = own(request)?;
        let session = Arc::clone(cx.session().ok_or_else(StanzaError::forbidden)?);
        if query.node.is_some() {
            return Err(StanzaError::item_not_found());
        }
        let filter = query.form.as_ref().map_or_else(|| Ok(Filter::default()), Filter::read)?;
        let cutoff = self.config.cutoff(cx.now());
        let plan = plan(filter, query.set.unwrap_or_default(), self.config.max_page, cutoff)?;
        cx.host().journal().appended().await;
        let page = self.archive.page(account, plan).await?;
        let told = |entry: &Entry| result(entry, query.queryid.as_deref(), account, session.jid());
        let mut results: Vec<_> = page.entries.iter().collect();
        if query.flip_page {
            results.reverse();
        }
        for entry in results {
            // At once, so that the answer comes after them (§4).
            if !cx.deliver(&session, told(entry)).await {
                return Err(StanzaError::resource_constraint().with_text("the results are not being read"));
            }
        }
        if !session.is_available() {
            session.state::<Told>().note(&page.entries);
        }
        Ok(Reply::with(&page.fin))
    }
}

/// §5.
#[async_trait]
impl AsyncAnswer<Metadata> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, _: Metadata) -> Result<Reply, StanzaError> {
        let owner = Owner::account(own(request)?.as_str());
        cx.host().journal().appended().await;
        let query = stonechat_store::Query { start: self.config.cutoff(cx.now()), ..one() };
        let first = self.archive.log.range(&owner, &query).await;
        let last = self.archive.log.range(&owner, &query.backwards()).await;
        let bound = |page: Result<stonechat_store::Page, _>| match page {
            Ok(page) => Ok(page.entries.into_iter().next()),
            Err(error) => Err(failed(cx, &HandlerError::from(error))),
        };
        let time = |entry: &Entry| DateTime::new(entry.at).to_millisecond();
        let (start, end) = (bound(first)?, bound(last)?);
        Ok(Reply::with(&Metadata {
            start: start.map(|entry| Start { timestamp: time(&entry), id: entry.id }),
            end: end.map(|entry| End { timestamp: time(&entry), id: entry.id }),
        }))
    }
}

fn one() -> stonechat_store::Query {
    stonechat_store::Query::default().limit(1)
}
