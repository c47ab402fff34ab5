//! A server that serves.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_extension::{Ending, Host, Hosts};
use stonechat_jid::BareJid;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::accounts::{AccountStore, PasswordPolicy};
use crate::assemble::Workshop;
use crate::config::{Config, Kind, Listener};
use crate::connection::{Duplex, Socket};
use crate::listener::{self, Bound};
use crate::shared::Shared;
use crate::tls::{Certificates, TlsError};
use crate::{ServerError, components, federation, server};

/// A server that serves. Dropping it stops the server at once: listeners are closed, connections are cut.
#[derive(Debug)]
pub struct RunningServer {
    shared: Arc<Shared>,
    workshop: Workshop,
    listening: Mutex<Vec<Listening>>,
    /// One reload at a time.
    reloading: tokio::sync::Mutex<()>,
}

/// A listener that accepts connections, until this is dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: Listener,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Listening {
    pub(crate) fn begin(bound: Bound, shared: &Arc<Shared>) -> Self {
        let (listener, address) = (bound.listener.clone(), bound.address);
        let stop = shared.stopping.child_token();
        tracing::info!(%address, kind = ?listener.kind, "listening");
        tokio::spawn(listener::accept(bound, Arc::clone(shared), stop.clone()));
        Self { listener, address, stop }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What a reload did not change, because it takes effect when the server starts again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// The keys.
    pub at_next_start: Vec<&'static str>,
}

impl RunningServer {
    pub(crate) fn new(shared: Arc<Shared>, workshop: Workshop, listening: Vec<Listening>) -> Self {
        Self { shared, workshop, listening: Mutex::new(listening), reloading: tokio::sync::Mutex::default() }
    }

    /// Where it listens, in the order of the configuration, with the ports that the system chose.
    #[must_use]
    pub fn addresses(&self) -> Vec<(Kind, SocketAddr)> {
        self.listening.lock().iter().map(|listening| (listening.listener.kind, listening.address)).collect()
    }

    /// Its hosts. Accounts are created and removed there ([`Host::create_account`]), so that extensions hear of it.
    #[must_use]
    pub fn hosts(&self) -> &Arc<Hosts> {
        &self.shared.hosts
    }

    /// One of its hosts.
    #[must_use]
    pub fn host(&self, domain: &str) -> Option<Arc<Host>> {
        self.shared.hosts.get(domain)
    }

    /// Serves a connection that has not come to one of its listeners, as one of that kind: one that was handed over by another program,
    /// has come through a tunnel, or is in the memory of a test. `peer` is whose it is, for the limits. False where there are as many as
    /// there may be.
    pub fn serve(&self, stream: impl Duplex, kind: Kind, peer: IpAddr) -> bool {
        let Ok(permit) = self.shared.connections.admit(peer) else { return false };
        // The address is that of a listener that nothing listens on.
        let address = (peer, 0).into();
        let listener = Listener { kind, ..Listener::starttls(address) };
        let stream = Socket::Other(Box::new(stream));
        listener::serve(permit, stream, peer, listener, Arc::clone(&self.shared));
        true
    }

    /// The accounts of all hosts.
    #[must_use]
    pub fn accounts(&self) -> &AccountStore {
        &self.shared.accounts
    }

    /// How many connections there are, those that have not logged in included.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.count()
    }

    /// How many connections were refused since the start, because there were as many as there may be.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.shared.connections.refused()
    }

    /// The ways to other servers that have been wanted: which streams there are, what waits, and what has failed.
    #[must_use]
    pub fn federation(&self) -> Vec<federation::Status> {
        self.shared.federation.status()
    }

    /// The streams of other servers that are there.
    #[must_use]
    pub fn arrivals(&self) -> Vec<federation::Arrival> {
        self.shared.federation.arrivals()
    }

    /// Tries the way from a domain of this server to another server's, as a stanza would take it, and says how it went, step by step: the
    /// last is good if stanzas could be sent. What waits elsewhere is not touched. Takes `federation.connect` twice at the most; cancel
    /// safe.
    pub async fn examine(&self, sender: &BareJid, target: &BareJid) -> Vec<federation::Step> {
        self.shared.federation.examine(sender, target).await
    }

    /// The configuration in service.
    #[must_use]
    pub fn config(&self) -> Config {
        self.shared.state.load().config.clone()
    }

    /// Takes another configuration, all of it or, with an error, nothing. Connections that are there stay, with the limits
    /// and timeouts that they began with; sessions of hosts that are gone end with `host-gone`.
    ///
    /// # Errors
    /// [`ServerError`]; everything stays as it was then.
    pub async fn reload(&self, config: Config) -> Result<Reloaded, ServerError> {
        let _one_at_a_time = self.reloading.lock().await;
        config.check()?;
        let fresh = Certificates::load(&config)?;
        let peers = federation::Fresh::load(&config)?;
        let secrets = components::Fresh::load(&config)?;
        let old = self.shared.state.load_full();
        let assembly = self.workshop.assemble(config.clone(), Some(&old)).await?;
        let added = self.bind_added(&config)?;

        // From here on nothing fails.
        let (state, gone) = self.workshop.put_in_service(assembly, &self.shared.hosts);
        self.shared.certificates.replace(fresh);
        self.shared.federation.reconfigure(peers);
        self.shared.components.reconfigure(secrets);
        self.shared.accounts.set_policy(PasswordPolicy::from(&config.authentication));
        self.shared.throttle.reconfigure(&config.authentication);
        self.shared.connections.reconfigure(&config.limits);
        self.shared.state.store(Arc::new(state));
        self.replace_listeners(&config, added);
        for host in gone {
            self.shared.hosts.remove(host.domain());
            end_sessions(&host, &Ending::HostGone);
        }
        tracing::info!("configuration reloaded");
        Ok(Reloaded { at_next_start: at_next_start(&old.config, &config) })
    }

    /// Reads the certificate files of the present configuration again.
    ///
    /// # Errors
    /// [`TlsError`]; the old certificates stay in service then.
    pub fn reload_certificates(&self) -> Result<(), TlsError> {
        let state = self.shared.state.load();
        self.shared.certificates.replace(Certificates::load(&state.config)?);
        tracing::info!("certificates reloaded");
        Ok(())
    }

    /// Stops: no connection is accepted any more, every session is told `system-shutdown` after it got what waited for it,
    /// and messages that were not written are stored or returned. Connections that take longer than
    /// `timeouts.shutdown` are cut; says how many.
    pub async fn shutdown(self) -> usize {
        let shared = Arc::clone(&self.shared);
        shared.stopping.cancel();
        for host in shared.hosts.all() {
            end_sessions(&host, &Ending::Shutdown);
        }
        let patience = shared.state.load().config.timeouts.shutdown;
        let ended = async {
            shared.connections.servers_left().await;
            shared.federation.leave_theirs();
            shared.connections.none_left().await;
        };
        let cut = match timeout(patience, ended).await {
            Ok(()) => 0,
            Err(_) => shared.connections.cut(),
        };
        shared.connections.none_left().await;
        shared.closing.close();
        shared.closing.wait().await;
        // They may be of other servers, to whom what was for a component goes back.
        shared.components.stop().await;
        shared.federation.stop();
        shared.federation.stopped().await;
        self.workshop.journal.stop().await;
        tracing::info!(cut, "stopped");
        cut
    }

    /// Binds the listeners that are not there yet.
    fn bind_added(&self, config: &Config) -> Result<Vec<Bound>, ServerError> {
        let listening = self.listening.lock();
        let mut there: Vec<&Listener> = listening.iter().map(|listening| &listening.listener).collect();
        let mut added = Vec::new();
        for (at, listener) in config.listeners.iter().enumerate() {
            match there.iter().position(|other| *other == listener) {
                Some(found) => drop(there.swap_remove(found)),
                None => added.push(server::bind(at, listener)?),
            }
        }
        Ok(added)
    }

    /// Keeps the listeners that are still wanted, drops the others, and begins with `added`; in the order of `config`.
    fn replace_listeners(&self, config: &Config, added: Vec<Bound>) {
        let mut listening = self.listening.lock();
        let mut old = std::mem::take(&mut *listening);
        let mut added: Vec<Listening> =
            added.into_iter().map(|bound| Listening::begin(bound, &self.shared)).collect();
        for listener in &config.listeners {
            let from = if old.iter().any(|listening| listening.listener == *listener) {
                &mut old
            } else {
                &mut added
            };
            if let Some(at) = from.iter().position(|listening| listening.listener == *listener) {
                listening.push(from.remove(at));
            }
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.shared.stopping.cancel();
        self.shared.federation.stop();
        self.shared.connections.cut();
    }
}

fn end_sessions(host: &Host, ending: &Ending) {
    for account in host.connected() {
        for session in account.sessions() {
            session.mailbox().end(ending.clone());
        }
    }
}

fn at_next_start(old: &Config, new: &Config) -> Vec<&'static str> {
    let mut keys = Vec::new();
    if old.limits.sessions_per_account != new.limits.sessions_per_account {
        keys.push("limits.sessions_per_account");
    }
    if old.timeouts.mailbox != new.timeouts.mailbox {
        keys.push("timeouts.mailbox");
    }
    if old.federation.connecting != new.federation.connecting {
        keys.push("federation.connecting");
    }
    if old.federation.name_server != new.federation.name_server {
        keys.push("federation.name_server");
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Server, connection};
    use stonechat_extension::Registry;
    use stonechat_store::Store;

    #[tokio::test]
    async fn the_task_of_a_session_that_idles_is_small() {
        let listener = Listener { plaintext: true, ..Listener::starttls("127.0.0.1:0".parse().unwrap()) };
        let config = Config { listeners: vec![listener.clone()], ..Config::for_host("localhost") };
        let server = Server::run(config, Registry::default(), Store::memory()).await.unwrap();
        let address = server.addresses()[0].1;
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let place = server.shared.connections.admit(address.ip()).unwrap();
        let task =
            connection::serve(place, Socket::Tcp(stream), address.ip(), listener, Arc::clone(&server.shared));
        assert!(size_of_val(&task) <= 1024, "{} bytes", size_of_val(&task));
    }
}
