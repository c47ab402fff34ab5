//! Whether a server is as it was before.

use serde::Serialize;

use super::figures::Figures;

/// How much more memory counts as none: a tenth of what there was, and so many KiB.
const MARGIN_KIB: u64 = 2048;

/// One thing that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is.
    pub what: &'static str,
    /// Behind the warm-up, when the server had settled.
    pub before: u64,
    /// Behind the whole load, when the server had settled.
    pub after: u64,
    /// The most that there may be.
    pub most: u64,
    /// Whether it is as it should be.
    pub passed: bool,
}

/// Compares a server that was left alone with itself: as many descriptors, sessions and connections as before, no more
/// threads, and at most a tenth and 2 MiB more anonymous memory: the pages of files are not its own.
#[must_use]
pub fn judge(before: &Figures, after: &Figures) -> Vec<Check> {
    let same = |what, before, after| Check { what, before, after, most: before, passed: after == before };
    let most = |what, before, after, most| Check { what, before, after, most, passed: after <= most };
    let memory = before.anonymous + before.anonymous / 10 + MARGIN_KIB;
    let mut checks = vec![
        same("descriptors", before.descriptors, after.descriptors),
        most("threads", before.threads, after.threads, before.threads),
        most("anonymous memory in KiB", before.anonymous, after.anonymous, memory),
    ];
    if let (Some(before), Some(after)) = (before.status, after.status) {
        checks.push(same("sessions", before.sessions, after.sessions));
        checks.push(same("connections", before.connections, after.connections));
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Status;

    fn failed(change: impl Fn(&mut Figures)) -> Vec<&'static str> {
        let status = Some(Status { connections: 0, sessions: 0 });
        let (pss, rss, anonymous) = (25_000, 30_000, 20_000);
        let before = Figures { seconds: 60, pss, rss, anonymous, descriptors: 40, threads: 8, status };
        let mut after = before;
        change(&mut after);
        judge(&before, &after).into_iter().filter(|check| !check.passed).map(|check| check.what).collect()
    }

    #[test]
    fn a_server_that_is_as_before_passes_also_with_a_little_more_memory_and_fewer_threads() {
        assert!(failed(|_| {}).is_empty());
        assert!(failed(|after| (after.anonymous, after.threads) = (24_000, 7)).is_empty());
    }

    #[test]
    fn each_leak_fails() {
        assert_eq!(failed(|after| after.descriptors += 1), ["descriptors"]);
        assert_eq!(failed(|after| after.descriptors -= 1), ["descriptors"]);
        assert_eq!(failed(|after| after.threads += 1), ["threads"]);
        assert_eq!(failed(|after| after.anonymous += 4049), ["anonymous memory in KiB"]);
        let one = Some(Status { connections: 1, sessions: 1 });
        assert_eq!(failed(|after| after.status = one), ["sessions", "connections"]);
    }
}
