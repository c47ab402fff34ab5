//! What a piece of work is.

use std::hint::black_box;

/// A piece of work.
pub(crate) struct Work {
    /// Its name.
    pub(crate) name: &'static str,
    /// What is counted.
    pub(crate) unit: &'static str,
    /// How many of these one round has.
    pub(crate) units: u64,
    /// How many rounds make what differs from round to round disappear.
    pub(crate) rounds: u64,
    /// Makes everything ready.
    pub(crate) prepare: fn() -> Rounds,
}

/// Does so many rounds.
pub(crate) type Rounds = Box<dyn FnMut(u64)>;

/// What runs in here is counted. It is called dynamically and is never inlined, so that the counter finds it by name.
#[inline(never)]
pub(crate) fn measured(work: &mut dyn FnMut()) {
    work();
    // Or the call above would be a jump, and this function over before it.
    black_box(());
}

/// Work of which every part is counted.
pub(crate) fn rounds(mut round: impl FnMut() + 'static) -> Rounds {
    Box::new(move |count| measured(&mut || (0..count).for_each(|_| round())))
}
