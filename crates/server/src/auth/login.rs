//! The attempts of one stream to log in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use stonechat_extension::Host;
use stonechat_extension::login::{self, Begin, Claim, Proof};
use stonechat_jid::BareJid;
use stonechat_sasl::server::{self, Exchange, Identity, Lookup, Step, Success};
use stonechat_sasl::{Failure, Mechanism, Token};
use stonechat_stream::sasl;

use super::failure::{failed, of_extension};
use super::offer::Offer;
use super::throttle::{Attempt, Throttle};
use crate::accounts::AccountStore;

/// What follows from a message of the client.
#[derive(Debug)]
pub(crate) enum Progress {
    /// The mechanism's next message.
    Challenge(Vec<u8>),
    /// The client has authenticated.
    Success(Box<Authenticated>),
    /// The attempt failed.
    Failure(sasl::Failure),
}

/// A client that has authenticated.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) login: login::Login,
    /// The mechanism's last message, where it has one.
    pub(crate) data: Option<Vec<u8>>,
}

/// In which profile of SASL a client speaks.
#[derive(Debug, Clone)]
pub(crate) enum Spoken {
    /// That of RFC 6120. It knows no tokens, and the machine compares the account with that of the header.
    Classic,
    /// That of an extension; the client's header has named this account.
    Profile { named: Option<BareJid> },
}

/// The attempts of one stream to log in.
#[derive(Debug)]
pub(crate) struct Login<'a> {
    accounts: &'a AccountStore,
    throttle: &'a Throttle,
    peer: IpAddr,
    offer: Option<Offer>,
    attempt: Option<Under>,
    /// The state of all accounts when the last one was looked up.
    looked_up_at: Option<u64>,
}

/// An attempt that is under way.
#[derive(Debug)]
struct Under {
    exchange: Exchange,
    begun: Begin,
    spoken: Spoken,
    admitted: Option<Attempt>,
    /// Who the client says to be, once the account was looked up.
    claim: Option<Claim>,
    /// The tokens that would prove it.
    secrets: Vec<login::Secret>,
}

impl<'a> Login<'a> {
    pub(crate) fn new(accounts: &'a AccountStore, throttle: &'a Throttle, peer: IpAddr) -> Self {
        Self { accounts, throttle, peer, offer: None, attempt: None, looked_up_at: None }
    }

    /// Offers something else from now on.
    pub(crate) fn offer(&mut self, offer: Offer) {
        self.forget();
        self.offer = Some(offer);
    }

    /// Whether the account that was looked up is the same still.
    pub(crate) fn is_up_to_date(&self) -> bool {
        self.looked_up_at == Some(self.accounts.changes())
    }

    /// Whether there is an offer, and TLS.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.offer.as_ref().is_some_and(Offer::is_encrypted)
    }

    /// The client begins with a mechanism.
    pub(crate) async fn begin(&mut self, mut begun: Begin, spoken: Spoken) -> Progress {
        self.forget();
        let Ok(mechanism) = begun.mechanism.parse::<Mechanism>() else {
            return failed(Failure::InvalidMechanism);
        };
        let context = self.offer.as_ref().and_then(|offer| offer.context(mechanism, &spoken));
        let Some(context) = context.map(Arc::clone) else { return failed(Failure::InvalidMechanism) };
        let mut exchange = match Exchange::start(mechanism, context) {
            Ok(exchange) => exchange,
            Err(refusal) => return self.refused(mechanism, None, refusal),
        };
        let step = match begun.initial.take() {
            Some(data) => exchange.step(&data),
            None => exchange.without_initial_response(),
        };
        let secrets = Vec::new();
        self.follow(Under { exchange, begun, spoken, admitted: None, claim: None, secrets }, step).await
    }

    /// The client answers a challenge.
    pub(crate) async fn respond(&mut self, data: &[u8]) -> Progress {
        let Some(mut under) = self.attempt.take() else { return failed(Failure::MalformedRequest) };
        let step = under.exchange.step(data);
        self.follow(under, step).await
    }

    /// The client gave up, or begins anew. An attempt that had begun to ask for an account stays counted.
    pub(crate) fn forget(&mut self) {
        self.attempt = None;
    }

    /// Does what the mechanism asks for, until it is the client's turn.
    async fn follow(&mut self, mut under: Under, mut step: Step) -> Progress {
        let mechanism = under.exchange.mechanism();
        let mut name = None;
        loop {
            step = match step {
                Step::Challenge(data) => {
                    self.attempt = Some(under);
                    return Progress::Challenge(data);
                }
                Step::NeedCredentials(lookup) => {
                    name = Some(lookup.username.clone());
                    match self.look_up(&mut under, lookup).await {
                        Ok(account) => under.exchange.provide(account),
                        Err(progress) => return progress,
                    }
                }
                Step::CheckPassword(check) => match self.accounts.derivations().run(|| check.run()).await {
                    Some(checked) => under.exchange.checked(checked),
                    None => return failed(Failure::TemporaryAuthFailure),
                },
                Step::Done(success) => return self.done(under, success).await,
                Step::Failed(refusal) => return self.refused(mechanism, name.as_deref(), refusal),
            };
        }
    }

    /// The account of that name. One that cannot exist goes the same way as one that does not.
    async fn look_up(&mut self, under: &mut Under, lookup: Lookup) -> Result<server::Account, Progress> {
        let Some(offer) = &self.offer else { return Err(failed(Failure::InvalidMechanism)) };
        let jid = BareJid::from_parts(Some(&lookup.username), offer.domain()).ok();
        let name = jid.as_ref().and_then(|jid| jid.local()).unwrap_or(&lookup.username).to_owned();
        let key = jid.as_ref().map_or(name.as_str(), |jid| jid.as_str());
        under.admitted = Some(self.admit(key)?);
        self.looked_up_at = Some(self.accounts.changes());
        let Some(jid) = jid else { return Ok(server::Account::unknown(name)) };
        let found = self.accounts.find(&jid).await.map_err(|error| {
            tracing::error!(%error, "an account cannot be read");
            failed(Failure::TemporaryAuthFailure)
        })?;
        let claim = self.claim(under, jid, found.as_ref().map(|account| account.epoch.clone()));
        let known = if lookup.mechanism.takes_token() {
            let secrets = secrets(offer.host(), &claim).await?;
            let tokens = secrets.iter().filter_map(|secret| Token::new(secret.as_str())).collect();
            under.secrets = secrets;
            found.map(|account| (server::Account::holding(&name, tokens), account.disabled))
        } else {
            found.map(|account| (server::Account::found(&name, account.credentials), account.disabled))
        };
        under.claim = Some(claim);
        Ok(match known {
            Some((account, true)) => account.refused(Failure::AccountDisabled),
            Some((account, false)) => account,
            None => server::Account::unknown(name),
        })
    }

    fn claim(&self, under: &Under, account: BareJid, epoch: Option<String>) -> Claim {
        Claim {
            account,
            mechanism: under.begun.mechanism.clone(),
            user_agent: under.begun.user_agent.clone(),
            requests: under.begun.requests.clone(),
            peer: Some(self.peer),
            epoch: epoch.unwrap_or_default(),
        }
    }

    fn admit(&self, account: &str) -> Result<Attempt, Progress> {
        self.throttle.admit(self.peer, account, Instant::now()).map_err(|throttled| {
            let (peer, wait) = (self.peer, throttled.0);
            tracing::warn!(%peer, account, wait_s = wait.as_secs(), "login refused: too many failures");
            let failure = sasl::Failure::new(sasl::Condition::TemporaryAuthFailure);
            Progress::Failure(failure.with_text("too many failed attempts; try again later"))
        })
    }

    /// The mechanism is content. What is left is whether this is who the client has said to be before, and whether a token holds.
    async fn done(&mut self, mut under: Under, success: Success) -> Progress {
        let Some(offer) = &self.offer else { return failed(Failure::InvalidMechanism) };
        let (name, proof) = match success.identity {
            Identity::Account(name) if success.token.is_some() => (name, Proof::Token),
            Identity::Account(name) => (name, Proof::Password),
            Identity::Anonymous { .. } => match random_name() {
                Some(name) => (name, Proof::Anonymous),
                None => return failed(Failure::TemporaryAuthFailure),
            },
            // EXTERNAL is never offered.
            Identity::Certificate(_) => return failed(Failure::InvalidMechanism),
        };
        let Ok(account) = BareJid::from_parts(Some(&name), offer.domain()) else {
            return failed(Failure::NotAuthorized);
        };
        let peer = self.peer;
        // XEP-0388 §2.3 and §4.4. Who is anonymous has not chosen the name.
        if let Spoken::Profile { named: Some(named) } = &under.spoken
            && *named != account
            && proof != Proof::Anonymous
        {
            tracing::info!(%peer, %account, %named, "login failed: the stream is that of another account");
            return failed(Failure::InvalidAuthzid);
        }
        let claim = match under.claim.take() {
            Some(claim) if claim.account == account => claim,
            Some(_) => return failed(Failure::TemporaryAuthFailure),
            None => self.claim(&under, account, None),
        };
        if let Some(token) = success.token {
            let Some(secret) = under.secrets.get(token) else { return failed(Failure::TemporaryAuthFailure) };
            if let Some(refused) = offer.host().accept_token(&claim, secret).await {
                let account = &claim.account;
                tracing::info!(%peer, %account, reason = refused.condition, "login failed: the token is refused");
                return Progress::Failure(of_extension(refused));
            }
        }
        if let Some(attempt) = under.admitted.take() {
            self.throttle.succeeded(&attempt);
        }
        tracing::info!(%peer, account = %claim.account, mechanism = success.mechanism.name(), "logged in");
        let login = login::Login { claim, proof };
        Progress::Success(Box::new(Authenticated { login, data: success.data }))
    }

    fn refused(&self, mechanism: Mechanism, name: Option<&str>, refusal: server::Refusal) -> Progress {
        let domain = self.offer.as_ref().map(Offer::domain).unwrap_or_default();
        let (peer, name, mechanism) = (self.peer, name.unwrap_or_default(), mechanism.name());
        tracing::info!(%peer, domain, name, mechanism, reason = %refusal.reason, "login failed");
        failed(refusal.failure)
    }
}

async fn secrets(host: &Arc<Host>, claim: &Claim) -> Result<Vec<login::Secret>, Progress> {
    host.token_secrets(claim).await.ok_or_else(|| failed(Failure::TemporaryAuthFailure))
}

/// Authorization identities are addresses, compared as such (RFC 6120 §6.3.8).
pub(super) fn same_identity(authzid: &str, identity: &str) -> bool {
    BareJid::parse(authzid).is_ok_and(|authzid| authzid.as_str() == identity)
}

/// 128 random bits: the name of somebody anonymous.
fn random_name() -> Option<String> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).ok()?;
    Some(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authorization_identity_is_compared_as_an_address() {
        assert!(same_identity("Juliet@Example.ORG", "juliet@example.org"));
        for other in ["romeo@example.org", "juliet@example.org/x", "juliet@example.net", "juliet", ""] {
            assert!(!same_identity(other, "juliet@example.org"), "{other}");
        }
    }
}
