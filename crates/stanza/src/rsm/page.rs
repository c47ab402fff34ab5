//! A page of a list that is in memory.

use std::ops::Range;

use super::{First, Request, Response};
use crate::error::StanzaError;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The positions of the page's items in the list.
    pub range: Range<usize>,
    /// What to say about the page.
    pub response: Response,
    /// Whether the page reaches the end of the list in the direction of the request.
    pub complete: bool,
}

/// The page of a list that a request asks for, of at most `limit` items.
///
/// `uid` says the UID of an item; the UIDs of a list are unique. With both `<after/>` and `<before/>` the
/// page lies between the two.
///
/// # Errors
///
/// `item-not-found` when no item has a UID the request names (§2.4).
pub fn page<T>(
    items: &[T],
    request: &Request,
    limit: usize,
    uid: impl Fn(&T) -> &str,
) -> Result<Page, StanzaError> {
    let position = |wanted: &String| {
        items.iter().position(|item| uid(item) == wanted.as_str()).ok_or_else(StanzaError::item_not_found)
    };
    let mut start = match &request.after {
        Some(after) => position(after)? + 1,
        None => request.index.map_or(0, saturating).min(items.len()),
    };
    let mut end = match request.before.as_ref().filter(|before| !before.is_empty()) {
        Some(before) => position(before)?,
        None => items.len(),
    };
    end = end.max(start);
    let size = request.max.map_or(limit, saturating).min(limit);
    let complete = end - start <= size;
    if request.is_backwards() {
        start = start.max(end.saturating_sub(size));
    } else {
        end = end.min(start.saturating_add(size));
    }
    let range = start..end;
    let shown = &items[range.clone()];
    let response = Response {
        first: shown
            .first()
            .map(|item| First { uid: uid(item).to_owned(), index: u32::try_from(start).ok() }),
        last: shown.last().map(|item| uid(item).to_owned()),
        count: u32::try_from(items.len()).ok(),
    };
    Ok(Page { range, response, complete })
}

fn saturating(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
