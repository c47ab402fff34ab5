//! RFC 6121 §8.5.4, table 1, cell by cell; and the rules for presence and iq around it.

use stonechat_extension::routing::{Candidate, Choice, choose};
use stonechat_stanza::{Kind, iq, message, presence};

use message::Type::{Chat, Error, Groupchat, Headline, Normal};

/// Where a stanza is addressed to.
#[derive(Debug, Clone, Copy)]
enum To {
    Bare,
    /// The first session.
    Match,
    NoMatch,
}

fn ask(kind: Kind, to: To, priorities: &[Option<i8>]) -> Choice {
    let addressed = |at: usize| matches!(to, To::Match) && at == 0;
    let sessions: Vec<Candidate> = priorities
        .iter()
        .enumerate()
        .map(|(at, &priority)| Candidate { priority, addressed: addressed(at) })
        .collect();
    choose(kind, !matches!(to, To::Bare), &sessions)
}

/// The letters of the table: D deliver to these, O offline, E error, S silently ignored.
fn table(to: To, priorities: &[Option<i8>], expected: [Choice; 4]) {
    for (kind, expected) in [Normal, Chat, Groupchat, Headline].into_iter().zip(expected) {
        assert_eq!(
            ask(Kind::Message(kind), to, priorities),
            expected,
            "{kind:?} to {to:?} with {priorities:?}"
        );
    }
    if !matches!(to, To::Match) {
        assert_eq!(ask(Kind::Message(Error), to, priorities), Choice::Ignore, "an error is never answered");
    }
}

fn d(sessions: &[usize]) -> Choice {
    Choice::Deliver(sessions.into())
}
const O: Choice = Choice::Undelivered;
const E: Choice = Choice::Unavailable;
const S: Choice = Choice::Ignore;

#[test]
fn account_exists_but_has_no_active_resources() {
    table(To::Bare, &[], [O, O, E, S]);
    table(To::NoMatch, &[], [E, O, E, S]);
}

#[test]
fn connected_resources_that_are_not_available_count_only_when_addressed() {
    table(To::Bare, &[None], [O, O, E, S]);
    table(To::NoMatch, &[None], [E, O, E, S]);
    table(To::Match, &[None], [d(&[0]), d(&[0]), d(&[0]), d(&[0])]);
}

#[test]
fn negative_resources_only() {
    table(To::Bare, &[Some(-1), Some(-128)], [O, O, E, S]);
    table(To::Match, &[Some(-1)], [d(&[0]), d(&[0]), d(&[0]), d(&[0])]);
    table(To::NoMatch, &[Some(-1)], [E, O, E, S]);
}

#[test]
fn one_non_negative_resource() {
    table(To::Bare, &[Some(0)], [d(&[0]), d(&[0]), E, d(&[0])]);
    table(To::Match, &[Some(0)], [d(&[0]), d(&[0]), d(&[0]), d(&[0])]);
    table(To::NoMatch, &[Some(0)], [E, d(&[0]), E, S]);
}

#[test]
fn several_non_negative_resources() {
    let sessions = [Some(1), Some(5), Some(5), Some(-3), None];
    table(To::Bare, &sessions, [d(&[1, 2]), d(&[1, 2]), E, d(&[0, 1, 2])]);
    table(To::Match, &sessions, [d(&[0]), d(&[0]), d(&[0]), d(&[0])]);
    table(To::NoMatch, &sessions, [E, d(&[1, 2]), E, S]);
}

#[test]
fn presence_goes_to_all_available_resources_of_a_bare_jid() {
    for kind in [presence::Type::Available, presence::Type::Unavailable] {
        let kind = Kind::Presence(kind);
        assert_eq!(ask(kind, To::Bare, &[Some(-1), None, Some(1)]), d(&[0, 2]));
        assert_eq!(ask(kind, To::Bare, &[None]), S);
        assert_eq!(ask(kind, To::Match, &[None]), d(&[0]));
        assert_eq!(ask(kind, To::NoMatch, &[Some(1)]), S);
    }
}

#[test]
fn probes_are_never_delivered() {
    for to in [To::Bare, To::Match, To::NoMatch] {
        assert_eq!(ask(Kind::Presence(presence::Type::Probe), to, &[Some(1)]), S);
    }
}

#[test]
fn iqs_reach_a_matching_resource_and_nobody_else() {
    for kind in [iq::Type::Get, iq::Type::Set] {
        assert_eq!(ask(Kind::Iq(kind), To::Match, &[None]), d(&[0]));
        assert_eq!(ask(Kind::Iq(kind), To::NoMatch, &[Some(1)]), E);
    }
    for kind in [iq::Type::Result, iq::Type::Error] {
        assert_eq!(ask(Kind::Iq(kind), To::Match, &[Some(1)]), d(&[0]));
        assert_eq!(ask(Kind::Iq(kind), To::NoMatch, &[Some(1)]), S);
        assert_eq!(ask(Kind::Iq(kind), To::Bare, &[Some(1)]), S);
    }
}

#[test]
fn a_negative_resource_never_gets_a_message_to_the_bare_jid() {
    for kind in [Normal, Chat, Groupchat, Headline, Error] {
        for priorities in [vec![Some(-1)], vec![Some(-1), Some(3)], vec![Some(-128), None, Some(0)]] {
            if let Choice::Deliver(chosen) = ask(Kind::Message(kind), To::Bare, &priorities) {
                assert!(
                    chosen.iter().all(|&at| priorities[at].is_some_and(|p| p >= 0)),
                    "{kind:?} {priorities:?}"
                );
            }
        }
    }
}
