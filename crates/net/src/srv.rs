//! Where the server of a domain is (RFC 6120 §3.2, RFC 2782, XEP-0368 §5).

/// Whom a domain is to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Clients: `xmpp-client`.
    Client,
    /// Other servers: `xmpp-server`.
    Server,
}

impl Service {
    /// The name that IANA has registered for streams that begin in the clear.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "xmpp-client",
            Self::Server => "xmpp-server",
        }
    }

    /// The name for streams where TLS is the first word (XEP-0368 §3).
    pub(crate) const fn direct_tls_name(self) -> &'static str {
        match self {
            Self::Client => "xmpps-client",
            Self::Server => "xmpps-server",
        }
    }

    /// The port that IANA has assigned.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Client => 5222,
            Self::Server => 5269,
        }
    }
}

/// A host that may serve the domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Its name, or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether TLS is the first word there.
    pub direct_tls: bool,
}

impl Target {
    /// RFC 6120 §3.2.2: without records it is the domain itself, at the port that IANA has assigned.
    #[must_use]
    pub fn fallback(domain: &str, service: Service) -> Self {
        Self { host: domain.to_owned(), port: service.port(), direct_tls: false }
    }
}

/// An SRV record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) priority: u16,
    pub(crate) weight: u16,
    pub(crate) target: Target,
}

impl Record {
    /// A target of `.` says that there is no such service here.
    fn is_refusal(&self) -> bool {
        matches!(self.target.host.as_str(), "" | ".")
    }
}

/// What to try, in order: by priority, and within one by chance according to weight (RFC 2782). `None` when the records say that there is
/// no such service. `random(n)` is below `n`.
pub(crate) fn order(mut records: Vec<Record>, mut random: impl FnMut(u64) -> u64) -> Option<Vec<Target>> {
    if !records.is_empty() && records.iter().all(Record::is_refusal) {
        return None;
    }
    records.retain(|record| !record.is_refusal());
    // Those without weight first, so that they have a small chance.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let of_priority = records.iter().take_while(|record| record.priority == first.priority).count();
        let sum: u64 = records[..of_priority].iter().map(|record| u64::from(record.weight)).sum();
        let chosen = random(sum + 1);
        let mut running = 0;
        let at = records[..of_priority].iter().position(|record| {
            running += u64::from(record.weight);
            running >= chosen
        });
        ordered.push(records.remove(at.unwrap_or(0)).target);
    }
    Some(ordered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(priority: u16, weight: u16, host: &str) -> Record {
        Record { priority, weight, target: Target { host: host.to_owned(), port: 1, direct_tls: false } }
    }

    fn hosts(records: &[Record], random: impl FnMut(u64) -> u64) -> Vec<String> {
        order(records.to_vec(), random).unwrap().into_iter().map(|target| target.host).collect()
    }

    #[test]
    fn a_lower_priority_comes_first_and_weight_decides_within() {
        let records = [record(20, 0, "c"), record(10, 1, "a"), record(10, 9, "b")];
        assert_eq!(hosts(&records, |_| 0), ["a", "b", "c"]);
        assert_eq!(hosts(&records, |below| below - 1), ["b", "a", "c"]);
    }

    #[test]
    fn a_target_of_a_dot_says_that_there_is_no_service() {
        assert_eq!(order(vec![record(0, 0, ".")], |_| 0), None);
        assert_eq!(hosts(&[record(0, 0, "."), record(1, 0, "a")], |_| 0), ["a"]);
        assert_eq!(order(Vec::new(), |_| 0), Some(Vec::new()));
    }

    #[test]
    fn chances_are_by_weight() {
        let records = [record(0, 10, "few"), record(0, 90, "many")];
        let first = (0..=100).filter(|chosen| hosts(&records, |_| *chosen)[0] == "many").count();
        assert_eq!(first, 90);
    }

    proptest! {
        #[test]
        fn each_target_is_tried_once_and_priorities_are_kept(list in prop::collection::vec((0..4_u16, any::<u16>()), 0..12), seed: u64) {
            let records: Vec<Record> = list.iter().enumerate().map(|(at, (p, w))| record(*p, *w, &format!("{p}-{at}"))).collect();
            let mut state = seed;
            let ordered = hosts(&records, |below| { state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1); state % below });
            prop_assert_eq!(ordered.len(), records.len());
            prop_assert!(ordered.is_sorted_by_key(|host| host.split('-').next().unwrap().to_owned()));
            let mut unique = ordered.clone();
            unique.sort();
            unique.dedup();
            prop_assert_eq!(unique.len(), records.len());
        }
    }
}
