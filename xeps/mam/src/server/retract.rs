//! Looks for the message that is retracted, and puts a tombstone in its place (XEP-0424 §4).

use stonechat_stanza::{Stanza, ns};
use stonechat_store::{Batch, Entry, Error, Owner, Query};

use super::archive::{Archive, Row};
use crate::Retraction;

/// How many messages are in memory at a time.
const PAGE: u32 = 100;

impl Archive {
    /// Adds to the batch that archives a retraction what becomes of the message that it is about, if that is found.
    pub(super) async fn bury(
        &self,
        batch: Batch,
        row: &Row,
        retraction: &Retraction,
    ) -> Result<Batch, Error> {
        let author = Stanza::parse(&row.entry.value).ok();
        let Some(author) = author.as_ref().and_then(|message| Some(message.from()?.bare_str())) else {
            return Ok(batch);
        };
        let found = self.find(&row.owner, row.entry.peer.as_deref(), retraction, author).await?;
        let Some((entry, message)) = found else { return Ok(batch) };
        let Some(tombstone) = retraction.tombstone(&message, row.entry.at) else { return Ok(batch) };
        let mut bytes = Vec::new();
        tombstone.write_in(&mut bytes, ns::CLIENT);
        Ok(batch.replace_entry(&self.log, &row.owner, &entry.id, bytes))
    }

    /// The last message with the peer that the retraction is about.
    async fn find(
        &self,
        owner: &Owner,
        peer: Option<&str>,
        retraction: &Retraction,
        author: &str,
    ) -> Result<Option<(Entry, Stanza)>, Error> {
        let mut left = self.config.retraction_depth;
        let mut query = Query { peer: peer.map(str::to_owned), ..Query::default().backwards() };
        while left > 0 {
            query.limit = left.min(PAGE);
            let page = self.log.range(owner, &query).await?;
            let Some(first) = page.entries.first() else { break };
            query.before = vec![first.id.clone()];
            left = left.saturating_sub(u32::try_from(page.entries.len()).unwrap_or(PAGE));
            for entry in page.entries.into_iter().rev() {
                if let Ok(message) = Stanza::parse(&entry.value)
                    && retraction.is_about(&message, author)
                {
                    return Ok(Some((entry, message)));
                }
            }
            if page.complete {
                break;
            }
        }
        Ok(None)
    }
}
