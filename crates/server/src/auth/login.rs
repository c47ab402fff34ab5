//! The attempts of one stream to log in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use stonechat_jid::BareJid;
use stonechat_sasl::scram::Decoy;
use stonechat_sasl::server::{self, Context, Exchange, Identity, Lookup, Policy, Step, Success};
use stonechat_sasl::{Channel, Failure, Mechanism};
use stonechat_stream::sasl;

use super::throttle::{Attempt, Throttle};
use crate::accounts::AccountStore;

/// What follows from a message of the client.
#[derive(Debug)]
pub(crate) enum Progress {
    /// The mechanism's next message.
    Challenge(Vec<u8>),
    /// The client is this account.
    Success { account: BareJid, data: Option<Vec<u8>>, anonymous: bool },
    /// The attempt failed.
    Failure(sasl::Failure),
}

/// The attempts of one stream to log in.
#[derive(Debug)]
pub(crate) struct Login<'a> {
    accounts: &'a AccountStore,
    throttle: &'a Throttle,
    peer: IpAddr,
    offer: Option<Offer>,
    exchange: Option<Exchange>,
    attempt: Option<Attempt>,
    /// The state of all accounts when the last one was looked up.
    looked_up_at: Option<u64>,
}

#[derive(Debug)]
struct Offer {
    domain: String,
    context: Arc<Context>,
}

impl<'a> Login<'a> {
    pub(crate) fn new(accounts: &'a AccountStore, throttle: &'a Throttle, peer: IpAddr) -> Self {
        Self { accounts, throttle, peer, offer: None, exchange: None, attempt: None, looked_up_at: None }
    }

    /// What a host offers on this connection: mechanisms, and types of channel binding (XEP-0440).
    pub(crate) fn offer(
        &mut self,
        domain: &str,
        policy: &Policy,
        channel: Channel,
        decoy: Decoy,
    ) -> (Vec<String>, Vec<String>) {
        let context = Context::new(domain, policy, channel, decoy).comparing_identities(same_identity);
        let advertised = context.advertised();
        let offered =
            (advertised.mechanisms().to_vec(), advertised.binding_types().unwrap_or_default().to_vec());
        self.forget();
        self.offer = Some(Offer { domain: domain.to_owned(), context: Arc::new(context) });
        offered
    }

    /// Whether the account that was looked up is the same still.
    pub(crate) fn is_up_to_date(&self) -> bool {
        self.looked_up_at == Some(self.accounts.changes())
    }

    /// The client begins with a mechanism.
    pub(crate) async fn begin(&mut self, mechanism: &str, initial: Option<sasl::Data>) -> Progress {
        self.forget();
        let Some(offer) = &self.offer else { return failed(Failure::InvalidMechanism) };
        let Ok(mechanism) = mechanism.parse::<Mechanism>() else { return failed(Failure::InvalidMechanism) };
        let mut exchange = match Exchange::start(mechanism, Arc::clone(&offer.context)) {
            Ok(exchange) => exchange,
            Err(refusal) => return self.refused(mechanism, None, refusal),
        };
        let step = match initial {
            Some(data) => exchange.step(&data),
            None => exchange.without_initial_response(),
        };
        self.follow(exchange, step).await
    }

    /// The client answers a challenge.
    pub(crate) async fn respond(&mut self, data: &sasl::Data) -> Progress {
        let Some(mut exchange) = self.exchange.take() else { return failed(Failure::MalformedRequest) };
        let step = exchange.step(data);
        self.follow(exchange, step).await
    }

    /// The client gave up, or begins anew. An attempt that had begun to ask for an account stays counted.
    pub(crate) fn forget(&mut self) {
        self.exchange = None;
        self.attempt = None;
    }

    /// Does what the mechanism asks for, until it is the client's turn.
    async fn follow(&mut self, mut exchange: Exchange, mut step: Step) -> Progress {
        let mechanism = exchange.mechanism();
        let mut name = None;
        loop {
            step = match step {
                Step::Challenge(data) => {
                    self.exchange = Some(exchange);
                    return Progress::Challenge(data);
                }
                Step::NeedCredentials(lookup) => {
                    name = Some(lookup.username.clone());
                    match self.look_up(lookup).await {
                        Ok(account) => exchange.provide(account),
                        Err(progress) => return progress,
                    }
                }
                Step::CheckPassword(check) => match self.accounts.derivations().run(|| check.run()).await {
                    Some(checked) => exchange.checked(checked),
                    None => return failed(Failure::TemporaryAuthFailure),
                },
                Step::Done(success) => return self.done(success),
                Step::Failed(refusal) => return self.refused(mechanism, name.as_deref(), refusal),
            };
        }
    }

    /// The account of that name. One that cannot exist goes the same way as one that does not.
    async fn look_up(&mut self, lookup: Lookup) -> Result<server::Account, Progress> {
        let Some(offer) = &self.offer else { return Err(failed(Failure::InvalidMechanism)) };
        let jid = BareJid::from_parts(Some(&lookup.username), &offer.domain).ok();
        let name = jid.as_ref().and_then(|jid| jid.local()).unwrap_or(&lookup.username).to_owned();
        let key = jid.as_ref().map_or(name.as_str(), |jid| jid.as_str());
        match self.throttle.admit(self.peer, key, Instant::now()) {
            Ok(attempt) => self.attempt = Some(attempt),
            Err(throttled) => {
                let (peer, wait) = (self.peer, throttled.0);
                tracing::warn!(%peer, account = key, wait_s = wait.as_secs(), "login refused: too many failures");
                let failure = sasl::Failure::new(sasl::Condition::TemporaryAuthFailure);
                return Err(Progress::Failure(
                    failure.with_text("too many failed attempts; try again later"),
                ));
            }
        }
        self.looked_up_at = Some(self.accounts.changes());
        let found = match &jid {
            Some(jid) => self.accounts.find(jid).await,
            None => Ok(None),
        };
        match found {
            Ok(Some(account)) => {
                let found = server::Account::found(name, account.credentials);
                Ok(if account.disabled { found.refused(Failure::AccountDisabled) } else { found })
            }
            Ok(None) => Ok(server::Account::unknown(name)),
            Err(error) => {
                tracing::error!(%error, "an account cannot be read");
                Err(failed(Failure::TemporaryAuthFailure))
            }
        }
    }

    fn done(&mut self, success: Success) -> Progress {
        let Some(offer) = &self.offer else { return failed(Failure::InvalidMechanism) };
        let (name, anonymous) = match success.identity {
            Identity::Account(name) => (name, false),
            Identity::Anonymous { .. } => match random_name() {
                Some(name) => (name, true),
                None => return failed(Failure::TemporaryAuthFailure),
            },
            // EXTERNAL is never offered.
            Identity::Certificate(_) => return failed(Failure::InvalidMechanism),
        };
        let Ok(account) = BareJid::from_parts(Some(&name), &offer.domain) else {
            return failed(Failure::NotAuthorized);
        };
        if let Some(attempt) = self.attempt.take() {
            self.throttle.succeeded(&attempt);
        }
        tracing::info!(peer = %self.peer, %account, mechanism = success.mechanism.name(), "logged in");
        Progress::Success { account, data: success.data, anonymous }
    }

    fn refused(&mut self, mechanism: Mechanism, name: Option<&str>, refusal: server::Refusal) -> Progress {
        let domain = self.offer.as_ref().map(|offer| offer.domain.as_str()).unwrap_or_default();
        let (peer, name, mechanism) = (self.peer, name.unwrap_or_default(), mechanism.name());
        tracing::info!(%peer, domain, name, mechanism, reason = %refusal.reason, "login failed");
        failed(refusal.failure)
    }
}

/// Authorization identities are addresses, compared as such (RFC 6120 §6.3.8).
fn same_identity(authzid: &str, identity: &str) -> bool {
    BareJid::parse(authzid).is_ok_and(|authzid| authzid.as_str() == identity)
}

/// 128 random bits: the name of somebody anonymous.
fn random_name() -> Option<String> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).ok()?;
    Some(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn failed(failure: Failure) -> Progress {
    Progress::Failure(condition(failure).into())
}

fn condition(failure: Failure) -> sasl::Condition {
    let same_name = |condition: &&sasl::Condition| condition.name() == failure.element_name();
    sasl::Condition::ALL.iter().find(same_name).copied().unwrap_or(sasl::Condition::NotAuthorized)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_a_mechanism_has_its_condition_on_the_wire() {
        for failure in Failure::ALL {
            assert_eq!(condition(failure).name(), failure.element_name());
        }
    }

    #[test]
    fn an_authorization_identity_is_compared_as_an_address() {
        assert!(same_identity("Juliet@Example.ORG", "juliet@example.org"));
        for other in ["romeo@example.org", "juliet@example.org/x", "juliet@example.net", "juliet", ""] {
            assert!(!same_identity(other, "juliet@example.org"), "{other}");
        }
    }
}
