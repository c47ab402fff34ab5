//! TLS: certificates by the host that a client asks for, reloaded while the server runs, and what SASL's channel binding
//! needs of a connection.
//!
//! The certificate is chosen when the client has said whom it wants (SNI), and the handshake
//! keeps it: so `tls-server-end-point` is the hash of the certificate that was sent, also when another has
//! been loaded in between. The crypto provider is aws-lc-rs; TLS 1.2 with the extended master secret only, and 1.3; no
//! tickets and no early data, so that nothing can be replayed.

mod accept;
mod certificates;
mod error;
mod exporter;
mod generate;
mod load;
mod records;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use accept::accept;
pub use certificates::Certificates;
pub(crate) use certificates::Whom;
pub use error::TlsError;
pub use generate::{generate, generate_if_missing};
pub(crate) use load::chain;
pub(crate) use stream::Stream;
