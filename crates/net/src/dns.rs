//! SRV records and addresses from DNS.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use tokio::time::timeout;

use crate::ascii;
use crate::reach::Unreachable;
use crate::srv::{Record, Service, Target, order};

/// How long DNS may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The domain says that it has no such service: its SRV records name the host `.` (RFC 2782).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("DNS says that there is no such service")]
pub struct NoService;

/// Asks DNS as the system is set up to, and remembers a bounded number of answers for as long as they are valid.
#[derive(Clone)]
pub struct Resolver(Option<TokioResolver>);

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Resolver").field(&self.0.is_some()).finish()
    }
}

impl Resolver {
    /// One that remembers at most so many answers, and asks this DNS server, or those of the system. Where DNS is not set up on this
    /// system, which is logged, it finds nothing.
    #[must_use]
    pub fn new(remembers: u64, server: Option<SocketAddr>) -> Self {
        let builder = match server {
            Some(server) => {
                Ok(TokioResolver::builder_with_config(only(server), TokioRuntimeProvider::default()))
            }
            None => TokioResolver::builder_tokio(),
        };
        let built = builder.and_then(|mut builder| {
            builder.options_mut().cache_size = remembers;
            builder.build()
        });
        match built {
            Ok(resolver) => Self(Some(resolver)),
            Err(error) => {
                tracing::warn!(%error, "DNS is not set up on this system");
                Self(None)
            }
        }
    }

    /// What to try for this domain, in order: what its SRV records say, or else the domain itself. DNS is not asked about addresses and
    /// this machine. Takes 10 s at the most; cancel safe.
    ///
    /// # Errors
    /// [`NoService`].
    pub async fn targets(&self, domain: &str, service: Service) -> Result<Vec<Target>, NoService> {
        if is_known(domain) {
            return Ok(vec![Target::fallback(domain, service)]);
        }
        let records = timeout(PATIENCE, self.records(domain, service)).await.unwrap_or_else(|_| {
            tracing::debug!(domain, "DNS does not answer");
            Vec::new()
        });
        let targets = order(records, random).ok_or(NoService)?;
        Ok(if targets.is_empty() { vec![Target::fallback(domain, service)] } else { targets })
    }

    /// The addresses of a target, of both families. Takes 10 s at the most; cancel safe.
    ///
    /// # Errors
    /// [`Unreachable`] when there are none.
    pub async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, Unreachable> {
        let host = bare(&target.host);
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, target.port)]);
        }
        let host = ascii(host);
        let resolver = self.0.as_ref().ok_or_else(|| Unreachable(format!("{host}: there is no DNS here")))?;
        let found = timeout(PATIENCE, resolver.lookup_ip(format!("{host}."))).await;
        let found = found.map_err(|_| Unreachable(format!("{host}: DNS does not answer")))?;
        let found = found.map_err(|error| Unreachable(format!("{host}: {error}")))?;
        Ok(found.iter().map(|address| SocketAddr::new(address, target.port)).collect())
    }

    async fn records(&self, domain: &str, service: Service) -> Vec<Record> {
        let (Some(resolver), Ok(domain)) = (&self.0, idna::domain_to_ascii(domain)) else {
            return Vec::new();
        };
        // Both services are one list (XEP-0368 §5).
        let (direct, starttls) = tokio::join!(
            lookup(resolver, format!("_{}._tcp.{domain}.", service.direct_tls_name()), true),
            lookup(resolver, format!("_{}._tcp.{domain}.", service.name()), false),
        );
        direct.into_iter().chain(starttls).collect()
    }
}

fn only(server: SocketAddr) -> ResolverConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    config.connections.iter_mut().for_each(|connection| connection.port = server.port());
    ResolverConfig::from_parts(None, Vec::new(), vec![config])
}

async fn lookup(resolver: &TokioResolver, name: String, direct_tls: bool) -> Vec<Record> {
    let found = match resolver.srv_lookup(name.as_str()).await {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!(name, %error, "no SRV records");
            return Vec::new();
        }
    };
    let record = |record: &hickory_resolver::proto::rr::Record| match &record.data {
        RData::SRV(srv) => {
            let host = srv.target.to_utf8();
            let host = host.strip_suffix('.').unwrap_or(&host).to_owned();
            let target = Target { host, port: srv.port, direct_tls };
            Some(Record { priority: srv.priority, weight: srv.weight, target })
        }
        _ => None,
    };
    found.answers().iter().filter_map(record).collect()
}

/// Whether DNS has nothing to say: for an address, and for this machine (RFC 6761 §6.3).
fn is_known(domain: &str) -> bool {
    bare(domain).parse::<IpAddr>().is_ok() || domain == "localhost" || domain.ends_with(".localhost")
}

/// An address without its brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// A number below `below`. Without randomness, always another one.
fn random(below: u64) -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [0; 8];
    let number = match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_ne_bytes(bytes),
        Err(_) => COUNT.fetch_add(1, Ordering::Relaxed),
    };
    number % below.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_is_not_asked_about_addresses_and_this_machine() {
        for domain in ["localhost", "im.localhost", "127.0.0.1", "[::1]"] {
            assert!(is_known(domain), "{domain}");
        }
        assert!(!is_known("example.org") && !is_known("notlocalhost"));
    }

    #[tokio::test]
    async fn without_dns_it_is_the_domain_itself_and_an_address_is_its_own() {
        let resolver = Resolver(None);
        let targets = resolver.targets("example.org", Service::Server).await.unwrap();
        assert_eq!(targets, [Target { host: "example.org".into(), port: 5269, direct_tls: false }]);
        assert!(resolver.addresses(&targets[0]).await.is_err());
        let address = Target { host: "[::1]".into(), port: 1, direct_tls: false };
        assert_eq!(resolver.addresses(&address).await.unwrap(), ["[::1]:1".parse().unwrap()]);
    }
}
