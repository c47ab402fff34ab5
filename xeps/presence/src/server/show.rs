//! Showing the presence of sessions to somebody.

use std::sync::Arc;

use stonechat_extension::{Cx, Session};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Kind, Stanza, presence};

/// How a stanza is sent.
#[derive(Clone)]
pub(super) enum Way {
    /// To an address, as any stanza.
    Route(Jid),
    /// To a session of the same account.
    Own(Arc<Session>),
}

impl Way {
    fn send(&self, cx: &mut Cx<'_>, stanza: Stanza) {
        match self {
            Self::Route(to) => cx.send(stanza.with_to(to.clone())),
            Self::Own(session) => cx.send_to_session(session, stanza.with_to(session.jid().clone())),
        }
    }
}

/// Shows the presence of those of the sessions that are available, as they last sent it; says how many there were.
pub(super) fn show<'a>(cx: &mut Cx<'_>, sessions: impl Iterator<Item = &'a Arc<Session>>, way: Way) -> usize {
    let mut shown = Vec::new();
    for session in sessions {
        if let Some(presence) = session.presence() {
            way.send(cx, presence.clone());
            shown.push((Arc::clone(session), presence));
        }
    }
    let count = shown.len();
    if count > 0 {
        // A session may have changed its presence between the look at it and the delivery, and the broadcast of that may
        // have come first.
        cx.then(move |cx| correct(cx, shown, &way));
    }
    count
}

fn correct(cx: &mut Cx<'_>, shown: Vec<(Arc<Session>, Stanza)>, way: &Way) {
    for (session, presence) in shown {
        match session.presence() {
            None => way.send(cx, unavailable(&session)),
            Some(now) if !same(&now, &presence) => way.send(cx, now),
            Some(_) => {}
        }
    }
}

fn same(a: &Stanza, b: &Stanza) -> bool {
    a.id() == b.id() && a.lang() == b.lang() && a.payload_bytes() == b.payload_bytes()
}

/// That a session is not available, and nothing more.
pub(super) fn unavailable(session: &Session) -> Stanza {
    Stanza::presence(presence::Type::Unavailable).with_from(session.jid().clone())
}

/// That a session is available, and nothing more (§4.3.2, §4.6.6).
pub(super) fn mere(session: &Session) -> Stanza {
    Stanza::new(Kind::Presence(presence::Type::Available)).with_from(session.jid().clone())
}
