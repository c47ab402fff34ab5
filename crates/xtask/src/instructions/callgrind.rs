//! Reading what callgrind writes.

use std::collections::BTreeMap;

/// Only what runs in the example's `measured` is counted, and every name is written out.
pub(super) const OPTIONS: [&str; 6] = [
    "--tool=callgrind",
    "--quiet",
    "--collect-atstart=no",
    "--toggle-collect=hot_path::work::measured*",
    "--compress-strings=no",
    "--compress-pos=no",
];

/// The C library's functions that allocate.
const ALLOCATE: [&str; 6] = ["malloc", "calloc", "realloc", "memalign", "posix_memalign", "aligned_alloc"];

/// What a program did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    /// How many instructions it ran.
    pub(super) instructions: u64,
    /// How often it allocated memory, or had it grown.
    pub(super) allocations: u64,
}

impl Counted {
    /// Reads a profile; `None` when nothing was counted.
    pub(super) fn read(profile: &str) -> Option<Self> {
        let total = |line: &str| line.strip_prefix("totals:")?.trim().parse().ok();
        let instructions = profile.lines().find_map(total).filter(|&instructions| instructions > 0)?;
        let calls = calls(profile);
        let allocations = ALLOCATE.iter().filter_map(|function| calls.get(function)).sum();
        Some(Self { instructions, allocations })
    }

    /// What was done beyond `other`.
    pub(super) fn without(self, other: Self) -> Self {
        Self {
            instructions: self.instructions.saturating_sub(other.instructions),
            allocations: self.allocations.saturating_sub(other.allocations),
        }
    }
}

/// How often each function was called. A line names the function, and one of those after it has the number.
fn calls(profile: &str) -> BTreeMap<&str, u64> {
    let mut calls = BTreeMap::new();
    let mut called = "";
    for line in profile.lines() {
        if let Some(name) = line.strip_prefix("cfn=") {
            // A recursive call is noted as `name'2`.
            called = name.split('\'').next().unwrap_or(name);
        } else if let Some(numbers) = line.strip_prefix("calls=") {
            let number = numbers.split(' ').next().and_then(|number| number.parse::<u64>().ok());
            *calls.entry(called).or_default() += number.unwrap_or(0);
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
# callgrind format
version: 1
creator: callgrind-3.19.0
events: Ir
summary: 1234

fl=hot_path.rs
fn=hot_path::measured
10 4
cfi=malloc.c
cfn=malloc
calls=3 0
12 90
cfn=stonechat_jid::parse
calls=7 20
13 1000

fn=grow
30 10
cfn=malloc'2
calls=1 0
31 30
cfn=realloc
calls=2 0
32 100

totals: 1234
";

    #[test]
    fn instructions_and_calls_of_the_allocator_are_read() {
        assert_eq!(Counted::read(PROFILE), Some(Counted { instructions: 1234, allocations: 6 }));
    }

    #[test]
    fn a_profile_in_which_nothing_was_counted_is_none() {
        assert_eq!(Counted::read("events: Ir\n\ntotals: 0\n"), None);
        assert_eq!(Counted::read("this is no profile"), None);
    }

    #[test]
    fn start_up_is_taken_away() {
        let (few, many) =
            (Counted { instructions: 10, allocations: 2 }, Counted { instructions: 30, allocations: 3 });
        assert_eq!(many.without(few), Counted { instructions: 20, allocations: 1 });
    }
}
