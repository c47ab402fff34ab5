//! What a host offers on a stream to who has not logged in.

use std::sync::Arc;

use stonechat_extension::Host;
use stonechat_sasl::scram::{Advertised, Decoy};
use stonechat_sasl::server::{Context, Policy};
use stonechat_sasl::{Channel, Mechanism};

use super::login::{Spoken, same_identity};

/// What a host offers on a stream.
#[derive(Debug)]
pub(crate) struct Offer {
    host: Arc<Host>,
    /// For passwords, and for who is anonymous.
    passwords: Arc<Context>,
    /// For tokens that an extension issues.
    tokens: Arc<Context>,
}

impl Offer {
    pub(crate) fn new(host: Arc<Host>, policy: &Policy, channel: Channel, decoy: Decoy) -> Self {
        let known = host.tables().token_mechanisms().iter().filter_map(|name| name.parse().ok());
        let tokens = Policy::of(known.filter(|mechanism: &Mechanism| mechanism.takes_token()));
        let context = |policy: &Policy| {
            let context = Context::new(host.domain(), policy, channel.clone(), decoy.clone());
            Arc::new(context.comparing_identities(same_identity))
        };
        let (passwords, tokens) = (context(policy), context(&tokens));
        Self { host, passwords, tokens }
    }

    pub(crate) fn domain(&self) -> &str {
        self.host.domain()
    }

    pub(crate) const fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// The mechanisms for passwords, which every profile lists, so that the hash of XEP-0474 is the same in all, and the types of
    /// channel binding (XEP-0440).
    pub(crate) fn advertised(&self) -> &Advertised {
        self.passwords.advertised()
    }

    /// The mechanisms for tokens.
    pub(crate) fn token_mechanisms(&self) -> &[Mechanism] {
        self.tokens.offered()
    }

    /// Whether TLS protects the stream.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.passwords.channel().is_encrypted()
    }

    /// What an exchange with this mechanism goes by, if it can be had in this profile.
    pub(super) fn context(&self, mechanism: Mechanism, spoken: &Spoken) -> Option<&Arc<Context>> {
        match (mechanism.takes_token(), spoken) {
            (false, _) => Some(&self.passwords),
            (true, Spoken::Profile { .. }) => Some(&self.tokens),
            (true, Spoken::Classic) => None,
        }
    }
}
