//! Doing what rooms want done.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use stonechat_extension::client::{Cx, Handle, RequestError, new_id};
use stonechat_stanza::error::Condition;
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Element, Stanza, StanzaError, iq, ns};
use stonechat_xep_disco::{Info, InfoQuery};

use super::shared::Shared;
use super::{Event, JoinError, News, Standing};
use crate::OCCUPANT_ID;
use crate::room::{Step, Vouches};

/// How long a room has to say what it can do before it is entered.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn act(cx: &mut Cx<'_>, shared: &Arc<Shared>, room: &BareJid, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Tell(news) => tell(cx, shared, room, *news),
            Step::Enter => {
                let (handle, shared, room) = (cx.handle(), Arc::clone(shared), room.clone());
                let now = cx.now();
                cx.spawn(async move { enter(&handle, &shared, &room, now).await });
            }
            Step::Check => check(cx, shared, room),
            Step::Inform => inform(cx, shared, room),
            Step::Forget => shared.forget(room),
        }
    }
}

fn tell(cx: &mut Cx<'_>, shared: &Shared, room: &BareJid, news: News) {
    let outcome = match &news {
        News::Entered(entered) => Some(Ok(entered.clone())),
        News::Refused(error) => Some(Err(JoinError::Refused(error.clone()))),
        _ => None,
    };
    if let Some((outcome, waiter)) = outcome.and_then(|outcome| Some((outcome, shared.waiter(room)?))) {
        // Who has waited may have given up.
        let _gone = waiter.send(outcome);
    }
    cx.emit(Event { room: room.clone(), news });
}

/// Asks to be let in, when it is known for what the room vouches (XEP-0421 §2, XEP-0359 §5).
pub(super) async fn enter(handle: &Handle, shared: &Shared, room: &BareJid, now: Timestamp) {
    let Some(turn) = shared.with(room, |room| room.begin()) else { return };
    let question = Stanza::iq(iq::Type::Get).with_to(room.clone()).with(&InfoQuery::default());
    match handle.with_timeout(PATIENCE).exchange(question).await {
        // The next session enters anew.
        Err(RequestError::Lost | RequestError::Closed) => return,
        answer => shared.with(room, |room| {
            room.vouches(answer.map_or_else(|_| Vouches::default(), |info| vouches(&info)))
        }),
    };
    let request = shared.with_own(room, |room, own| room.request(turn, new_id(), own, now)).flatten();
    if let Some(request) = request {
        // Who has closed the client is in no rooms.
        let _closed = handle.send(request).await;
    }
}

fn vouches(answer: &Stanza) -> Vouches {
    let info = answer.get::<Info>().ok().flatten().unwrap_or_default();
    Vouches { occupants: info.has(OCCUPANT_ID), ids: info.has(ns::SID) }
}

/// The room has changed: for what it vouches may have, too.
fn inform(cx: &mut Cx<'_>, shared: &Arc<Shared>, room: &BareJid) {
    let question = Stanza::iq(iq::Type::Get).with_to(room.clone()).with(&InfoQuery::default());
    let (shared, room) = (Arc::clone(shared), room.clone());
    cx.ask(question, move |_, answer| {
        if let Ok(info) = answer {
            shared.with(&room, |room| room.vouches(vouches(&info)));
        }
    });
}

/// Asks our own place in the room whether it is there (XEP-0410 §3.2).
fn check(cx: &mut Cx<'_>, shared: &Arc<Shared>, room: &BareJid) {
    // A client in hibernation asks later (§4).
    let place = shared.with(room, |room| room.begin_check().then(|| room.nick().to_owned())).flatten();
    let Some(to) = place.and_then(|nick| room.with_resource(&nick).ok()) else { return };
    let (shared, room) = (Arc::clone(shared), room.clone());
    cx.ask(ping(to.into()), move |cx, answer| {
        let (standing, now) = (judge(&answer.map(drop)), cx.now());
        let steps = shared.with(&room, |room| room.checked(standing, Some(now)));
        act(cx, &shared, &room, steps.unwrap_or_default());
    });
}

/// XEP-0199 §4.
pub(super) fn ping(to: stonechat_stanza::jid::Jid) -> Stanza {
    Stanza::iq(iq::Type::Get).with_to(to).with_element(&Element::bare("ping", ns::PING))
}

/// What the answer to a ping to our own place says (XEP-0410 §3.2).
pub(super) fn judge(answer: &Result<(), RequestError>) -> Standing {
    use Condition::{
        FeatureNotImplemented, ItemNotFound, RemoteServerNotFound, RemoteServerTimeout, ServiceUnavailable,
    };
    match answer {
        Ok(()) => Standing::In,
        Err(RequestError::Refused(StanzaError { condition, .. })) => match condition {
            // Some client of ours is in, and does not know pings; or has just got another nickname.
            ServiceUnavailable | FeatureNotImplemented | ItemNotFound => Standing::In,
            RemoteServerNotFound | RemoteServerTimeout => Standing::Unknown,
            _ => Standing::Out,
        },
        Err(_) => Standing::Unknown,
    }
}
