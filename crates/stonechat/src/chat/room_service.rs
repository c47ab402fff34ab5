//! What is done in rooms, by the services of the client's extensions. One that is switched off does nothing.

use stonechat_client::{Client, RequestError};
use stonechat_jid::BareJid;
use stonechat_stanza::error::Condition;
use stonechat_stanza::rsm;
use stonechat_xep_bookmarks::client::Bookmarks;
use stonechat_xep_bookmarks::{Bookmark, Conference};
use stonechat_xep_mam::Filter;
use stonechat_xep_mam::client::Archive;
use stonechat_xep_muc::client::{Join, JoinError, Rooms};

use super::event::{Event, Past};
use super::perform::PAGE;

/// Enters a room; an event, where something is to be said besides what the room itself says. One that is made by that is opened to others as it is
/// (XEP-0045 §10.1.2).
pub(super) async fn join(
    client: Client,
    room: BareJid,
    nick: String,
    password: Option<String>,
) -> Option<Event> {
    let rooms = client.service::<Rooms>()?;
    let mut join = Join::as_nick(nick);
    join.enter.password = password;
    let failed = |error: &dyn std::fmt::Display| {
        Some(Event::Failed { what: format!("{room} cannot be entered: {error}"), with: None })
    };
    match rooms.join(&room, join).await {
        Ok(entered) if entered.created() => rooms.accept(&room).await.err().and_then(|error| failed(&error)),
        // The room tells, or there is nothing to be told.
        Ok(_) | Err(JoinError::Refused(_) | JoinError::Already | JoinError::Left | JoinError::Closed) => None,
        Err(error) => failed(&error),
    }
}

pub(super) async fn leave(client: Client, room: BareJid) -> Result<(), RequestError> {
    if let Some(rooms) = client.service::<Rooms>() {
        rooms.leave(&room, None).await?;
    }
    Ok(())
}

/// Through the room, which may let them in because of it (XEP-0045 §7.8.2).
pub(super) async fn invite(
    client: Client,
    room: BareJid,
    who: BareJid,
    reason: Option<String>,
) -> Result<(), RequestError> {
    if let Some(rooms) = client.service::<Rooms>() {
        rooms.invite(&room, who.into(), reason.as_deref()).await?;
    }
    Ok(())
}

pub(super) async fn rename(client: Client, room: BareJid, nick: String) -> Result<(), RequestError> {
    match client.service::<Rooms>() {
        Some(rooms) => rooms.rename(&room, &nick).await,
        None => Ok(()),
    }
}

pub(super) async fn set_subject(client: Client, room: BareJid, text: String) -> Result<(), RequestError> {
    if let Some(rooms) = client.service::<Rooms>() {
        rooms.set_subject(&room, Some(&text)).await?;
    }
    Ok(())
}

/// What other programs keep with the bookmark stays (XEP-0402 §3.4).
pub(super) async fn remember(client: Client, room: BareJid, nick: String) -> Result<(), RequestError> {
    let Some(bookmarks) = client.service::<Bookmarks>() else { return Ok(()) };
    let known = bookmarks.get(&room).unwrap_or_default();
    let conference = Conference { autojoin: true, nick: Some(nick), ..known };
    bookmarks.set(&Bookmark { room, conference }).await
}

pub(super) async fn forget(client: Client, room: BareJid) -> Result<(), RequestError> {
    match client.service::<Bookmarks>() {
        Some(bookmarks) => bookmarks.remove(&room).await,
        None => Ok(()),
    }
}

/// What was said in a room before this message, or at last (XEP-0313 §6.1.2).
pub(super) async fn past(client: Client, room: BareJid, before: Option<String>) -> Event {
    match page(&client, &room, before).await {
        Ok(past) => Event::Past { room, past },
        // There need not be an archive.
        Err(RequestError::Refused(error))
            if matches!(
                error.condition,
                Condition::ServiceUnavailable | Condition::FeatureNotImplemented
            ) =>
        {
            Event::Past { room, past: Past::default() }
        }
        Err(error) => {
            let what = format!("the archive of the room cannot be read: {error}");
            Event::Failed { what, with: Some(room) }
        }
    }
}

async fn page(client: &Client, room: &BareJid, before: Option<String>) -> Result<Past, RequestError> {
    let (Some(archive), Some(rooms)) = (client.service::<Archive>(), client.service::<Rooms>()) else {
        return Ok(Past::default());
    };
    let set = before.map_or_else(|| rsm::Request::last(PAGE), |id| rsm::Request::before(id, PAGE));
    let page = archive.page(Some(room.into()), &Filter::default(), set).await?;
    if !rooms.rooms().contains(room) {
        // Who says what is not known any more.
        return Err(RequestError::Lost);
    }
    let first = page.messages.first().map(|message| message.id.clone());
    let read = page.messages.into_iter().filter_map(|one| {
        let at = one.at.map(stonechat_stanza::time::DateTime::timestamp);
        Some((rooms.archived(room, &one.id, &one.message)?, at))
    });
    Ok(Past { said: read.collect(), first, complete: page.complete })
}
