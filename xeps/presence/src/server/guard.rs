//! IQ requests to a session (RFC 6121 §8.5.3.1): an answer would tell that it is there.

use std::sync::Arc;

use stonechat_extension::point::ToAccount;
use stonechat_extension::{Cx, Guard, Verdict};
use stonechat_stanza::{Kind, StanzaError, iq};
use stonechat_xep_roster::{Roster, may_see_presence};

use super::directed::Directed;

/// Refuses requests from those with whom the session's user shares no presence, with the very error that they get when
/// there is no such session.
pub(super) struct Requests(pub(super) Arc<dyn Roster>);

impl Guard<ToAccount> for Requests {
    fn guard(&self, cx: &Cx<'_>, event: &ToAccount) -> Verdict {
        if !matches!(event.stanza.kind(), Kind::Iq(iq::Type::Get | iq::Type::Set)) {
            return Verdict::Allow;
        }
        let Some(session) = event.targets.first() else { return Verdict::Allow };
        let Some(from) = event.stanza.from() else { return Verdict::Allow };
        let roster = self.0.cached(session.account());
        let shared = from.as_str() == cx.domain()
            || from.bare_str() == event.account.as_str()
            || roster.is_some_and(|roster| may_see_presence(&roster, from))
            || session.state_if_any::<Directed>().is_some_and(|directed| directed.covers(from));
        if shared { Verdict::Allow } else { Verdict::Reject(StanzaError::service_unavailable()) }
    }
}
