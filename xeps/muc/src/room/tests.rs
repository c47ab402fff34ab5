use std::collections::BTreeSet;

use proptest::prelude::*;
use stonechat_xep_presence::Availability;

use super::*;

const ROOM: &str = "coven@chat.shakespeare.lit";

fn now() -> Timestamp {
    "2024-05-01T00:00:00Z".parse().unwrap()
}

fn room() -> Room {
    Room::new(ROOM.parse().unwrap(), Join::as_nick("thirdwitch"), 3)
}

fn entering() -> Room {
    let mut room = room();
    let turn = room.begin();
    room.request(turn, "join".into(), &Availability::default(), now()).unwrap();
    room
}

fn stanza(xml: &str) -> Stanza {
    Stanza::parse(xml.as_bytes()).unwrap()
}

fn presence(room: &mut Room, nick: &str, kind: &str, children: &str) -> Vec<News> {
    let kind = if kind.is_empty() { String::new() } else { format!(" type='{kind}'") };
    let x = format!("<x xmlns='http://jabber.org/protocol/muc#user'>{children}</x>");
    told(room.presence(&stanza(&format!("<presence from='{ROOM}/{nick}'{kind}>{x}</presence>")), now()))
}

fn told(steps: Vec<Step>) -> Vec<News> {
    let news = |step| match step {
        Step::Tell(news) => Some(*news),
        _ => None,
    };
    steps.into_iter().filter_map(news).collect()
}

fn inside() -> Room {
    let mut room = entering();
    presence(&mut room, "firstwitch", "", "<item affiliation='owner' role='moderator'/>");
    let news = presence(
        &mut room,
        "thirdwitch",
        "",
        "<item affiliation='member' role='participant'/><status code='110'/>",
    );
    assert!(matches!(news[..], [News::Entered(_)]), "{news:?}");
    room
}

/// §7.2.2, §7.14, §8.2, §9.1, §9.4, §10.2, §10.9, §11: the table of ways out.
#[test]
fn it_is_known_why_one_is_out_and_whether_one_comes_back() {
    let destroy = "<destroy jid='heath@chat.shakespeare.lit'><reason>Macbeth doth come.</reason></destroy>";
    for (children, expected, returns) in [
        ("<status code='110'/>", Why::Removed, false),
        ("<status code='110'/><status code='307'/>", Why::Kicked, false),
        ("<status code='110'/><status code='301'/>", Why::Banned, false),
        ("<status code='110'/><status code='321'/>", Why::AffiliationLost, false),
        ("<status code='110'/><status code='322'/>", Why::MembersOnly, false),
        ("<status code='110'/><status code='332'/>", Why::Shutdown, true),
        ("<status code='110'/><status code='333'/>", Why::Technical, true),
        ("<status code='110'/><status code='307'/><status code='333'/>", Why::Technical, true),
        (
            destroy,
            Why::Destroyed(crate::Destroy {
                venue: Some("heath@chat.shakespeare.lit".parse().unwrap()),
                reason: Some("Macbeth doth come.".into()),
                password: None,
            }),
            false,
        ),
    ] {
        let mut room = inside();
        let item =
            "<item affiliation='none' role='none'><actor nick='Fluellen'/><reason>Avaunt</reason></item>";
        let news = presence(&mut room, "thirdwitch", "unavailable", &format!("{item}{children}"));
        let [News::Exited(exit)] = &news[..] else { panic!("{children}: {news:?}") };
        assert_eq!((&exit.why, exit.returns()), (&expected, returns), "{children}");
        assert_eq!(exit.reason.as_deref(), Some("Avaunt"));
        assert_eq!(room.occupants().count(), 0);
    }
}

#[test]
fn who_has_said_that_they_go_have_left() {
    let mut room = inside();
    let (stanza, steps) = room.leave();
    assert_eq!(stanza.unwrap().to().unwrap().as_str(), "coven@chat.shakespeare.lit/thirdwitch");
    assert!(steps.is_empty());
    let news = presence(&mut room, "thirdwitch", "unavailable", "<status code='110'/><status code='307'/>");
    assert!(matches!(&news[..], [News::Exited(exit)] if exit.why == Why::Left), "{news:?}");
}

/// §7.2.18, example 43: it answers what was sent before.
#[test]
fn who_is_about_to_enter_does_not_mind_that_they_are_not_in() {
    let mut room = entering();
    let codes =
        "<item affiliation='none' role='none'/><status code='110'/><status code='307'/><status code='333'/>";
    assert!(presence(&mut room, "thirdwitch", "unavailable", codes).is_empty());
    assert_eq!(room.phase(), Phase::Entering);
}

#[test]
fn the_answer_to_what_was_asked_in_vain_before_is_none() {
    let mut room = room();
    let first = room.begin();
    let second = room.begin();
    let own = Availability::default();
    assert!(room.request(first, "1".into(), &own, now()).is_none());
    assert!(room.request(second, "2".into(), &own, now()).is_some());
    let error = "<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    let old = stanza(&format!("<presence from='{ROOM}/thirdwitch' type='error' id='1'>{error}</presence>"));
    assert!(room.presence(&old, now()).is_empty());
    let new = stanza(&format!("<presence from='{ROOM}/thirdwitch' type='error' id='2'>{error}</presence>"));
    assert!(matches!(told(room.presence(&new, now()))[..], [News::Refused(_)]));
}

#[test]
fn no_more_occupants_are_known_than_may_be_and_oneself_always_is() {
    let mut room = entering();
    for nick in 0..10 {
        presence(&mut room, &format!("witch{nick}"), "", "<item affiliation='none' role='participant'/>");
    }
    presence(
        &mut room,
        "thirdwitch",
        "",
        "<item affiliation='none' role='participant'/><status code='110'/>",
    );
    assert_eq!(room.occupants().count(), 4);
    assert!(room.occupants().any(|occupant| occupant.nick == "thirdwitch"));
}

/// XEP-0410 §3.2, §4.
#[test]
fn a_silent_room_is_checked_once_at_a_time_and_not_while_a_nickname_is_asked_for() {
    let mut room = inside();
    let later = now() + jiff::SignedDuration::from_secs(900);
    assert!(room.tick(now(), 900).is_none() && room.tick(later, 0).is_none());
    assert!(matches!(room.tick(later, 900), Some(Step::Check)));
    assert!(room.begin_check() && !room.begin_check());
    assert!(room.checked(Standing::Unknown, Some(later)).is_empty() && room.begin_check());
    assert!(room.checked(Standing::In, Some(later)).is_empty());
    assert!(room.tick(later, 900).is_none());
    room.rename("oldhag", "rename".into(), &Availability::default()).unwrap();
    assert!(room.tick(later + jiff::SignedDuration::from_secs(900), 900).is_none());
    assert!(matches!(room.checked(Standing::Out, Some(later))[..], [Step::Tell(_), Step::Enter]));
}

#[test]
fn what_was_missed_is_asked_for_and_what_is_known_is_not_told_again() {
    let mut room = inside();
    let message = |id: &str, delay: &str| {
        stanza(&format!(
            "<message from='{ROOM}/firstwitch' type='groupchat' id='{id}'><body>x</body>{delay}</message>"
        ))
    };
    let delay = "<delay xmlns='urn:xmpp:delay' stamp='2024-05-01T00:00:00Z'/>";
    assert!(room.said(&message("1", ""), now()).is_some());
    assert_eq!(room.session_lost().len(), 1);
    let turn = room.begin();
    let later = now() + jiff::SignedDuration::from_secs(60);
    let request = room.request(turn, "again".into(), &Availability::default(), later).unwrap();
    assert_eq!(request.get::<Enter>().unwrap().unwrap().history, Some(History::seconds(61)));
    let news = presence(&mut room, "thirdwitch", "", "<status code='110'/>");
    assert!(matches!(&news[..], [News::Entered(entered)] if entered.again));
    assert!(room.said(&message("1", delay), later).is_none());
    assert!(room.said(&message("2", delay), later).is_some());
    assert!(room.said(&message("2", ""), later).is_some(), "ids of live messages need not be unique");
}

#[derive(Debug, Clone)]
enum Act {
    Presence { nick: usize, kind: usize, codes: Vec<u16>, renamed: Option<usize>, destroy: bool },
    Error { id: usize, conflict: bool },
    Message { nick: usize, kind: usize, subject: bool, body: bool, id: usize },
    Begin,
    Request,
    Leave,
    Rename(usize),
    Lost,
    Tick,
    Checked(usize),
    Unavailable,
}

const NICKS: [&str; 4] = ["thirdwitch", "a", "b", "c"];

fn act() -> impl Strategy<Value = Act> {
    let codes = prop::collection::vec(prop::sample::select(vec![110, 110, 110, 303, 307, 333, 210]), 0..3);
    let nick = 0..NICKS.len();
    prop_oneof![
        8 => (nick.clone(), 0..2_usize, codes, prop::option::of(nick.clone()), prop::bool::weighted(0.1))
            .prop_map(|(nick, kind, codes, renamed, destroy)| Act::Presence { nick, kind, codes, renamed, destroy }),
        1 => (0..3_usize, any::<bool>()).prop_map(|(id, conflict)| Act::Error { id, conflict }),
        2 => (nick.clone(), 0..3_usize, any::<bool>(), any::<bool>(), 0..3_usize)
            .prop_map(|(nick, kind, subject, body, id)| Act::Message { nick, kind, subject, body, id }),
        2 => Just(Act::Begin),
        3 => Just(Act::Request),
        1 => Just(Act::Leave),
        1 => nick.prop_map(Act::Rename),
        1 => Just(Act::Lost),
        1 => Just(Act::Tick),
        1 => (0..3_usize).prop_map(Act::Checked),
        1 => Just(Act::Unavailable),
    ]
}

fn apply(room: &mut Room, act: Act) -> Vec<Step> {
    let own = Availability::default();
    match act {
        Act::Presence { nick, kind, codes, renamed, destroy } => {
            let codes: String = codes.iter().map(|code| format!("<status code='{code}'/>")).collect();
            let renamed = renamed.map(|nick| format!(" nick='{}'", NICKS[nick])).unwrap_or_default();
            let destroy = if destroy { "<destroy/>" } else { "" };
            let kind = ["", " type='unavailable'"][kind];
            room.presence(
                &stanza(&format!(
                    "<presence from='{ROOM}/{}'{kind}><x xmlns='http://jabber.org/protocol/muc#user'>\
                <item affiliation='none' role='participant'{renamed}/>{codes}{destroy}</x></presence>",
                    NICKS[nick]
                )),
                now(),
            )
        }
        Act::Error { id, conflict } => {
            let id = ["", " id='join'", " id='rename'"][id];
            let condition = if conflict { "conflict" } else { "forbidden" };
            room.presence(
                &stanza(&format!(
                    "<presence from='{ROOM}/thirdwitch' type='error'{id}><error type='cancel'>\
                <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
                )),
                now(),
            )
        }
        Act::Message { nick, kind, subject, body, id } => {
            let kind = ["groupchat", "chat", "error"][kind];
            let subject = if subject { "<subject>x</subject>" } else { "" };
            let body = if body { "<body>x</body>" } else { "" };
            let message = stanza(&format!(
                "<message from='{ROOM}/{}' type='{kind}' id='{id}'>{subject}{body}</message>",
                NICKS[nick]
            ));
            let mut steps = room.notice(&message, now());
            if !message.kind().is_error() {
                steps.extend(room.said(&message, now()).map(Step::tell));
            }
            steps
        }
        Act::Begin if matches!(room.phase(), Phase::Away) => {
            room.begin();
            Vec::new()
        }
        Act::Request => {
            room.request(room.turn, "join".into(), &own, now());
            Vec::new()
        }
        Act::Leave => room.leave().1,
        Act::Rename(nick) => {
            room.rename(NICKS[nick], "rename".into(), &own);
            Vec::new()
        }
        Act::Lost => room.session_lost(),
        Act::Tick => room.tick(now() + jiff::SignedDuration::from_secs(1000), 900).into_iter().collect(),
        Act::Checked(standing) => {
            room.begin_check();
            room.checked([Standing::In, Standing::Out, Standing::Unknown][standing], Some(now()))
        }
        Act::Unavailable => {
            room.unavailable();
            Vec::new()
        }
        Act::Begin => Vec::new(),
    }
}

/// Who is in the room, as far as the news tell.
fn follow(known: &mut Option<BTreeSet<String>>, room: &Room, news: &News) {
    match (news, known) {
        (News::Entered(_), known) => {
            assert!(known.is_none(), "entered, and was in");
            *known = Some(room.occupants().map(|occupant| occupant.nick.clone()).collect());
        }
        (News::Exited(exit), known) => {
            assert!(known.is_some() || exit.why == Why::Left || matches!(exit.why, Why::Destroyed(_)));
            *known = None;
        }
        (News::Arrived(occupant), Some(known)) => assert!(known.insert(occupant.nick.clone())),
        (News::Departed { occupant, .. }, Some(known)) => assert!(known.remove(&occupant.nick)),
        (News::Renamed { from, to, .. }, Some(known)) => {
            assert!(known.remove(from));
            known.insert(to.clone());
        }
        (News::Refused(_), known) => assert!(known.is_none()),
        (
            News::Arrived(_)
            | News::Departed { .. }
            | News::Renamed { .. }
            | News::Said(_)
            | News::Unspoken(_)
            | News::Whispered { .. },
            None,
        ) => {
            panic!("{news:?} of a room that we are not in")
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn whatever_comes_who_is_told_of_is_who_is_there(acts in prop::collection::vec(act(), 0..60)) {
        let mut room = Room::new(ROOM.parse().unwrap(), Join::as_nick("thirdwitch").other_nicks(1), 10);
        let mut known = None;
        for act in acts {
            let steps = apply(&mut room, act);
            let mut forgotten = false;
            for step in &steps {
                prop_assert!(!forgotten, "nothing comes behind the end: {:?}", steps);
                match step {
                    Step::Tell(news) => follow(&mut known, &room, news),
                    Step::Forget => forgotten = true,
                    _ => {}
                }
            }
            if forgotten {
                prop_assert!(known.is_none());
                return Ok(());
            }
            if let Some(known) = &known && room.phase() == Phase::In {
                let there: BTreeSet<String> = room.occupants().map(|occupant| occupant.nick.clone()).collect();
                prop_assert_eq!(known, &there);
                for occupant in room.occupants() {
                    prop_assert!(!occupant.nick.is_empty());
                }
            }
            prop_assert!(matches!(room.phase(), Phase::In | Phase::Entering) || room.phase() == Phase::Leaving || room.occupants().next().is_none());
        }
    }
}
