//! Answers to queries, and for the form (§4).

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::{Answer, AsyncAnswer, Cx, Reply, Request};
use stonechat_stanza::StanzaError;
use stonechat_store::Entry;

use super::Extension;
use super::page::{Told, result};
use super::plan::plan;
use super::preferences::own;
use crate::{Filter, Query};

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
