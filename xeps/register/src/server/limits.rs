//! How often one may register: buckets that fill with what is counted and empty with time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use jiff::Timestamp;
use parking_lot::Mutex;

use super::Config;

/// Up to `most` at once, and one more every so many milliseconds.
#[derive(Debug, Clone, Copy)]
struct Rate {
    most: i64,
    every: i64,
}

/// A bucket: when it will be empty, in milliseconds since 1970. So it says all in one number (the generic cell rate
/// algorithm of ITU-T I.371).
type Bucket = i64;

impl Rate {
    const fn new(most: u32, seconds: u32) -> Self {
        Self { most: most as i64, every: seconds as i64 * 1000 }
    }

    /// Puts one more into the bucket; false when it is full.
    fn add(self, bucket: &mut Bucket, now: i64) -> bool {
        let full = now + self.most * self.every;
        // A clock that was set back must not lock anybody out for longer than a full bucket takes to empty.
        *bucket = (*bucket).clamp(now, full);
        let fits = *bucket + self.every <= full;
        if fits {
            *bucket += self.every;
        }
        fits
    }
}

/// The counts of all hosts that share the configuration.
#[derive(Debug)]
pub(super) struct Limits {
    attempts: Rate,
    accounts: Rate,
    networks: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Attempts by network; those that are empty are removed when there is no more room.
    networks: HashMap<Ipv6Addr, Bucket>,
    /// Accounts by domain; there are as many as hosts.
    hosts: HashMap<String, Bucket>,
}

impl Limits {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            attempts: Rate::new(config.attempts, config.attempt_every),
            accounts: Rate::new(config.accounts, config.account_every),
            networks: config.networks,
            counts: Mutex::default(),
        }
    }

    /// Counts an attempt from an address and an account of a host; false when there were too many of either.
    pub(super) fn take(&self, peer: Option<IpAddr>, domain: &str, now: Timestamp) -> bool {
        let (network, now) = (network(peer), now.as_millisecond());
        let counts = &mut *self.counts.lock();
        if counts.networks.len() >= self.networks && !counts.networks.contains_key(&network) {
            counts.networks.retain(|_, empty_at| *empty_at > now);
            if counts.networks.len() >= self.networks {
                return false;
            }
        }
        if !self.attempts.add(counts.networks.entry(network).or_insert(now), now) {
            return false;
        }
        if !counts.hosts.contains_key(domain) {
            counts.hosts.insert(domain.to_owned(), now);
        }
        counts.hosts.get_mut(domain).is_some_and(|accounts| self.accounts.add(accounts, now))
    }

    /// Says that the attempt did not make an account; as an attempt it stays counted.
    pub(super) fn no_account(&self, domain: &str) {
        if let Some(bucket) = self.counts.lock().hosts.get_mut(domain) {
            *bucket -= self.accounts.every;
        }
    }
}

/// The network that is counted as one: an IPv4 address, or 64 bits of an IPv6 address.
fn network(peer: Option<IpAddr>) -> Ipv6Addr {
    match peer.map(|peer| peer.to_canonical()) {
        None => Ipv6Addr::UNSPECIFIED,
        Some(IpAddr::V4(address)) => address.to_ipv6_mapped(),
        Some(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits(config: Config) -> Limits {
        Limits::new(&config)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn attempts_of_a_network_are_used_up_and_come_back_one_by_one() {
        let limits = limits(Config { attempts: 2, attempt_every: 10, ..Config::default() });
        let take = |second| limits.take(ip("192.0.2.1"), "a", at(second));
        assert!(take(0) && take(0) && !take(0) && !take(9));
        assert!(take(10) && !take(10));
        assert!(limits.take(ip("192.0.2.2"), "a", at(10)), "another address has its own");
    }

    #[test]
    fn an_ipv6_network_is_one_and_a_mapped_address_is_that_of_ipv4() {
        assert_eq!(network(ip("2001:db8::1")), network(ip("2001:db8::ffff:1")));
        assert_ne!(network(ip("2001:db8::1")), network(ip("2001:db8:0:1::1")));
        assert_eq!(network(ip("::ffff:192.0.2.1")), network(ip("192.0.2.1")));
    }

    #[test]
    fn accounts_of_a_host_are_limited_wherever_they_come_from_and_only_those_that_were_made() {
        let limits = limits(Config { accounts: 1, account_every: 10, ..Config::default() });
        assert!(limits.take(ip("192.0.2.1"), "a", at(0)));
        limits.no_account("a");
        assert!(limits.take(ip("192.0.2.2"), "a", at(0)));
        assert!(!limits.take(ip("192.0.2.3"), "a", at(9)));
        assert!(limits.take(ip("192.0.2.3"), "b", at(9)), "another host has its own");
    }

    #[test]
    fn memory_is_bounded_and_who_was_counted_is_not_forgotten() {
        let config = Config { networks: 3, attempts: 1, attempt_every: 10, ..Config::default() };
        let limits = limits(config);
        for last in 0..100_u8 {
            limits.take(Some([192, 0, 2, last].into()), "a", at(0));
            assert!(limits.counts.lock().networks.len() <= 3);
        }
        assert!(!limits.take(ip("192.0.2.0"), "a", at(9)), "it has had its attempt");
        assert!(limits.take(ip("192.0.2.99"), "a", at(10)), "there is room when the others are forgotten");
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_good() {
        let limits =
            limits(Config { attempts: 2, attempt_every: 10, account_every: 10, ..Config::default() });
        let take = |second| limits.take(ip("192.0.2.1"), "a", at(second));
        assert!(take(100_000));
        // The buckets count as full, and empty from then on.
        assert!(!take(0) && !take(10) && take(20));
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit_pass(gaps in prop::collection::vec(0_i64..30, 1..60), most in 1_u32..5, every in 1_u32..20) {
            let limits = limits(Config { attempts: most, attempt_every: every, ..Config::default() });
            let (mut now, mut passed) = (0, 0);
            for gap in gaps {
                now += gap;
                passed += i64::from(limits.take(None, "a", at(now)));
                prop_assert!(passed <= i64::from(most) + now / i64::from(every));
            }
        }
    }
}
