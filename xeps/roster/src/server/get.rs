//! Requests for the roster (RFC 6121 §2.1.3, §2.1.4, §2.2, §2.6).

use stonechat_extension::{Cx, Reply, Request};
use stonechat_stanza::StanzaError;

use super::Snapshot;
use super::book::{Book, gone};
use super::live::{self, Live};
use super::service::Roster as _;
use crate::{Item, Query};

pub(super) async fn answer(
    book: &Book,
    cx: &mut Cx<'_>,
    request: &Request,
    query: Query,
) -> Result<Reply, StanzaError> {
    if !query.items.is_empty() {
        return Err(StanzaError::bad_request().with_text("a roster request has no items"));
    }
    let Some(session) = cx.session() else { return Err(StanzaError::service_unavailable()) };
    let account = session.account();
    let live = account.state::<Live>();
    // The answer and the pushes have to reach the client in the order of the versions.
    let _turn = live.telling.lock().await;
    let roster = book.load(cx.host(), account.jid()).await?;
    live::note_interest(session, roster.version.number);
    let Found { result, pushes } = find(&roster, query.ver.as_deref());
    let mut reply = request.stanza.reply();
    if let Some(result) = result {
        reply.push(&result);
    }
    live::deliver(cx, session, reply).await;
    for (item, tag) in pushes {
        let push = live::push(account.jid(), session, item, &tag);
        live::deliver(cx, session, push).await;
    }
    Ok(Reply::Sent)
}

/// The answer to a request.
struct Found {
    /// `None`: an empty result, what the client has is kept and the pushes follow.
    result: Option<Query>,
    pushes: Vec<(Item, String)>,
}

/// What to tell a client that knows the version `known` (§2.6.3).
fn find(roster: &Snapshot, known: Option<&str>) -> Found {
    let Some(since) = known.and_then(|tag| roster.version.known(tag)) else { return whole(roster) };
    let mut changed: Vec<_> = roster.entries.iter().filter(|(_, entry)| entry.number > since).collect();
    let all = roster.items().count();
    // A push carries an envelope, so many of them are more than the whole.
    if changed.len() > 1 && changed.len() * 2 > all {
        return whole(roster);
    }
    changed.sort_by_key(|(_, entry)| entry.number);
    let pushes = changed.into_iter().map(|(jid, entry)| {
        let listed = entry.contact().filter(|contact| contact.listed);
        (listed.map_or_else(|| gone(jid), |contact| contact.item(jid)), roster.version.tag_of(entry.number))
    });
    Found { result: None, pushes: pushes.collect() }
}

fn whole(roster: &Snapshot) -> Found {
    let items = roster.items().map(|(jid, contact)| contact.item(jid)).collect();
    Found { result: Some(Query { ver: Some(roster.version.tag()), items }), pushes: Vec::new() }
}
