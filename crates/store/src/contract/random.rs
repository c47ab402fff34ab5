//! What the model test does: random steps, in few values so that they meet often.

use crate::{Entry, Limit, Query, Trim};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

/// The numbers stand for owners, keys, ids, values and times, few of each so that they meet often.
#[derive(Clone, Debug)]
pub(super) enum Step {
    PutDocument(u8, u8),
    DeleteDocument(u8),
    ExpectDocument(u8, Option<u8>),
    PutMap(u8, u8, u8, Option<u64>),
    DeleteMap(u8, u8),
    ClearMap(u8),
    ExpectMap(u8, u8, Option<u8>),
    Append(u8, Entry, Option<Limit>),
    DeleteEntries(u8, Vec<String>),
    Replace(u8, String, String),
    Trim(u8, Trim, u32),
    Erase(u8),
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    Batch(Vec<Step>),
    Take(u8, u32),
    TakeIds(u8, Vec<String>),
    Query(u8, Query),
}

fn at() -> impl Strategy<Value = Timestamp> {
    (-3..6_i64).prop_map(|micros| Timestamp::from_microsecond(micros).expect("a time that exists"))
}

fn id() -> impl Strategy<Value = String> {
    (0..9_u8).prop_map(|id| format!("id{id}"))
}

fn peer() -> impl Strategy<Value = Option<String>> {
    prop::option::of((0..2_u8).prop_map(|peer| format!("peer{peer}")))
}

fn entry() -> impl Strategy<Value = Entry> {
    let entry = |(id, at, peer, length): (_, _, _, usize)| {
        let value = vec![b'x'; length].into();
        Entry { id, at, peer, value }
    };
    (id(), at(), peer(), 0..5_usize).prop_map(entry)
}

fn limit() -> impl Strategy<Value = Option<Limit>> {
    prop::option::of(
        (1..6_u64, 1..12_u64).prop_map(|(max_entries, max_bytes)| Limit { max_entries, max_bytes }),
    )
}

fn step() -> impl Strategy<Value = Step> {
    let (owner, key, value) = (0..2_u8, 0..3_u8, 0..2_u8);
    let maybe = || prop::option::of(0..2_u8);
    let rule = prop_oneof![at().prop_map(Trim::OlderThan), (0..5_u64).prop_map(Trim::KeepNewest)];
    prop_oneof![
        2 => (owner.clone(), value.clone()).prop_map(|(o, v)| Step::PutDocument(o, v)),
        1 => owner.clone().prop_map(Step::DeleteDocument),
        1 => (owner.clone(), maybe()).prop_map(|(o, v)| Step::ExpectDocument(o, v)),
        3 => (owner.clone(), key.clone(), value, prop::option::of(0..4_u64))
            .prop_map(|(o, k, v, max)| Step::PutMap(o, k, v, max)),
        1 => (owner.clone(), key.clone()).prop_map(|(o, k)| Step::DeleteMap(o, k)),
        1 => owner.clone().prop_map(Step::ClearMap),
        1 => (owner.clone(), key, maybe()).prop_map(|(o, k, v)| Step::ExpectMap(o, k, v)),
        8 => (owner.clone(), entry(), limit()).prop_map(|(o, e, l)| Step::Append(o, e, l)),
        1 => (owner.clone(), vec(id(), 0..3)).prop_map(|(o, ids)| Step::DeleteEntries(o, ids)),
        1 => (owner.clone(), id(), "x{0,9}").prop_map(|(o, id, value)| Step::Replace(o, id, value)),
        1 => (owner.clone(), rule, 0..4_u32).prop_map(|(o, rule, limit)| Step::Trim(o, rule, limit)),
        1 => owner.prop_map(Step::Erase),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let maybe_id = || prop_oneof![2 => Just(Vec::new()), 1 => vec(id(), 1..3)];
    let maybe_at = || prop::option::of(at());
    (maybe_id(), maybe_id(), maybe_at(), maybe_at(), peer(), 0..6_u32, any::<bool>()).prop_map(
        |(after, before, start, end, peer, limit, backwards)| Query {
            after,
            before,
            start,
            end,
            peer,
            limit,
            backwards,
        },
    )
}

/// A batch, a take or a query.
pub(super) fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => vec(step(), 1..4).prop_map(Action::Batch),
        1 => (0..2_u8, 0..3_u32).prop_map(|(owner, limit)| Action::Take(owner, limit)),
        1 => (0..2_u8, vec(id(), 0..3)).prop_map(|(owner, ids)| Action::TakeIds(owner, ids)),
        4 => (0..2_u8, query()).prop_map(|(owner, query)| Action::Query(owner, query)),
    ]
}
