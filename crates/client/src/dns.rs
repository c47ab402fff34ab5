//! SRV records from DNS.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use tokio::time::timeout;

use crate::srv::{Record, Target, order};

/// How long DNS may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to try for this domain, in order; empty when DNS does not say. `None` when it says that there is no such service.
pub(crate) async fn targets(domain: &str) -> Option<Vec<Target>> {
    let records = match timeout(PATIENCE, records(domain)).await {
        Ok(records) => records,
        Err(_) => {
            tracing::debug!(domain, "DNS does not answer");
            Vec::new()
        }
    };
    order(records, random)
}

async fn records(domain: &str) -> Vec<Record> {
    let Ok(domain) = idna::domain_to_ascii(domain) else { return Vec::new() };
    let resolver = match TokioResolver::builder_tokio().and_then(|builder| builder.build()) {
        Ok(resolver) => resolver,
        Err(error) => {
            tracing::warn!(%error, "DNS is not set up on this system");
            return Vec::new();
        }
    };
    // Both services are one list (XEP-0368 §5).
    let (direct, starttls) = tokio::join!(
        lookup(&resolver, format!("_xmpps-client._tcp.{domain}."), true),
        lookup(&resolver, format!("_xmpp-client._tcp.{domain}."), false),
    );
    direct.into_iter().chain(starttls).collect()
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
