//! Logging in, as far as extensions have a part in it.
//!
//! The core authenticates: it has the mechanisms, the accounts, the slowing down of guesses. Extensions bring other ways to speak of
//! it, other secrets than the password, and what a client wants done together with its login:
//!
//! ```text
//!  client ──▶ Profile::read ──▶ mechanism ⇄ accounts, or Tokens::secrets ─▶ Tokens::accept
//!                                   │ proved: a Claim becomes a Login
//!                                   ▼
//!            Resume ─ a session ──────────────────────────────┐
//!              │ none                                         │
//!              ▼                                              ▼
//!            Bind::resource ─▶ a new session ─▶ AtBind … ─▶ Bind::bound ─▶ AtLogin … ─▶ Profile::success ──▶ client
//!              │ not asked for                                            ▲
//!              └──────────────────────────────────────────────────────────┘
//! ```
//!
//! A [`Profile`] translates, and never says who has authenticated. What else comes in the client's first element are its
//! [requests](Claim::requests); nobody sees them before the claim is proved but [`Tokens`], and nothing is done about them when it is
//! not (XEP-0388 §2.6.2). Each request has one owner for each of [`Resume`], [`Bind`] and [`AtBind`]; of those with the same name the
//! first counts.

mod handler;
mod speaker;
mod table;
mod word;

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use stonechat_jid::BareJid;
use stonechat_stanza::Element;

use crate::session::{Session, SessionState};

pub use handler::{AtBind, AtLogin, Bind, InlineFeature, Profile, Resume, Resumption, Secret, Tokens};
pub use speaker::Speaker;
pub(crate) use table::{LoginTable, own, owner};
pub use word::{Begin, Data, Failed, Offer, Succeeded, Word};

/// The program that a client logs in with, by its own account. Nobody but the account's owner is to see it (XEP-0388 §2.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// What stays the same for an installation: a UUID in lower case.
    pub id: Option<String>,
    /// The name of the software.
    pub software: Option<String>,
    /// The name of the device.
    pub device: Option<String>,
}

/// What a client that wants to log in has said of itself. Nothing of it is proved.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Who it says to be. The account need not exist.
    pub account: BareJid,
    /// The SASL mechanism.
    pub mechanism: String,
    /// The program, where the profile tells.
    pub user_agent: Option<UserAgent>,
    /// What it wants done together with the login: the further children of its first element.
    pub requests: Vec<Element>,
    /// Where it is connected from, when that is a network address.
    pub peer: Option<IpAddr>,
    /// A text that changes whenever what proves the account is made void: by a new password, when the account is disabled, when it is
    /// created anew. Not a secret. What was issued under another one is worth nothing.
    pub epoch: String,
}

impl Claim {
    /// A claim to be this account that says nothing else.
    #[must_use]
    pub fn new(account: BareJid, mechanism: impl Into<String>) -> Self {
        Self {
            account,
            mechanism: mechanism.into(),
            user_agent: None,
            requests: Vec::new(),
            peer: None,
            epoch: String::new(),
        }
    }

    /// The first request of that name.
    #[must_use]
    pub fn request(&self, ns: &str, name: &str) -> Option<&Element> {
        self.requests.iter().find(|request| request.is(name, ns))
    }

    /// What stays the same for the installation that logs in, if it has said so.
    #[must_use]
    pub fn installation(&self) -> Option<&str> {
        self.user_agent.as_ref()?.id.as_deref()
    }
}

/// How a claim was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By the password.
    Password,
    /// By one of the [`Tokens`].
    Token,
    /// Not at all: the account was made up for somebody anonymous, and goes with the session.
    Anonymous,
}

/// A client that has authenticated: its claim, proved.
#[derive(Debug, Clone)]
pub struct Login {
    /// What was proved.
    pub claim: Claim,
    /// By what.
    pub proof: Proof,
}

impl Deref for Login {
    type Target = Claim;
    fn deref(&self) -> &Claim {
        &self.claim
    }
}

/// The login of a session.
#[derive(Debug, Default)]
pub(crate) struct Kept(OnceLock<Arc<Login>>);

impl SessionState for Kept {
    const NAME: &'static str = "login";

    fn save(&self) -> Option<String> {
        let login = self.0.get()?;
        let user_agent = login.user_agent.clone().unwrap_or_default();
        let saved = Saved {
            mechanism: login.mechanism.clone(),
            by_token: login.proof == Proof::Token,
            epoch: login.epoch.clone(),
            id: user_agent.id,
            software: user_agent.software,
            device: user_agent.device,
        };
        toml::to_string(&saved).ok()
    }

    fn restore(session: &Session, saved: &str) {
        let Ok(saved) = toml::from_str::<Saved>(saved) else { return };
        let user_agent = UserAgent { id: saved.id, software: saved.software, device: saved.device };
        let claim = Claim {
            user_agent: (user_agent != UserAgent::default()).then_some(user_agent),
            epoch: saved.epoch,
            ..Claim::new(session.account().jid().clone(), saved.mechanism)
        };
        let proof = if saved.by_token { Proof::Token } else { Proof::Password };
        session.keep_login(&Login { claim, proof });
    }
}

/// What is kept of a login for after a restart. Sessions of who is anonymous do not come so far.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Saved {
    mechanism: String,
    by_token: bool,
    epoch: String,
    id: Option<String>,
    software: Option<String>,
    device: Option<String>,
}

impl Session {
    /// The login that the session came of; `None` for one that was bound without, as in tests. Its requests are left out.
    #[must_use]
    pub fn login(&self) -> Option<Arc<Login>> {
        self.state_if_any::<Kept>()?.0.get().cloned()
    }

    /// Keeps the login as long as the session, without what the client wanted done at once.
    pub(crate) fn keep_login(&self, login: &Login) {
        let mut kept = login.clone();
        kept.claim.requests = Vec::new();
        // The second time there is one already, and a session has one login.
        let _ = self.state::<Kept>().0.set(Arc::new(kept));
    }
}
