//! Another way to other servers than the system's.

use std::fmt;
use std::io;

use async_trait::async_trait;

use crate::connection::Duplex;

/// How connections with the hosts of other servers come about where the system does not make them: through a proxy, in a tunnel, or in the
/// memory of a test.
///
/// SRV records are looked up all the same, unless there is a route. Addresses of hosts are not: finding them, and saying which may be
/// connected with, is the connector's business then.
#[async_trait]
pub trait Connector: fmt::Debug + Send + Sync + 'static {
    /// Connects with a port of a host, which is a name or an address. Has to be cancel safe; it is given up when it takes too long.
    ///
    /// # Errors
    /// Why there is no connection, in words for operators and for those whose stanzas come back.
    async fn connect(&self, host: &str, port: u16) -> io::Result<Box<dyn Duplex>>;
}
