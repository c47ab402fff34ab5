//! Reads a page of an archive, and makes its results (§4.2).

use std::collections::{HashSet, VecDeque};

use parking_lot::Mutex;
use stonechat_extension::{Session, SessionState};
use stonechat_stanza::delay::Delay;
use stonechat_stanza::jid::{BareJid, FullJid};
use stonechat_stanza::payload::Payload as _;
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{Stanza, StanzaError, message, ns, rsm, xml};
use stonechat_store::{Entry, Error, Owner};

use super::archive::Archive;
use super::plan::{Matching, Plan, Range};
use crate::{Archived, Fin, NS};

/// Among how many messages those of one resource are looked for, for one page.
const SCAN: usize = 5_000;
/// Of how many messages a session that is not available yet is remembered to have read them.
const REMEMBERED: usize = 2_000;

/// A page, in the order of the archive.
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    pub(super) fin: Fin,
}

/// What a session has read of the archive before it became available, so that it is not given the same from offline storage.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<VecDeque<String>>);

impl SessionState for Told {
    const NAME: &'static str = "archive-told";

    /// Who is not available when the server ends asks the archive again.
    fn save(&self) -> Option<String> {
        None
    }

    fn restore(_: &Session, _: &str) {}
}

impl Told {
    pub(super) fn note(&self, entries: &[Entry]) {
        let mut ids = self.0.lock();
        ids.extend(entries.iter().map(|entry| entry.id.clone()));
        let surplus = ids.len().saturating_sub(REMEMBERED);
        ids.drain(..surplus);
    }

    /// What was noted, which is forgotten then.
    pub(super) fn take(&self) -> HashSet<String> {
        std::mem::take(&mut *self.0.lock()).into_iter().collect()
    }
}

fn refusal(error: &Error) -> StanzaError {
    // §4.1.3 and §4.3.2.
    if matches!(error, Error::UnknownEntry { .. }) {
        return StanzaError::item_not_found();
    }
    tracing::error!(%error, "an archive cannot be read");
    StanzaError::internal_server_error()
}

impl Archive {
    /// Reads what is planned.
    pub(super) async fn page(&self, owner: &BareJid, plan: Plan) -> Result<Page, StanzaError> {
        let owner = Owner::account(owner.as_str());
        match plan {
            Plan::Range(range) => self.range(&owner, range).await,
            Plan::Ids { ids, matching, set } => self.by_ids(&owner, ids, &matching, &set).await,
        }
    }

    async fn range(&self, owner: &Owner, range: Range) -> Result<Page, StanzaError> {
        let backwards = range.query.backwards;
        let Range { query, resource, counts_all, is_first } = range;
        let found = match &resource {
            None => self.log.range(owner, &query).await.map_err(|error| refusal(&error))?,
            Some(resource) => self.of_resource(owner, query, resource).await?,
        };
        let (mut entries, mut complete) = (found.entries, found.complete);
        complete &= !cut(&mut entries, self.config.max_page_bytes, backwards);
        let count = match counts_all {
            true => u32::try_from(self.log.count(owner).await.map_err(|error| refusal(&error))?).ok(),
            false => None,
        };
        let set = describe(&entries, is_first.then_some(0), count);
        Ok(Page { entries, fin: Fin { complete, stable: true, set } })
    }

    /// The messages from and to one resource, of those with its account.
    async fn of_resource(
        &self,
        owner: &Owner,
        mut query: stonechat_store::Query,
        resource: &FullJid,
    ) -> Result<stonechat_store::Page, StanzaError> {
        let wanted = query.limit as usize;
        let mut found = VecDeque::new();
        let mut scanned = 0;
        query.limit = stonechat_store::MAX_PAGE;
        loop {
            let page = self.log.range(owner, &query).await.map_err(|error| refusal(&error))?;
            let (first, last) = (page.entries.first(), page.entries.last());
            let (first, last) = (first.map(|entry| entry.id.clone()), last.map(|entry| entry.id.clone()));
            scanned += page.entries.len();
            let mut entries = page.entries;
            if query.backwards {
                entries.reverse();
            }
            for entry in entries.into_iter().filter(|entry| is_with(entry, resource)) {
                if found.len() == wanted {
                    return Ok(stonechat_store::Page { entries: found.into(), complete: false });
                }
                if query.backwards { found.push_front(entry) } else { found.push_back(entry) }
            }
            let next = if query.backwards { first } else { last };
            let (false, Some(next)) = (page.complete, next) else {
                return Ok(stonechat_store::Page { entries: found.into(), complete: true });
            };
            if scanned >= SCAN {
                // Where it went no further the client could not tell.
                return match found.is_empty() {
                    true => Err(StanzaError::resource_constraint().with_text("too few messages match")),
                    false => Ok(stonechat_store::Page { entries: found.into(), complete: false }),
                };
            }
            if query.backwards { query.before = vec![next] } else { query.after = vec![next] }
        }
    }

    async fn by_ids(
        &self,
        owner: &Owner,
        ids: Vec<String>,
        matching: &Matching,
        set: &rsm::Request,
    ) -> Result<Page, StanzaError> {
        let different = ids.iter().collect::<HashSet<_>>().len();
        let entries = self.log.entries(owner, ids).await.map_err(|error| refusal(&error))?;
        if entries.len() < different {
            return Err(StanzaError::item_not_found());
        }
        let mut entries: Vec<Entry> = entries.into_iter().filter(|entry| matching.fits(entry)).collect();
        let page = rsm::page(&entries, set, self.config.max_page as usize, |entry| &entry.id)?;
        entries = entries.drain(page.range).collect();
        let fits = !cut(&mut entries, self.config.max_page_bytes, set.is_backwards());
        let set = describe(&entries, None, page.response.count);
        Ok(Page { entries, fin: Fin { complete: page.complete && fits, stable: true, set } })
    }
}

impl Matching {
    fn fits(&self, entry: &Entry) -> bool {
        self.start.is_none_or(|start| entry.at >= start)
            && self.end.is_none_or(|end| entry.at <= end)
            && self.peer.as_ref().is_none_or(|peer| entry.peer.as_deref() == Some(peer.as_str()))
            && self.resource.as_ref().is_none_or(|resource| is_with(entry, resource))
    }
}

fn is_with(entry: &Entry, resource: &FullJid) -> bool {
    Stanza::parse(&entry.value).is_ok_and(|message| {
        let is = |jid: Option<stonechat_stanza::jid::JidRef<'_>>| {
            jid.is_some_and(|jid| jid.as_str() == resource.as_str())
        };
        is(message.from()) || is(message.to())
    })
}

/// Leaves as many entries as have so many bytes together, the last of them if the page is read backwards; one in any case. Says whether
/// any had to go.
fn cut(entries: &mut Vec<Entry>, most: usize, backwards: bool) -> bool {
    let mut bytes = 0;
    let mut fits = |entry: &&Entry| {
        bytes += entry.value.len();
        bytes <= most
    };
    let fitting = match backwards {
        true => entries.iter().rev().take_while(&mut fits).count(),
        false => entries.iter().take_while(&mut fits).count(),
    };
    let (kept, all) = (fitting.max(1), entries.len());
    if kept >= all {
        return false;
    }
    if backwards {
        entries.drain(..all - kept);
    } else {
        entries.truncate(kept);
    }
    true
}

fn describe(entries: &[Entry], index: Option<u32>, count: Option<u32>) -> rsm::Response {
    let first = entries.first().map(|entry| rsm::First { uid: entry.id.clone(), index });
    rsm::Response { first, last: entries.last().map(|entry| entry.id.clone()), count }
}

/// The message that tells a session of an entry. The message in it is copied as it is stored.
pub(super) fn result(entry: &Entry, queryid: Option<&str>, account: &BareJid, to: &FullJid) -> Stanza {
    let whole = wrap(entry, queryid, account, to, &entry.value);
    // One that is too large or too deep once it is wrapped: the client is told that there is something (§3.2).
    let fit = whole.or_else(|_| wrap(entry, queryid, account, to, b""));
    fit.unwrap_or_else(|_| Stanza::message(message::Type::Normal).with_to(to.clone()))
}

fn wrap(
    entry: &Entry,
    queryid: Option<&str>,
    account: &BareJid,
    to: &FullJid,
    value: &[u8],
) -> Result<Stanza, xml::Error> {
    let mut bytes = Vec::with_capacity(value.len() + 300);
    bytes.extend_from_slice(b"<");
    bytes.extend_from_slice(Archived::NAME.as_bytes());
    for (name, text) in [("xmlns", Some(NS)), ("queryid", queryid), ("id", Some(&*entry.id))] {
        if let Some(text) = text {
            bytes.extend_from_slice(format!(" {name}='").as_bytes());
            xml::escape_attribute(text, &mut bytes);
            bytes.push(b'\'');
        }
    }
    bytes.extend_from_slice(b"><forwarded xmlns='urn:xmpp:forward:0'>");
    let delay = Delay::new(None, DateTime::new(entry.at).to_millisecond());
    xml::write_element(&delay.to_element(), ns::FORWARD, &mut bytes);
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"</forwarded></result>");
    let mut result = Stanza::message(message::Type::Normal).with_from(account.clone()).with_to(to.clone());
    result.push_bytes(&bytes)?;
    Ok(result)
}
