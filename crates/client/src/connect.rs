//! From a domain to a connection: SRV, addresses, TCP, direct TLS (RFC 6120 §3.2, XEP-0368, RFC 8305).

use std::net::SocketAddr;
use std::time::Duration;

use stonechat_jid::BareJid;
use stonechat_net::{Resolver, Service, Target, Transport, Unreachable, ascii, interleaved, race};
use stonechat_sasl::Channel;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::protocol::{Error, Security};
use crate::tls::{Handshake, Trust};

/// So many answers of DNS are remembered while the hosts of one domain are looked up.
const REMEMBERED: u64 = 8;
/// How long all addresses of a host may take, and then TLS with it.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many of the hosts that DNS names are tried.
const MOST_TARGETS: usize = 8;

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
    name_server: Option<SocketAddr>,
    handshake: Option<Handshake>,
}

impl Connector {
    pub(crate) fn new(
        place: Place,
        name_server: Option<SocketAddr>,
        account: &BareJid,
        trust: &Trust,
        security: Security,
    ) -> Result<Self, Error> {
        let handshake = match security {
            Security::TlsRequired => Some(Handshake::new(trust, account)?),
            Security::Plaintext => None,
        };
        Ok(Self { place, domain: account.domain().to_owned(), name_server, handshake })
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
            Place::Domain => {
                // Anew, as the network and with it its servers may have become others.
                let found =
                    Resolver::new(REMEMBERED, self.name_server).targets(&self.domain, Service::Client).await;
                return found.map_err(|_| {
                    Error::Network(format!("{} says that it has no server for clients", self.domain))
                });
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

fn network(error: impl std::fmt::Display) -> Error {
    Error::Network(error.to_string())
}

/// Connects to one of a host's addresses, whichever answers first.
async fn reach(target: &Target) -> Result<TcpStream, Error> {
    let host = ascii(target.host.trim_start_matches('[').trim_end_matches(']'));
    let found = lookup_host((host.as_str(), target.port)).await;
    let addresses = found.map_err(|error| Error::Network(format!("{host}: {error}")))?;
    race(interleaved(addresses.collect())).await.map_err(|Unreachable(why)| Error::Network(why))
}
