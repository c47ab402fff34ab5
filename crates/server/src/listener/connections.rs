//! The connections that there are, and how many there may be.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::Network;
use crate::config::Limits;

/// All connections of a server.
#[derive(Debug)]
pub(crate) struct Connections {
    open: Mutex<Open>,
    most: AtomicUsize,
    most_per_network: AtomicUsize,
    refused: AtomicU64,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    /// Those of other servers.
    servers: usize,
    by_network: HashMap<Network, usize>,
    /// `None` for a place whose task has not begun.
    tasks: HashMap<u64, Option<AbortHandle>>,
    next: u64,
}

/// Why a connection is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("there are as many connections as there may be (limits.connections)")]
    Total,
    #[error("there are as many connections from its network as there may be (limits.connections_per_ip)")]
    Network,
}

/// The place of one connection; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    connections: Arc<Connections>,
    network: Network,
    id: u64,
    for_server: bool,
}

impl Connections {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            most: AtomicUsize::new(limits.connections),
            most_per_network: AtomicUsize::new(limits.connections_per_ip),
            refused: AtomicU64::new(0),
            changed: Notify::new(),
        })
    }

    /// Sets other limits. Connections that are there stay.
    pub(crate) fn reconfigure(&self, limits: &Limits) {
        self.most.store(limits.connections, Ordering::Relaxed);
        self.most_per_network.store(limits.connections_per_ip, Ordering::Relaxed);
    }

    /// A place for a connection from this address.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Permit, Refused> {
        self.place(peer).inspect_err(|reason| {
            let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
            // Ever more seldom, so that who floods us does not flood the log.
            if refused.is_power_of_two() {
                tracing::warn!(%peer, refused, %reason, "a connection was refused");
            }
        })
    }

    fn place(self: &Arc<Self>, peer: IpAddr) -> Result<Permit, Refused> {
        let network = Network::of(peer);
        let mut open = self.open.lock();
        if open.total >= self.most.load(Ordering::Relaxed) {
            return Err(Refused::Total);
        }
        let of_network = open.by_network.entry(network).or_default();
        if *of_network >= self.most_per_network.load(Ordering::Relaxed) {
            return Err(Refused::Network);
        }
        *of_network += 1;
        open.total += 1;
        open.next += 1;
        let id = open.next;
        open.tasks.insert(id, None);
        Ok(Permit { connections: Arc::clone(self), network, id, for_server: false })
    }

    /// Runs a connection, which keeps its place for as long as it lasts, in a task of its own.
    pub(crate) fn spawn<F>(permit: Permit, connection: impl FnOnce(Permit) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (connections, id) = (Arc::clone(&permit.connections), permit.id);
        // Nothing around it: a future within another takes its room twice.
        let task = tokio::spawn(connection(permit));
        // Not where the task has ended already. The lock is not held before: a runtime that ends drops the task, and so the permit, at once.
        if let Some(place) = connections.open.lock().tasks.get_mut(&id) {
            *place = Some(task.abort_handle());
        }
    }

    /// How many were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.open.lock().total
    }

    /// Waits until there is none. Cancel safe.
    pub(crate) async fn none_left(&self) {
        self.until(|open| open.total == 0).await;
    }

    /// Waits until there is none but those of other servers. Cancel safe.
    pub(crate) async fn servers_left(&self) {
        self.until(|open| open.total == open.servers).await;
    }

    async fn until(&self, is_so: impl Fn(&Open) -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if is_so(&self.open.lock()) {
                return;
            }
            changed.await;
        }
    }

    /// Cuts all that are left, and says how many.
    pub(crate) fn cut(&self) -> usize {
        let tasks: Vec<AbortHandle> = self.open.lock().tasks.values().flatten().cloned().collect();
        tasks.iter().for_each(AbortHandle::abort);
        tasks.len()
    }
}

impl Permit {
    /// The connection is another server's.
    pub(crate) fn is_for_server(&mut self) {
        if !std::mem::replace(&mut self.for_server, true) {
            self.connections.open.lock().servers += 1;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock();
        open.total -= 1;
        open.servers -= usize::from(self.for_server);
        open.tasks.remove(&self.id);
        if let Some(count) = open.by_network.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                open.by_network.remove(&self.network);
            }
        }
        drop(open);
        self.connections.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn connections(total: usize, per_network: usize) -> Arc<Connections> {
        Connections::new(&Limits { connections: total, connections_per_ip: per_network, ..Limits::default() })
    }

    async fn lasting(_place: Permit) {
        std::future::pending().await
    }

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn both_limits_hold_and_places_come_free_again() {
        let connections = connections(3, 2);
        let first = connections.admit(ip(1)).unwrap();
        let _second = connections.admit(ip(1)).unwrap();
        assert_eq!(connections.admit(ip(1)).unwrap_err(), Refused::Network);
        let _third = connections.admit(ip(2)).unwrap();
        assert_eq!(connections.admit(ip(3)).unwrap_err(), Refused::Total);
        drop(first);
        assert_eq!(connections.count(), 2);
        connections.admit(ip(1)).unwrap();
    }

    #[test]
    fn a_connection_that_comes_while_the_runtime_ends_is_dropped() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _entered = handle.enter();
        let connections = connections(2, 2);
        Connections::spawn(connections.admit(ip(1)).unwrap(), lasting);
        assert_eq!(connections.count(), 0);
    }

    #[tokio::test]
    async fn those_of_other_servers_may_be_left() {
        let connections = connections(2, 2);
        let mut server = connections.admit(ip(1)).unwrap();
        let client = connections.admit(ip(1)).unwrap();
        server.is_for_server();
        server.is_for_server();
        assert!(connections.servers_left().now_or_never().is_none());
        drop(client);
        assert!(connections.servers_left().now_or_never().is_some());
        assert!(connections.none_left().now_or_never().is_none());
        drop(server);
        assert!(connections.none_left().now_or_never().is_some());
        assert_eq!(connections.open.lock().servers, 0);
    }

    #[tokio::test]
    async fn a_task_that_is_cut_gives_its_place_back() {
        let connections = connections(2, 2);
        Connections::spawn(connections.admit(ip(1)).unwrap(), lasting);
        Connections::spawn(connections.admit(ip(1)).unwrap(), |_| async {});
        while connections.count() > 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!(connections.cut(), 1);
        connections.none_left().await;
        assert!(connections.open.lock().by_network.is_empty() && connections.open.lock().tasks.is_empty());
    }
}
