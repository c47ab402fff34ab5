//! What a client is, and how it behaves.

use std::time::Duration;

use stonechat_jid::BareJid;
use stonechat_sasl::client::{Login, Policy};
use stonechat_sasl::{Mechanism, Token};
use stonechat_stream::codec::Limits;

use super::{Backoff, KeepAlive, QueueLimits, Unacknowledged, UserAgent};

/// A token that stands for the password at later logins (XEP-0484). To be kept like a password, together with the
/// [id](UserAgent::id) of the installation. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct FastToken {
    /// The secret.
    pub token: Token,
    /// The mechanism that it is for.
    pub mechanism: Mechanism,
    /// How often it was used.
    pub used: u32,
}

impl std::fmt::Debug for FastToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FastToken")
            .field("mechanism", &self.mechanism)
            .field("used", &self.used)
            .finish_non_exhaustive()
    }
}

/// Whether the connection has to be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// Nothing is said about anybody before TLS is there, and nothing is done without it.
    #[default]
    TlsRequired,
    /// No TLS at all: for a server on the same machine only.
    Plaintext,
}

/// What a client is, and how it behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// The account.
    pub account: BareJid,
    /// The resource to wish for; `None` for one that the server makes.
    pub resource: Option<String>,
    /// What to log in with.
    pub login: Login,
    /// Which mechanisms are good enough.
    pub policy: Policy,
    /// Whether to try again without channel binding where a server offers -PLUS, says of no type of binding that it can check it
    /// (XEP-0440), and refuses ours: some servers offer what they cannot do with TLS 1.3. Not where the policy asks for channel binding.
    /// Who switches this off does not get in there, and nobody who has a certificate for the domain can bring about a login without
    /// binding.
    pub unbound_after_refusal: bool,
    /// Whether the connection has to be protected.
    pub security: Security,
    /// Whether to log in by SASL2 (XEP-0388) where that is offered, with all that can be done at once.
    pub sasl2: bool,
    /// Whether to ask for a token (XEP-0484); that needs [`UserAgent::id`].
    pub fast: bool,
    /// A token of an earlier login.
    pub token: Option<FastToken>,
    /// The program.
    pub user_agent: UserAgent,
    /// The language of the user.
    pub lang: Option<String>,
    /// Whether the session is to survive its connection (XEP-0198).
    pub resume: bool,
    /// What becomes of what was not acknowledged when the session cannot be resumed.
    pub unacknowledged: Unacknowledged,
    /// How much XML the server may send, once it has let us in.
    pub limits: Limits,
    /// How much waits to be sent or acknowledged.
    pub queue: QueueLimits,
    /// How long a login may take, from the connection's first byte.
    pub login_time: Duration,
    /// When to ask whether the server is still there.
    pub keep_alive: KeepAlive,
    /// How long to wait before attempts to connect; `None` not to connect again.
    pub reconnect: Option<Backoff>,
    /// How long the server has to close a stream that we have closed.
    pub close_time: Duration,
    /// Something random, so that not all clients do the same at the same time.
    pub seed: u64,
}

impl Config {
    /// The defaults for an account and a way to log in.
    #[must_use]
    pub fn new(account: BareJid, login: Login) -> Self {
        Self {
            account,
            resource: None,
            login,
            policy: Policy::default(),
            unbound_after_refusal: true,
            security: Security::default(),
            sasl2: true,
            fast: true,
            token: None,
            user_agent: UserAgent { software: Some("Stonechat".to_owned()), ..UserAgent::default() },
            lang: None,
            resume: true,
            unacknowledged: Unacknowledged::default(),
            limits: Limits { bytes: 1 << 20, ..Limits::authenticated() },
            queue: QueueLimits::default(),
            login_time: Duration::from_secs(60),
            keep_alive: KeepAlive::default(),
            reconnect: Some(Backoff::default()),
            close_time: Duration::from_secs(5),
            seed: 1,
        }
    }
}

/// What a server may send before it has let us in: its features, which may list much, and the exchange of SASL.
pub(super) const BEFORE_LOGIN: Limits =
    Limits { bytes: 32 << 10, depth: 12, elements: 512, attributes: 32, bindings: 16, name: 128 };
