//! Between what the roster keeps of a contact and the states of appendix A.

use stonechat_stanza::Stanza;
use stonechat_xep_roster::{Contact, Subscription};

use crate::subscription::{Direction, Kind, Standing, State, Step, process};

/// The standing of a contact.
pub(super) fn of(contact: &Contact) -> Standing {
    let (to, from) = (contact.subscription.is_to(), contact.subscription.is_from());
    Standing {
        state: State::new(to, from, contact.ask, contact.request.is_some()),
        approved: contact.approved,
    }
}

/// What follows from a stanza for a contact as it was.
pub(super) fn step(before: &Contact, direction: Direction, kind: Kind) -> Step {
    process(of(before), direction, kind)
}

/// A contact with another standing. `stanza` is kept when the contact waits for an answer from now on. Whom the user has a
/// relationship with is in the roster; who only asks is not (RFC 6121 §3.1.3).
pub(super) fn apply(before: &Contact, standing: Standing, stanza: &Stanza) -> Contact {
    let Standing { state, approved } = standing;
    let ask = state.is_pending_out();
    let request = match &before.request {
        _ if !state.is_pending_in() => None,
        Some(request) => Some(request.clone()),
        None => Some(stanza.clone()),
    };
    Contact {
        listed: before.listed || state.is_to() || state.is_from() || ask || approved,
        name: before.name.clone(),
        groups: before.groups.clone(),
        subscription: Subscription::new(state.is_to(), state.is_from()),
        ask,
        approved,
        request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stonechat_stanza::presence;

    #[test]
    fn a_contact_keeps_every_standing() {
        let stanza = Stanza::presence(presence::Type::Subscribe);
        for state in State::ALL {
            for approved in [false, true] {
                let standing = Standing { state, approved };
                let contact = apply(&Contact::default(), standing, &stanza);
                assert_eq!(of(&contact), standing);
                let unlisted = matches!(state, State::None | State::NonePendingIn) && !approved;
                assert_eq!(contact.listed, !unlisted, "{standing:?}");
            }
        }
    }

    #[test]
    fn the_first_of_several_requests_is_kept() {
        let asked = Standing { state: State::NonePendingIn, approved: false };
        let first =
            apply(&Contact::default(), asked, &Stanza::presence(presence::Type::Subscribe).with_id("1"));
        let second = apply(&first, asked, &Stanza::presence(presence::Type::Subscribe).with_id("2"));
        assert_eq!(second.request.unwrap().id(), Some("1"));
    }

    #[test]
    fn a_subscription_leaves_name_and_groups_alone() {
        let before =
            Contact { listed: true, name: "N".into(), groups: vec!["G".into()], ..Contact::default() };
        let both = Standing { state: State::Both, approved: false };
        let after = apply(&before, both, &Stanza::presence(presence::Type::Subscribed));
        assert_eq!((after.name.as_str(), after.groups.len()), ("N", 1));
    }
}
