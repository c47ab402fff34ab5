//! Slows down guessing of passwords.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::buckets::Buckets;
use crate::config::Authentication;
use crate::listener::Network;

/// How many networks, accounts, and pairs of both are remembered. When there are more, the ones
/// forgotten soonest make room.
const REMEMBERED: usize = 1 << 16;

/// Counts failed attempts by network, by account, and by both.
///
/// While the attempts for an account are used up, each network still has some of its own for that account: a stranger who
/// guesses from elsewhere does not lock the owner out. An attempt counts when it begins, so that many at the same
/// time count too; one that succeeds is given back.
#[derive(Debug)]
pub(crate) struct Throttle {
    tables: Mutex<Tables>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Tables {
    by_network: Buckets<Network>,
    /// By the keyed hash of the account's name, so that names of any length cost the same.
    by_account: Buckets<u64>,
    by_both: Buckets<(u64, Network)>,
}

/// An attempt that was admitted.
#[derive(Debug)]
pub(crate) struct Attempt {
    network: Network,
    account: u64,
    counted: Counted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    OnAccount,
    OnBoth,
}

/// Too many attempts failed; the time after which another one is admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttled(pub(crate) Duration);

impl Throttle {
    pub(crate) fn new(config: &Authentication) -> Self {
        let tables = Tables {
            by_network: Buckets::new(&config.per_ip, REMEMBERED),
            by_account: Buckets::new(&config.per_account, REMEMBERED),
            by_both: Buckets::new(&config.per_account_and_ip, REMEMBERED),
        };
        Self { tables: Mutex::new(tables), hasher: RandomState::new() }
    }

    /// Sets other limits; what was counted stays counted.
    pub(crate) fn reconfigure(&self, config: &Authentication) {
        let mut tables = self.tables.lock();
        tables.by_network.reconfigure(&config.per_ip);
        tables.by_account.reconfigure(&config.per_account);
        tables.by_both.reconfigure(&config.per_account_and_ip);
    }

    /// Whether somebody at this address may try to log in to this account now.
    ///
    /// # Errors
    /// [`Throttled`].
    pub(crate) fn admit(&self, peer: IpAddr, account: &str, now: Instant) -> Result<Attempt, Throttled> {
        let network = Network::of(peer);
        let account = self.hasher.hash_one(account);
        let mut tables = self.tables.lock();
        tables.by_network.wait(&network, now).map_or(Ok(()), |wait| Err(Throttled(wait)))?;
        let counted = if tables.by_account.wait(&account, now).is_none() {
            tables.by_account.charge(account, now);
            Counted::OnAccount
        } else {
            let both = (account, network);
            tables.by_both.wait(&both, now).map_or(Ok(()), |wait| Err(Throttled(wait)))?;
            tables.by_both.charge(both, now);
            Counted::OnBoth
        };
        tables.by_network.charge(network, now);
        Ok(Attempt { network, account, counted })
    }

    /// The attempt succeeded, so it is not counted.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        let mut tables = self.tables.lock();
        tables.by_network.refund(&attempt.network);
        match attempt.counted {
            Counted::OnAccount => tables.by_account.refund(&attempt.account),
            Counted::OnBoth => tables.by_both.refund(&(attempt.account, attempt.network)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn throttle(per_ip: u32, per_account: u32, per_both: u32) -> Throttle {
        let limit = |failures| config::Throttle { failures, forgotten_after: Duration::from_secs(10) };
        Throttle::new(&Authentication {
            per_ip: limit(per_ip),
            per_account: limit(per_account),
            per_account_and_ip: limit(per_both),
            ..Authentication::default()
        })
    }

    #[test]
    fn an_address_runs_out_of_attempts_whatever_the_account_and_gets_them_back_with_time() {
        let throttle = throttle(3, 100, 100);
        let now = Instant::now();
        for account in ["a", "b", "c"] {
            throttle.admit(HERE, account, now).unwrap();
        }
        let Throttled(wait) = throttle.admit(HERE, "d", now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(10));
        throttle.admit(THERE, "d", now).unwrap();
        throttle.admit(HERE, "d", now + wait).unwrap();
    }

    #[test]
    fn an_owner_is_not_locked_out_by_somebody_who_guesses_elsewhere() {
        let throttle = throttle(1000, 5, 2);
        let now = Instant::now();
        while throttle.admit(HERE, "victim", now).is_ok() {}
        throttle.admit(THERE, "victim", now).unwrap();
        throttle.admit(THERE, "victim", now).unwrap();
        assert!(throttle.admit(THERE, "victim", now).is_err());
        throttle.admit(HERE, "somebody-else", now).unwrap();
    }

    #[test]
    fn success_is_not_counted() {
        let throttle = throttle(2, 2, 1);
        let now = Instant::now();
        for _ in 0..20 {
            let attempt = throttle.admit(HERE, "juliet", now).unwrap();
            throttle.succeeded(&attempt);
        }
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        let throttle = throttle(1, 100, 100);
        let now = Instant::now();
        throttle.admit("2001:db8::1".parse().unwrap(), "a", now).unwrap();
        assert!(throttle.admit("2001:db8::ffff".parse().unwrap(), "b", now).is_err());
        throttle.admit("2001:db8:0:1::1".parse().unwrap(), "c", now).unwrap();
    }
}
