//! Other servers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::seconds;

/// What it takes for another server to be spoken with. TLS always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// A certificate that an authority has signed and that names the domain, in both directions.
    #[default]
    Certificate,
    /// Such a certificate, or else dialback (XEP-0220), which trusts DNS and the network.
    Dialback,
    /// Nothing: that domain is not spoken with.
    Refuse,
}

/// How TLS comes to a connection with another server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteKind {
    /// STARTTLS.
    #[default]
    S2s,
    /// TLS from the first byte (XEP-0368).
    S2sDirectTls,
}

/// Where the server of a domain is, whatever DNS says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// A host name or an address, also one of a private network.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How TLS comes to the connection. Default: `"s2s"`, STARTTLS.
    #[serde(default)]
    pub kind: RouteKind,
}

/// What is different for one domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Peer {
    /// What it takes to be spoken with. Default: `federation.policy`.
    pub policy: Option<Policy>,
    /// Where its server is. Default: where DNS says.
    pub route: Option<Route>,
}

/// Streams with other servers. There are none without a listener of kind `s2s` or `s2s-direct-tls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Federation {
    /// What it takes for domains that are not named in `peers`: `"certificate"`, `"dialback"` or `"refuse"`. Default: certificate.
    pub policy: Policy,
    /// A file with the certificates of the authorities that are believed (PEM). Default: those that the system trusts.
    pub authorities: Option<PathBuf>,
    /// The DNS server that is asked, as `address:port`. Default: those of the system. A change takes effect at the next start.
    pub name_server: Option<SocketAddr>,
    /// Whether DNS may lead to addresses of this machine and of private networks. Default: no.
    pub private_addresses: bool,
    /// Bytes that wait for one domain to take them, and to say so where it does (XEP-0198); what is more goes back to its
    /// senders. Default: 1048576.
    pub queue_bytes: usize,
    /// Pairs of domains with which streams from here are held or tried at the same time. Where there are so many, the stream that idles for
    /// longest is closed for a new pair. A fourth of them may be tried for the same sender, and a fourth held or tried for the same account,
    /// whose own idle streams are closed first. Default: 1000.
    pub pairs: usize,
    /// Streams that are being set up at the same time, a fourth of them for the same sender; others wait for their turn. So many again may be
    /// set up to ask about the keys of others (dialback). Default: 50. A change takes effect at the next start.
    pub connecting: usize,
    /// Whether streams are for both directions where the other server wants that as well (XEP-0288). Default: yes.
    pub bidi: bool,
    /// Pairs of domains that one stream of another server may be for (XEP-0220 §2.6). Default: 20.
    pub pairs_per_stream: usize,
    /// How long setting up a stream may take, and waiting for the turn to, in seconds; what waits goes back to its senders then.
    /// Default: 30.
    #[serde(with = "seconds")]
    pub connect: Duration,
    /// How long a stream is kept on which nothing is said, in seconds. Default: 600.
    #[serde(with = "seconds")]
    pub idle: Duration,
    /// How long a domain is tried again when a stream to it breaks, in seconds; what is under way goes back to its senders
    /// then. Default: 60.
    #[serde(with = "seconds")]
    pub reconnect: Duration,
    /// How long a stream of another server that broke can be resumed, in seconds (XEP-0198 §5). 0: not at all. Default: 600.
    #[serde(with = "seconds")]
    pub resume: Duration,
    /// Streams with other servers of which is remembered how far they were, so that they can be resumed. Default: 1000.
    pub resumable: usize,
    /// How long a domain that could not be reached is not tried again, in seconds; doubled each time it cannot. Default: 5.
    #[serde(with = "seconds")]
    pub retry_first: Duration,
    /// The longest of these times, in seconds. Default: 300.
    #[serde(with = "seconds")]
    pub retry_most: Duration,
    /// What is different for some domains; `*.example.net` is all that are below `example.net`.
    pub peers: BTreeMap<String, Peer>,
}

impl Default for Federation {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            authorities: None,
            name_server: None,
            private_addresses: false,
            queue_bytes: 1 << 20,
            pairs: 1000,
            connecting: 50,
            bidi: true,
            pairs_per_stream: 20,
            connect: Duration::from_secs(30),
            idle: Duration::from_secs(600),
            reconnect: Duration::from_secs(60),
            resume: Duration::from_secs(600),
            resumable: 1000,
            retry_first: Duration::from_secs(5),
            retry_most: Duration::from_secs(300),
            peers: BTreeMap::new(),
        }
    }
}

impl Federation {
    /// What it takes for this domain to be spoken with.
    #[must_use]
    pub fn policy_for(&self, domain: &str) -> Policy {
        self.peers_of(domain).find_map(|peer| peer.policy).unwrap_or(self.policy)
    }

    /// Where the server of this domain is, if that is not left to DNS.
    #[must_use]
    pub fn route_for(&self, domain: &str) -> Option<&Route> {
        self.peers_of(domain).find_map(|peer| peer.route.as_ref())
    }

    /// What is different for a domain: for itself, and then for those above it, the nearest first.
    fn peers_of(&self, domain: &str) -> impl Iterator<Item = &Peer> {
        let above = domain.match_indices('.').map(|(at, _)| format!("*{}", &domain[at..]));
        let above = above.filter_map(|pattern| self.peers.get(pattern.as_str()));
        self.peers.get(domain).into_iter().chain(above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_that_is_named_has_its_own_policy() {
        let text =
            "policy = \"refuse\"\n[peers.\"example.net\"]\npolicy = \"dialback\"\n[peers.\"example.com\"]";
        let federation: Federation = toml::from_str(text).unwrap();
        assert_eq!(federation.policy_for("example.net"), Policy::Dialback);
        assert_eq!(federation.policy_for("example.com"), Policy::Refuse);
        assert_eq!(federation.policy_for("example.org"), Policy::Refuse);
        assert_eq!(Federation::default().policy_for("example.org"), Policy::Certificate);
    }

    #[test]
    fn what_is_said_of_all_below_a_domain_holds_for_those_that_are_not_named() {
        let text = "[peers.\"*.example.net\"]\npolicy = \"refuse\"\nroute = { host = \"127.0.0.1\", port = 1 }\n\
                    [peers.\"*.good.example.net\"]\npolicy = \"dialback\"\n[peers.\"im.example.net\"]\npolicy = \"certificate\"";
        let federation: Federation = toml::from_str(text).unwrap();
        for (domain, policy) in [
            ("a.example.net", Policy::Refuse),
            ("a.b.example.net", Policy::Refuse),
            ("a.good.example.net", Policy::Dialback),
            ("im.example.net", Policy::Certificate),
            ("example.net", Policy::Certificate),
            ("notexample.net", Policy::Certificate),
        ] {
            assert_eq!(federation.policy_for(domain), policy, "{domain}");
        }
        assert!(
            federation.route_for("im.example.net").is_some() && federation.route_for("example.net").is_none()
        );
    }
}
