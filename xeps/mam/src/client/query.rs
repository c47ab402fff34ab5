//! Queries under way, and the results that come for them.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_extension::client::{
    Expected, Handle, Inbound, Query as Request, RequestError, Sender, new_id,
};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{ParseError, Stanza, iq, rsm};

use crate::{Archived, Filter, Fin, Metadata, Query};

/// So many messages of a page are taken where the query names no limit.
const MOST: usize = 1000;

/// A message of an archive.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id in the archive.
    pub id: String,
    /// When it was archived.
    pub at: Option<DateTime>,
    /// The message as it was received or sent.
    pub message: Stanza,
}

/// A page of an archive (§4.3).
#[derive(Debug, Clone)]
pub struct Page {
    /// The messages, the oldest first.
    pub messages: Vec<Message>,
    /// Whether nothing is left in the direction of the query.
    pub complete: bool,
    /// Whether a later query would give the same.
    pub stable: bool,
    /// The ids of the first and last message, by which one asks for further pages, and how many there are, where that is known.
    pub set: rsm::Response,
}

impl Request for Query {
    const KIND: iq::Type = iq::Type::Set;
    type Answer = Fin;

    fn read(result: &Stanza) -> Result<Fin, ParseError> {
        result.get()?.ok_or_else(|| ParseError::missing_child("iq", "fin"))
    }
}

impl Request for Metadata {
    const KIND: iq::Type = iq::Type::Get;
    type Answer = Self;

    fn read(result: &Stanza) -> Result<Self, ParseError> {
        result.get()?.ok_or_else(|| ParseError::missing_child("iq", "metadata"))
    }
}

/// Whom a query was sent to, and what becomes of its results.
#[derive(Debug)]
enum Pending {
    /// They are collected.
    Page { archive: Option<Jid>, most: usize, messages: Vec<Message> },
    /// They are told as they come.
    Sync,
}

type Table = Arc<Mutex<HashMap<String, Pending>>>;

/// The queries under way, by their ids.
#[derive(Debug)]
pub(super) struct Queries {
    table: Table,
    expected: Expected,
}

/// While this exists, results of the query are taken.
struct Open {
    table: Table,
    id: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.table.lock().remove(&self.id);
    }
}

impl Queries {
    pub(super) fn new(expected: Expected) -> Self {
        Self { table: Table::default(), expected }
    }

    fn open(&self, pending: Pending) -> Open {
        let id = new_id();
        self.table.lock().insert(id.clone(), pending);
        Open { table: Arc::clone(&self.table), id }
    }

    /// Takes a result. Where it is for catching up, it is given back; where nobody has asked this archive for it, it is dropped.
    pub(super) fn result(&self, message: &Inbound, result: Archived) -> Option<Message> {
        let mut table = self.table.lock();
        let Some(pending) = result.queryid.as_ref().and_then(|id| table.get_mut(id)) else {
            tracing::warn!("a result that was not asked for");
            return None;
        };
        let found = Message {
            id: result.id,
            at: result.forwarded.delay.map(|delay| delay.stamp),
            message: result.forwarded.stanza,
        };
        match pending {
            Pending::Sync if message.sender == Sender::Account => return Some(found),
            Pending::Page { archive, most, messages } if is_from(message, archive.as_ref()) => {
                // More than was asked for is not kept (XEP-0059 §2.1).
                if messages.len() < *most {
                    messages.push(found);
                }
            }
            _ => tracing::warn!(from = ?message.stanza.from(), "a result of an archive that was not asked"),
        }
        None
    }

    pub(super) async fn page(
        &self,
        handle: &Handle,
        of: Option<Jid>,
        filter: &Filter,
        set: rsm::Request,
    ) -> Result<Page, RequestError> {
        let most = set.max.map_or(MOST, |max| MOST.min(max as usize));
        let open = self.open(Pending::Page { archive: of.clone(), most, messages: Vec::new() });
        let _admitted = of.clone().map(|archive| self.expected.admit(archive));
        let fin = handle.request(of, &query(&open, filter, set)).await?;
        let messages = match self.table.lock().get_mut(&open.id) {
            Some(Pending::Page { messages, .. }) => std::mem::take(messages),
            _ => Vec::new(),
        };
        Ok(Page { messages, complete: fin.complete, stable: fin.stable, set: fin.set })
    }

    /// Asks the own archive; the results are given by [`result`](Self::result).
    pub(super) async fn sync(
        &self,
        handle: &Handle,
        filter: &Filter,
        set: rsm::Request,
    ) -> Result<Fin, RequestError> {
        let open = self.open(Pending::Sync);
        handle.request(None, &query(&open, filter, set)).await
    }
}

fn query(open: &Open, filter: &Filter, set: rsm::Request) -> Query {
    let form = (*filter != Filter::default()).then(|| filter.to_form());
    Query { queryid: Some(open.id.clone()), form, set: Some(set), ..Query::default() }
}

/// Whether a result is from the archive that was asked (§8.2).
fn is_from(message: &Inbound, archive: Option<&Jid>) -> bool {
    match archive {
        None => message.sender == Sender::Account,
        Some(archive) => message.stanza.from().is_some_and(|from| from.as_str() == archive.as_str()),
    }
}
