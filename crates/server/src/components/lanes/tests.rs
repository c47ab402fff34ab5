use std::collections::HashMap;

use proptest::prelude::*;
use stonechat_jid::Jid;
use stonechat_stanza::error::Condition;
use stonechat_stanza::message;

use super::*;

const LIMIT: usize = 1000 * OVERHEAD;
const WAIT: Duration = Duration::from_secs(30);

fn message(from: usize, id: usize) -> Stanza {
    let from: Jid = format!("u{from}@example.org/r").parse().unwrap();
    Stanza::message(message::Type::Chat).with_from(from).with_id(&id.to_string())
}

fn ids(stanzas: impl IntoIterator<Item = Stanza>) -> Vec<String> {
    stanzas.into_iter().map(|stanza| stanza.id().unwrap().to_owned()).collect()
}

fn all(lanes: &mut Lanes, lane: Lane, now: Instant) -> Vec<Stanza> {
    lanes.take(lane, usize::MAX, false, now)
}

fn push(lanes: &mut Lanes, from: usize, id: usize, now: Instant) {
    lanes.push(message(from, id), LIMIT, WAIT, now).unwrap();
}

#[test]
fn what_comes_before_the_first_connection_waits_for_it() {
    let now = Instant::now();
    let mut lanes = Lanes::new(now);
    (1..4).for_each(|id| push(&mut lanes, id, id, now));
    let (lane, _) = lanes.join(1, now).unwrap();
    assert_eq!(ids(all(&mut lanes, lane, now)), ["1", "2", "3"]);
    assert_eq!(lanes.bytes, 0);
}

#[test]
fn what_waits_too_long_is_given_back_and_what_comes_then_is_refused_at_once() {
    let now = Instant::now();
    let mut lanes = Lanes::new(now);
    push(&mut lanes, 1, 1, now);
    let (early, late) = (now + WAIT - Duration::from_millis(1), now + WAIT);
    assert!(lanes.give_up(WAIT, early).is_empty());
    push(&mut lanes, 1, 2, early);
    assert_eq!(ids(lanes.give_up(WAIT, late)), ["1", "2"]);
    let refused = lanes.push(message(1, 3), LIMIT, WAIT, late).unwrap_err();
    assert_eq!((refused.condition, refused.kind), (Condition::ServiceUnavailable, Kind::Wait));
    // It is back, and goes again.
    let (lane, _) = lanes.join(1, late).unwrap();
    push(&mut lanes, 1, 4, late);
    assert!(lanes.leave(lane, Vec::new(), late));
    push(&mut lanes, 1, 5, late + WAIT / 2);
    assert_eq!(ids(lanes.give_up(WAIT, late + WAIT)), ["4", "5"]);
}

#[test]
fn no_more_waits_than_there_may() {
    let now = Instant::now();
    let mut lanes = Lanes::new(now);
    let limit = 2 * OVERHEAD;
    lanes.push(message(1, 1), limit, WAIT, now).unwrap();
    lanes.push(message(2, 2), limit, WAIT, now).unwrap();
    let refused = lanes.push(message(3, 3), limit, WAIT, now).unwrap_err();
    assert_eq!((refused.condition, refused.kind), (Condition::ResourceConstraint, Kind::Wait));
    let (lane, _) = lanes.join(1, now).unwrap();
    assert!(lanes.push(message(1, 4), limit, WAIT, now).is_err());
    lanes.take(lane, 1, false, now);
    lanes.push(message(1, 5), limit, WAIT, now).unwrap();
}

#[test]
fn there_are_no_more_connections_than_there_may_be() {
    let now = Instant::now();
    let mut lanes = Lanes::new(now);
    let (first, _) = lanes.join(2, now).unwrap();
    lanes.join(2, now).unwrap();
    assert!(lanes.join(2, now).is_none());
    lanes.leave(first, Vec::new(), now);
    assert!(lanes.join(2, now).is_some() && lanes.count() == 2);
    lanes.retire();
    assert!(lanes.join(9, now).is_none());
    assert!(lanes.push(message(1, 1), LIMIT, WAIT, now).is_err());
}

#[test]
fn several_connections_share_the_senders() {
    let now = Instant::now();
    let mut lanes = Lanes::new(now);
    let joined: Vec<Lane> = (0..4).map(|_| lanes.join(4, now).unwrap().0).collect();
    (0..400).for_each(|id| push(&mut lanes, id, id, now));
    for lane in joined {
        let share = all(&mut lanes, lane, now).len();
        assert!((40..200).contains(&share), "{share}");
    }
}

#[test]
fn a_connection_that_is_added_gets_senders_when_nothing_of_theirs_is_under_way() {
    let mut now = Instant::now();
    let mut lanes = Lanes::new(now);
    let (first, _) = lanes.join(2, now).unwrap();
    (0..100).for_each(|id| push(&mut lanes, id, id, now));
    let (second, _) = lanes.join(2, now).unwrap();
    now += QUIET;
    (0..100).for_each(|id| push(&mut lanes, id, id, now));
    // What waits for the first is not written yet.
    assert_eq!(all(&mut lanes, second, now).len(), 0);
    now += QUIET;
    assert_eq!(all(&mut lanes, first, now).len(), 200);
    (0..100).for_each(|id| push(&mut lanes, id, id, now));
    assert_eq!((all(&mut lanes, second, now).len(), all(&mut lanes, first, now).len()), (0, 100));
    // Now it is.
    now += Duration::from_millis(1);
    assert_eq!(all(&mut lanes, first, now).len(), 0);
    now += QUIET;
    (0..100).for_each(|id| push(&mut lanes, id, id, now));
    let moved = all(&mut lanes, second, now).len();
    assert!(moved > 20 && moved + all(&mut lanes, first, now).len() == 100, "{moved}");
}

#[test]
fn what_a_connection_has_not_written_goes_to_the_others() {
    let now = Instant::now();
    let mut lanes = Lanes::new(now);
    let (first, _) = lanes.join(2, now).unwrap();
    (1..5).for_each(|id| push(&mut lanes, 1, id, now));
    let taken = lanes.take(first, 2 * OVERHEAD, false, now);
    assert_eq!(taken.len(), 2);
    let (second, arrived) = lanes.join(2, now).unwrap();
    // The first was written.
    assert!(!lanes.leave(first, vec![message(1, 2)], now));
    assert_eq!(ids(all(&mut lanes, second, now)), ["2", "3", "4"]);
    let mut arrived = std::pin::pin!(arrived.notified());
    assert!(arrived.as_mut().enable());
}

#[derive(Debug, Clone)]
enum Step {
    Push(usize),
    Join,
    /// So many of that connection's are taken, and so many of these written.
    Take(usize, usize, usize),
    Leave(usize),
    Later,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..6_usize).prop_map(Step::Push),
        2 => Just(Step::Join),
        4 => (0..4_usize, 1..5_usize, 0..5_usize).prop_map(|(at, take, write)| Step::Take(at, take, write)),
        1 => (0..4_usize).prop_map(Step::Leave),
        1 => Just(Step::Later),
    ]
}

proptest! {
    /// What is written has arrived before what is written later: connections of one component differ, but not by more than `QUIET`.
    #[test]
    fn order_is_kept_for_each_sender_nothing_is_lost_and_the_bytes_are_counted(
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let mut now = Instant::now();
        let mut lanes = Lanes::new(now);
        let mut open: Vec<(Lane, Vec<Stanza>)> = Vec::new();
        let mut written: HashMap<String, Vec<usize>> = HashMap::new();
        let mut sent = 0;
        let mut write = |stanza: &Stanza| {
            let from = stanza.from().unwrap().as_str().to_owned();
            written.entry(from).or_default().push(stanza.id().unwrap().parse().unwrap());
        };
        for step in steps {
            match step {
                Step::Push(from) => {
                    prop_assert!(lanes.push(message(from, sent), LIMIT, Duration::from_secs(1 << 30), now).is_ok());
                    sent += 1;
                }
                Step::Join => if let Some((lane, _)) = lanes.join(4, now) {
                    open.push((lane, Vec::new()));
                },
                Step::Take(at, take, count) => if let Some((lane, flight)) = open.get_mut(at) {
                    let is_busy = !flight.is_empty();
                    flight.extend(lanes.take(*lane, take * OVERHEAD, is_busy, now));
                    let count = count.min(flight.len());
                    flight.drain(..count).for_each(|stanza| write(&stanza));
                },
                Step::Leave(at) => if at < open.len() {
                    let (lane, flight) = open.remove(at);
                    lanes.leave(lane, flight, now);
                },
                // By then all that was taken is written.
                Step::Later => {
                    now += QUIET;
                    for (_, flight) in &mut open {
                        flight.drain(..).for_each(|stanza| write(&stanza));
                    }
                }
            }
        }
        for (lane, flight) in open {
            flight.iter().chain(&all(&mut lanes, lane, now)).for_each(&mut write);
        }
        lanes.retire().iter().for_each(&mut write);
        prop_assert_eq!(lanes.bytes, 0);
        prop_assert_eq!(written.values().map(Vec::len).sum::<usize>(), sent);
        for (from, ids) in written {
            prop_assert!(ids.is_sorted(), "{from}: {ids:?}");
        }
    }
}
