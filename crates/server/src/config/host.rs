//! A virtual host.

use serde::{Deserialize, Serialize};

use super::{Extensions, KeyPair};

/// A virtual host: a domain whose accounts are here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Host {
    /// The host's own certificate. Default: the one of the server's `tls` section.
    pub tls: Option<KeyPair>,
    /// Offers ANONYMOUS (XEP-0175): whoever asks gets an account that is gone with its session. Default: no.
    pub anonymous: bool,
    /// What is different from the extensions of all hosts.
    pub extensions: Extensions,
}
