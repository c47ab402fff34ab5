//! What to read from a log, and what comes back.

use crate::{Entry, MAX_PAGE_BYTES};
use jiff::Timestamp;

/// Which entries of a log to read. All conditions have to hold; the default asks for the first 100 entries.
///
/// ```
/// # use stonechat_store::Query;
/// let last_page = Query::default().peer("romeo@example.net").backwards().limit(20);
/// let page_before_it = last_page.clone().before("id-of-its-first-entry");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Only entries behind all those with these ids.
    pub after: Vec<String>,
    /// Only entries in front of all those with these ids.
    pub before: Vec<String>,
    /// Only entries of this time or later.
    pub start: Option<Timestamp>,
    /// Only entries of this time or earlier.
    pub end: Option<Timestamp>,
    /// Only entries with exactly this peer.
    pub peer: Option<String>,
    /// How many entries at most; [`MAX_PAGE`](crate::MAX_PAGE) if it is more.
    pub limit: u32,
    /// Whether to take the last of the matching entries instead of the first. The page is in log order either way.
    pub backwards: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            after: Vec::new(),
            before: Vec::new(),
            start: None,
            end: None,
            peer: None,
            limit: 100,
            backwards: false,
        }
    }
}

impl Query {
    /// Asks for entries behind the one with this id; also behind another, if it was asked before.
    #[must_use]
    pub fn after(mut self, id: impl Into<String>) -> Self {
        self.after.push(id.into());
        self
    }

    /// Asks for entries in front of the one with this id; also in front of another, if it was asked before.
    #[must_use]
    pub fn before(mut self, id: impl Into<String>) -> Self {
        self.before.push(id.into());
        self
    }

    /// Asks for entries of this time or later.
    #[must_use]
    pub fn start(mut self, start: Timestamp) -> Self {
        self.start = Some(start);
        self
    }

    /// Asks for entries of this time or earlier.
    #[must_use]
    pub fn end(mut self, end: Timestamp) -> Self {
        self.end = Some(end);
        self
    }

    /// Asks for entries with this peer.
    #[must_use]
    pub fn peer(mut self, peer: impl Into<String>) -> Self {
        self.peer = Some(peer.into());
        self
    }

    /// Asks for at most so many entries.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// Asks for the last of the matching entries instead of the first.
    #[must_use]
    pub fn backwards(mut self) -> Self {
        self.backwards = true;
        self
    }
}

/// Entries of a log, in the order of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Whether no more match: behind these or, backwards, in front of these.
    pub complete: bool,
}

/// Fills a page for a driver, which offers matching entries in the order of the query until the page is full.
#[derive(Debug)]
pub struct PageBuilder {
    page: Page,
    limit: usize,
    bytes: usize,
    backwards: bool,
}

impl PageBuilder {
    /// An empty page for this query.
    pub fn new(query: &Query) -> Self {
        let page = Page { entries: Vec::new(), complete: true };
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        Self { page, limit, bytes: 0, backwards: query.backwards }
    }

    /// Takes an entry (the last first if the query is backwards). Returns `false`, without keeping the entry, if the
    /// page is full: then it is not complete and wants no more.
    pub fn push(&mut self, entry: Entry) -> bool {
        let full = self.page.entries.len() >= self.limit;
        let heavy = !self.page.entries.is_empty() && self.bytes + entry.value.len() > MAX_PAGE_BYTES;
        if full || heavy {
            self.page.complete = false;
            return false;
        }
        self.bytes += entry.value.len();
        self.page.entries.push(entry);
        true
    }

    /// The page, in log order.
    pub fn finish(mut self) -> Page {
        if self.backwards {
            self.page.entries.reverse();
        }
        self.page
    }
}
