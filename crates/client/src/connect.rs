//! From a domain to a connection: SRV, addresses, TCP, direct TLS (RFC 6120 §3.2, XEP-0368, RFC 8305).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use stonechat_jid::BareJid;
use stonechat_sasl::Channel;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::dns;
use crate::protocol::{Error, Security};
use crate::srv::{Target, fallback};
use crate::tls::{Handshake, Trust};
use crate::transport::Transport;

/// How long to wait for one address before the next is tried as well (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);
/// How long all addresses of a host may take, and then TLS with it.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many of the hosts that DNS names are tried.
const MOST_TARGETS: usize = 8;
/// So many addresses of a host are tried.
const MOST_ADDRESSES: usize = 8;

/// Where to connect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// Where the domain's SRV records say, or else the domain itself at port 5222.
    #[default]
    Domain,
    /// This host, for a stream that begins in the clear (STARTTLS).
    Host(String, u16),
    /// This host, where TLS is the first word (XEP-0368).
    DirectTls(String, u16),
}

/// What it takes to connect.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    place: Place,
    domain: String,
    handshake: Option<Handshake>,
}

impl Connector {
    pub(crate) fn new(
        place: Place,
        account: &BareJid,
        trust: &Trust,
        security: Security,
    ) -> Result<Self, Error> {
        let handshake = match security {
            Security::TlsRequired => Some(Handshake::new(trust, account)?),
            Security::Plaintext => None,
        };
        Ok(Self { place, domain: account.domain().to_owned(), handshake })
    }

    /// Connects, with TLS where that comes first.
    pub(crate) async fn connect(self) -> Result<(Transport, Option<Channel>), Error> {
        let mut last = None;
        for target in self.targets().await?.into_iter().take(MOST_TARGETS) {
            if target.direct_tls && self.handshake.is_none() {
                continue;
            }
            match self.try_target(&target).await {
                Ok(connected) => return Ok(connected),
                Err(error) => {
                    tracing::debug!(host = target.host, port = target.port, %error, "no connection");
                    // What TLS has to say matters more than that another host is not there.
                    if !matches!((&last, &error), (Some(Error::Tls(_)), Error::Network(_))) {
                        last = Some(error);
                    }
                }
            }
        }
        Err(last.unwrap_or_else(|| Error::Network(format!("{} has no server for clients", self.domain))))
    }

    /// TLS on a connection that STARTTLS has made ready.
    pub(crate) async fn after_starttls(self, transport: Transport) -> Result<(Transport, Channel), Error> {
        match (self.handshake, transport) {
            (Some(handshake), Transport::Tcp(stream)) => {
                let shaken = timeout(PATIENCE, handshake.after_starttls(stream)).await;
                shaken.unwrap_or_else(|_| Err(Error::Tls("the handshake took too long".to_owned())))
            }
            _ => Err(Error::Tls("TLS is not to be begun here".to_owned())),
        }
    }

    async fn targets(&self) -> Result<Vec<Target>, Error> {
        let (host, port, direct_tls) = match &self.place {
            Place::Host(host, port) => (host.clone(), *port, false),
            Place::DirectTls(host, port) => (host.clone(), *port, true),
            Place::Domain if is_known(&self.domain) => return Ok(vec![fallback(&self.domain)]),
            Place::Domain => {
                let found = dns::targets(&self.domain).await;
                let none =
                    || Error::Network(format!("{} says that it has no server for clients", self.domain));
                let targets = found.ok_or_else(none)?;
                return Ok(if targets.is_empty() { vec![fallback(&self.domain)] } else { targets });
            }
        };
        Ok(vec![Target { host, port, direct_tls }])
    }

    async fn try_target(&self, target: &Target) -> Result<(Transport, Option<Channel>), Error> {
        let late = |_| Error::Network(format!("{} does not answer", target.host));
        let stream = timeout(PATIENCE, reach(target)).await.map_err(late)??;
        // Small stanzas are not to wait for each other.
        stream.set_nodelay(true).map_err(network)?;
        match &self.handshake {
            Some(handshake) if target.direct_tls => {
                let shaken = timeout(PATIENCE, handshake.direct(stream)).await;
                let (transport, channel) =
                    shaken.unwrap_or_else(|_| Err(Error::Tls("the handshake took too long".to_owned())))?;
                Ok((transport, Some(channel)))
            }
            _ => Ok((Transport::Tcp(stream), None)),
        }
    }
}

/// Whether DNS has nothing to say: for an address, and for this machine (RFC 6761 §6.3).
fn is_known(domain: &str) -> bool {
    let address = domain.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok() || domain == "localhost" || domain.ends_with(".localhost")
}

fn network(error: impl std::fmt::Display) -> Error {
    Error::Network(error.to_string())
}

/// Connects to one of a host's addresses, whichever answers first.
async fn reach(target: &Target) -> Result<TcpStream, Error> {
    let host = target.host.trim_start_matches('[').trim_end_matches(']');
    // As DNS has it; what cannot be written so is left to the resolver to refuse.
    let host = idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_owned());
    let found = lookup_host((host.as_str(), target.port)).await;
    let addresses = found.map_err(|error| Error::Network(format!("{host}: {error}")))?;
    race(interleaved(addresses.collect())).await
}

/// The families take turns, that of the first address first (RFC 8305 §4).
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let most = first.len().max(second.len());
    let pairs = (0..most).flat_map(|at| [first.get(at), second.get(at)]);
    pairs.flatten().copied().take(MOST_ADDRESSES).collect()
}

/// Each address gets a head start; when it fails, the next does not wait.
async fn race(addresses: Vec<SocketAddr>) -> Result<TcpStream, Error> {
    let mut rest = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut last = Error::Network("the host has no address".to_owned());
    loop {
        let next = rest.next();
        if let Some(address) = next {
            attempts.spawn(async move {
                TcpStream::connect(address)
                    .await
                    .map_err(|error| Error::Network(format!("{address}: {error}")))
            });
        }
        if attempts.is_empty() {
            return Err(last);
        }
        tokio::select! {
            Some(ended) = attempts.join_next() => match ended {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(error) => last = network(error),
            },
            () = sleep(HEAD_START), if next.is_some() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_take_turns() {
        let parse =
            |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let addresses = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1"]);
        assert_eq!(interleaved(addresses), parse(&["[::1]:1", "127.0.0.1:1", "[::2]:1", "[::3]:1"]));
        assert!(interleaved(Vec::new()).is_empty());
    }

    #[test]
    fn dns_is_not_asked_about_addresses_and_this_machine() {
        for domain in ["localhost", "im.localhost", "127.0.0.1", "[::1]"] {
            assert!(is_known(domain), "{domain}");
        }
        assert!(!is_known("example.org") && !is_known("notlocalhost"));
    }

    #[tokio::test]
    async fn an_address_that_refuses_does_not_keep_another_from_being_tried() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bad = closed.local_addr().unwrap();
        drop(closed);
        let stream = race(vec![bad, good]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        assert!(race(vec![bad]).await.is_err() && race(Vec::new()).await.is_err());
    }
}
