use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn issued(secret: &str, expires: i64) -> Issued {
    Issued::new(Secret::new(secret.to_owned()), "HT-SHA-256-NONE", "1", at(expires))
}

fn with(secret: &str, now: i64) -> Use<'_> {
    Use { secret, epoch: "1", count: None, invalidate: false, now: at(now) }
}

fn secrets(slots: &Slots) -> Vec<String> {
    slots.provable("HT-SHA-256-NONE", "1").map(|issued| issued.secret.expose().to_owned()).collect()
}

/// §3.5.
#[test]
fn the_old_token_holds_until_the_new_one_is_used() {
    let slots = Slots::default().issue(issued("a", 100), at(0)).used(with("a", 1)).unwrap();
    let slots = slots.issue(issued("b", 200), at(2));
    assert_eq!(secrets(&slots), ["b", "a"]);
    let slots = slots.used(with("a", 3)).unwrap();
    assert_eq!(secrets(&slots), ["b", "a"]);
    let slots = slots.used(with("b", 4)).unwrap();
    assert_eq!(secrets(&slots), ["b"]);
    assert_eq!(slots.used(with("a", 5)).unwrap_err(), Refusal::Gone);
}

#[test]
fn a_token_that_was_never_used_goes_when_another_is_issued() {
    let slots = Slots::default().issue(issued("a", 100), at(0)).issue(issued("b", 100), at(1));
    assert_eq!(secrets(&slots), ["b"]);
}

#[test]
fn the_use_of_a_token_ends_those_that_expire_earlier() {
    let slots = Slots::default().issue(issued("a", 100), at(0)).used(with("a", 1)).unwrap();
    let slots = slots.issue(issued("b", 50), at(2)).used(with("a", 3)).unwrap();
    assert_eq!(secrets(&slots), ["a"]);
}

/// §3.4.
#[test]
fn a_count_has_to_grow() {
    let counted = |secret, count| Use { count: Some(count), ..with(secret, 1) };
    let slots = Slots::default().issue(issued("a", 100), at(0)).used(counted("a", 5)).unwrap();
    for replayed in [0, 4, 5] {
        assert_eq!(slots.clone().used(counted("a", replayed)).unwrap_err(), Refusal::Replayed);
    }
    let slots = slots.used(with("a", 2)).unwrap();
    assert_eq!(
        slots.clone().used(counted("a", 5)).unwrap_err(),
        Refusal::Replayed,
        "a use without count forgets nothing"
    );
    slots.used(counted("a", 6)).unwrap().issue(issued("b", 100), at(3)).used(counted("b", 1)).unwrap();
}

#[test]
fn an_expired_token_is_known_and_refused() {
    let slots = Slots::default().issue(issued("a", 100), at(0));
    assert_eq!(secrets(&slots), ["a"]);
    assert!(slots.are_alive("1", at(99)) && !slots.are_alive("1", at(100)));
    assert_eq!(slots.used(with("a", 100)).unwrap_err(), Refusal::Expired);
}

/// §3.4.
#[test]
fn a_token_is_for_its_mechanism_and_its_epoch() {
    let slots = Slots::default().issue(issued("a", 100), at(0));
    assert_eq!(slots.provable("HT-SHA-256-EXPR", "1").count(), 0);
    assert_eq!(slots.provable("HT-SHA-256-NONE", "2").count(), 0);
    assert!(!slots.are_alive("2", at(1)));
    assert_eq!(slots.used(Use { epoch: "2", ..with("a", 1) }).unwrap_err(), Refusal::Gone);
}

/// §3.6.
#[test]
fn invalidation_leaves_nothing() {
    let slots = Slots::default().issue(issued("a", 100), at(0)).used(with("a", 1)).unwrap();
    let slots = slots.issue(issued("b", 200), at(2)).used(Use { invalidate: true, ..with("a", 3) }).unwrap();
    assert!(slots.is_empty());
}

#[test]
fn a_new_token_is_due_some_time_before_the_old_one_expires() {
    let slots = Slots::default().issue(issued("a", 100), at(0));
    assert!(!slots.is_due(50, at(60)), "it was not used yet");
    let slots = slots.used(with("a", 1)).unwrap();
    assert!(!slots.is_due(50, at(49)) && slots.is_due(50, at(50)));
}

#[test]
fn what_is_stored_reads_back_and_debug_shows_no_secret() {
    let slots =
        Slots::default().issue(issued("secret-token", 100), at(0)).used(with("secret-token", 1)).unwrap();
    let read: Slots = serde_json::from_slice(&serde_json::to_vec(&slots).unwrap()).unwrap();
    assert_eq!(secrets(&read), ["secret-token"]);
    assert!(!format!("{read:?}").contains("secret-token"));
}

#[derive(Debug, Clone)]
enum Step {
    Issue,
    Use { which: usize, count: Option<u32>, invalidate: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Issue),
        (0..6_usize, prop::option::of(0..6_u32), prop::bool::weighted(0.1))
            .prop_map(|(which, count, invalidate)| Step::Use { which, count, invalidate }),
    ]
}

proptest! {
    /// Whatever happens in whatever order.
    #[test]
    fn there_are_two_tokens_at_most_and_what_was_replaced_never_comes_back(steps in prop::collection::vec(step(), 0..40)) {
        let (mut slots, mut names, mut dead) = (Slots::default(), Vec::<String>::new(), std::collections::HashSet::new());
        let mut counts = std::collections::HashMap::<String, u32>::new();
        for (now, step) in steps.into_iter().enumerate() {
            let now = i64::try_from(now).unwrap();
            let before = secrets(&slots);
            match step {
                Step::Issue => {
                    let name = format!("t{}", names.len());
                    slots = slots.issue(issued(&name, 1000 + now), at(now));
                    names.push(name);
                }
                Step::Use { which, count, invalidate } => {
                    let Some(name) = names.iter().rev().nth(which) else { continue };
                    match slots.clone().used(Use { count, invalidate, ..with(name, now) }) {
                        Ok(next) => {
                            prop_assert!(before.contains(name) && !dead.contains(name));
                            if let Some(count) = count {
                                prop_assert!(counts.insert(name.clone(), count).is_none_or(|last| last < count));
                            }
                            slots = next;
                        }
                        Err(Refusal::Gone) => prop_assert!(!before.contains(name)),
                        Err(Refusal::Replayed) => prop_assert!(count <= counts.get(name).copied()),
                        Err(Refusal::Expired) => prop_assert!(false),
                    }
                }
            }
            let after = secrets(&slots);
            prop_assert!(after.len() <= 2);
            dead.extend(before.into_iter().filter(|name| !after.contains(name)));
            prop_assert!(after.iter().all(|name| !dead.contains(name)));
        }
    }
}
