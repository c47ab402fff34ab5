//! From a query to what is read of the store: one function from values to a value.

use jiff::Timestamp;
use stonechat_stanza::jid::{BareJid, FullJid};
use stonechat_stanza::{StanzaError, rsm};
use stonechat_store::{MAX_PAGE, Query};

use crate::Filter;

/// What is to be read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plan {
    /// A page of the archive.
    Range(Range),
    /// These messages, as far as they match, and a page of those.
    Ids { ids: Vec<String>, matching: Matching, set: rsm::Request },
}

/// A page of the archive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Range {
    pub(super) query: Query,
    /// Only messages from or to this resource.
    pub(super) resource: Option<FullJid>,
    /// Whether the number of all that matches is that of the messages in the archive.
    pub(super) counts_all: bool,
    /// Whether the page begins with the first that matches.
    pub(super) is_first: bool,
}

/// What single messages have to match.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Matching {
    pub(super) peer: Option<BareJid>,
    pub(super) resource: Option<FullJid>,
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
}

/// Plans a page of at most `limit` messages, none from before `cutoff`.
///
/// `before-id` and `before` differ in that the latter pages backwards (XEP-0313 §9); where both are given, both hold.
///
/// # Errors
/// `feature-not-implemented` for a page by index (XEP-0059 §2.6), `bad-request` for ids together with bounds, or too many of them.
pub(super) fn plan(
    filter: Filter,
    set: rsm::Request,
    limit: u32,
    cutoff: Option<Timestamp>,
) -> Result<Plan, StanzaError> {
    if set.index.is_some() {
        return Err(StanzaError::feature_not_implemented());
    }
    let unconditional = filter.is_empty();
    let resource = filter.with.as_ref().and_then(|with| with.as_jid_ref().to_full());
    let peer = filter.with.as_ref().map(|with| with.to_bare());
    let start = filter.start.max(cutoff);
    if !filter.ids.is_empty() {
        let bounded = filter.before_id.is_some() || filter.after_id.is_some();
        if bounded || filter.ids.len() > MAX_PAGE as usize {
            return Err(StanzaError::bad_request().with_text("too much is asked of the ids"));
        }
        let matching = Matching { peer, resource, start, end: filter.end };
        return Ok(Plan::Ids { ids: filter.ids, matching, set });
    }
    let backwards = set.is_backwards();
    let uid = |uid: Option<String>| uid.filter(|uid| !uid.is_empty());
    let after: Vec<String> = filter.after_id.into_iter().chain(uid(set.after)).collect();
    let before: Vec<String> = filter.before_id.into_iter().chain(uid(set.before)).collect();
    let is_first = after.is_empty() && !backwards;
    let query = Query {
        after,
        before,
        start,
        end: filter.end,
        peer: peer.map(|peer| peer.to_string()),
        limit: set.max.map_or(limit, |max| max.min(limit)),
        backwards,
    };
    Ok(Plan::Range(Range { query, resource, counts_all: unconditional, is_first }))
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::error::Condition;

    use super::*;

    fn range(filter: Filter, set: rsm::Request) -> Range {
        match plan(filter, set, 50, None) {
            Ok(Plan::Range(range)) => range,
            other => panic!("{other:?}"),
        }
    }

    fn id(id: &str) -> Option<String> {
        Some(id.to_owned())
    }

    /// XEP-0313 §9.
    #[test]
    fn ids_of_the_form_and_of_the_page_both_hold() {
        let filter = Filter { after_id: id("1"), before_id: id("9"), ..Filter::default() };
        let found = range(filter.clone(), rsm::Request::after("2", 10));
        assert_eq!(found.query, Query::default().after("1").after("2").before("9").limit(10));
        assert!(!found.counts_all && !found.is_first);
        let found = range(filter, rsm::Request::before("8", 10));
        assert_eq!(found.query, Query::default().after("1").before("9").before("8").limit(10).backwards());
        let found = range(Filter { before_id: id("9"), ..Filter::default() }, rsm::Request::default());
        assert!(!found.query.backwards && found.is_first);
    }

    #[test]
    fn a_page_has_no_more_than_the_limit() {
        for (max, limit) in [(None, 50), (Some(0), 0), (Some(7), 7), (Some(1000), 50)] {
            let set = rsm::Request { max, ..rsm::Request::default() };
            assert_eq!(range(Filter::default(), set).query.limit, limit);
        }
        let last = range(Filter::default(), rsm::Request::last(5));
        assert_eq!(last.query, Query::default().limit(5).backwards());
        assert!(last.counts_all && !last.is_first);
    }

    #[test]
    fn a_full_address_is_looked_for_among_those_of_its_account() {
        let filter = Filter { with: "a@b.example/c".parse().ok(), ..Filter::default() };
        let found = range(filter, rsm::Request::default());
        assert_eq!(found.query.peer.as_deref(), Some("a@b.example"));
        assert_eq!(found.resource.map(|full| full.to_string()).as_deref(), Some("a@b.example/c"));
    }

    #[test]
    fn nothing_from_before_the_cutoff_is_read() {
        let time = |second| Timestamp::from_second(second).ok();
        for (start, expected) in [(None, time(5)), (time(3), time(5)), (time(7), time(7))] {
            let filter = Filter { start, ..Filter::default() };
            let Ok(Plan::Range(found)) = plan(filter, rsm::Request::default(), 1, time(5)) else {
                panic!("no range")
            };
            assert_eq!(found.query.start, expected);
        }
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        let condition = |filter, set| plan(filter, set, 1, None).unwrap_err().condition;
        assert_eq!(condition(Filter::default(), rsm::Request::at(3, 1)), Condition::FeatureNotImplemented);
        let both = Filter { ids: vec!["1".into()], after_id: id("2"), ..Filter::default() };
        assert_eq!(condition(both, rsm::Request::default()), Condition::BadRequest);
        let many = Filter { ids: vec!["1".into(); 1001], ..Filter::default() };
        assert_eq!(condition(many, rsm::Request::default()), Condition::BadRequest);
    }
}
