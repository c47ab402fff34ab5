//! One attempt to log in, as the server sees it.

use core::mem;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::scram::{Challenged, Opening};
use super::token::Claim;
use super::{Account, Checked, Context, Identity, Lookup, PasswordCheck, Reason, Refusal, Step, Success};
use crate::prep::{Purpose, saslprep};
use crate::scram::{Credentials, Hash, Keys, nonce};
use crate::{BindingType, Failure, MAX_MESSAGE, Mechanism, anonymous, plain};

/// One attempt to log in, as the server sees it.
///
/// Start it with the mechanism of `<auth/>`; then follow the [`Step`]s. It never blocks, and costs a few hashes per
/// message. Whatever happens out of order ends it with a failure; `<abort/>` is answered with [`Failure::Aborted`] by
/// whoever drops the exchange.
#[derive(Debug)]
pub struct Exchange {
    context: Arc<Context>,
    mechanism: Mechanism,
    state: State,
    #[cfg(test)]
    pub(crate) fixed_nonce: Option<&'static str>,
}

#[derive(Debug)]
enum State {
    /// Nothing was received yet, not even the empty `<auth/>`.
    New,
    /// An empty challenge was sent to have the client speak first.
    Asked,
    /// Waits for the account.
    LookingUp(Login),
    /// Waits for the outcome of a [`PasswordCheck`].
    Checking(Candidate, Option<String>),
    /// Waits for the client's proof.
    Challenged(Box<Challenged>, Option<Reason>, Option<Failure>),
    Over,
}

/// What a client sent to log in with.
#[derive(Debug)]
enum Login {
    Scram(Hash, Box<Opening>),
    Plain { authzid: Option<String>, password: Zeroizing<String> },
    Token(Option<BindingType>, Claim),
}

/// The account that a client says to be.
#[derive(Debug)]
struct Candidate {
    name: String,
    /// Why it cannot succeed whatever is proved: it does not exist.
    decoy: Option<Reason>,
    refused: Option<Failure>,
}

impl Exchange {
    /// Starts an exchange.
    ///
    /// # Errors
    /// The mechanism was not offered on this stream: `invalid-mechanism`, `encryption-required` for PLAIN in the clear,
    /// `mechanism-too-weak` for SCRAM where only its -PLUS variant is offered.
    pub fn start(mechanism: Mechanism, context: Arc<Context>) -> Result<Self, Refusal> {
        context.admit(mechanism)?;
        Ok(Self {
            context,
            mechanism,
            state: State::New,
            #[cfg(test)]
            fixed_nonce: None,
        })
    }

    /// The mechanism.
    #[must_use]
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// For an `<auth/>` without text, which has no initial response (one that is there but empty is `=`, and goes to
    /// [`step`](Self::step)). In every mechanism here the client speaks first, so the server sends an empty challenge
    /// (RFC 4422 §5).
    pub fn without_initial_response(&mut self) -> Step {
        match mem::replace(&mut self.state, State::Over) {
            State::New => {
                self.state = State::Asked;
                Step::Challenge(Vec::new())
            }
            _ => Step::Failed(Refusal::malformed(Reason::UnexpectedMessage)),
        }
    }

    /// Takes a message of the client: the initial response, or the answer to a challenge.
    pub fn step(&mut self, message: &[u8]) -> Step {
        let state = mem::replace(&mut self.state, State::Over);
        if message.len() > MAX_MESSAGE {
            return Step::Failed(Refusal::malformed(Reason::TooLong));
        }
        let step = match state {
            State::New | State::Asked => self.open(message),
            State::Challenged(challenged, decoy, refused) => self.prove(*challenged, decoy, refused, message),
            State::LookingUp(_) | State::Checking(..) | State::Over => {
                Err(Refusal::malformed(Reason::UnexpectedMessage))
            }
        };
        step.unwrap_or_else(Step::Failed)
    }

    /// Takes the account that [`Step::NeedCredentials`] asked for.
    pub fn provide(&mut self, account: Account) -> Step {
        let State::LookingUp(login) = mem::replace(&mut self.state, State::Over) else {
            return out_of_order();
        };
        match login {
            Login::Scram(hash, opening) => {
                let (keys, candidate) = self.candidate(account, hash, |found| found.get(hash).cloned());
                self.challenge(*opening, keys, candidate)
            }
            Login::Plain { authzid, password } => {
                let usual = Credentials::FOR_PLAIN[0];
                let (keys, candidate) = self.candidate(account, usual, |found| found.for_plain().cloned());
                let check = PasswordCheck { password, keys, name: candidate.name.clone() };
                self.state = State::Checking(candidate, authzid);
                Step::CheckPassword(check)
            }
            Login::Token(kind, claim) => self.claim(kind, &claim, account).unwrap_or_else(Step::Failed),
        }
    }

    /// Takes the outcome of the check that [`Step::CheckPassword`] asked for.
    pub fn checked(&mut self, checked: Checked) -> Step {
        let State::Checking(candidate, authzid) = mem::replace(&mut self.state, State::Over) else {
            return out_of_order();
        };
        if checked.name != candidate.name {
            return out_of_order();
        }
        if let Some(reason) = candidate.decoy {
            return Step::Failed(Refusal::unauthorized(reason));
        }
        if !checked.right {
            return Step::Failed(Refusal::unauthorized(Reason::WrongPassword));
        }
        self.done(candidate.name, authzid, candidate.refused, None).unwrap_or_else(Step::Failed)
    }

    /// The client's first message.
    fn open(&mut self, message: &[u8]) -> Result<Step, Refusal> {
        let (username, login) = match self.mechanism {
            Mechanism::Anonymous => return self.anonymous(message),
            Mechanism::External => return self.external(message),
            Mechanism::Plain => plain_login(message)?,
            Mechanism::HashedToken(kind) => {
                let claim = Claim::read(message)?;
                (claim.username.clone(), Login::Token(kind, claim))
            }
            Mechanism::Scram(hash) | Mechanism::ScramPlus(hash) => {
                let opening = Opening::read(&self.context, self.mechanism, message)?;
                (opening.username.clone(), Login::Scram(hash, Box::new(opening)))
            }
        };
        self.state = State::LookingUp(login);
        Ok(Step::NeedCredentials(Lookup { username, mechanism: self.mechanism }))
    }

    /// Real keys, or decoys for who does not exist or has none for this mechanism. Decoys are made in either case, so
    /// that both take as long.
    fn candidate(
        &self,
        account: Account,
        hash: Hash,
        keys: impl FnOnce(&Credentials) -> Option<Keys>,
    ) -> (Keys, Candidate) {
        let decoy = self.context.decoy.keys(&account.name, hash);
        let real = account.credentials.as_ref().and_then(keys);
        let unknown = real.is_none().then_some(Reason::UnknownAccount);
        let candidate = Candidate { name: account.name, decoy: unknown, refused: account.refused };
        (real.unwrap_or(decoy), candidate)
    }

    fn challenge(&mut self, opening: Opening, keys: Keys, candidate: Candidate) -> Step {
        let Some(nonce) = self.nonce() else {
            return Step::Failed(Refusal::new(Failure::TemporaryAuthFailure, Reason::NoRandomness));
        };
        let Candidate { name, decoy, refused } = candidate;
        let challenged = opening.challenge(&self.context, keys, name, &nonce);
        let message = challenged.message().as_bytes().to_vec();
        self.state = State::Challenged(Box::new(challenged), decoy, refused);
        Step::Challenge(message)
    }

    fn nonce(&self) -> Option<String> {
        #[cfg(test)]
        if let Some(fixed) = self.fixed_nonce {
            return Some(fixed.to_owned());
        }
        nonce()
    }

    fn prove(
        &self,
        challenged: Challenged,
        decoy: Option<Reason>,
        refused: Option<Failure>,
        message: &[u8],
    ) -> Result<Step, Refusal> {
        let proved = match (challenged.verify(message), decoy) {
            (Ok(_) | Err(Refusal { reason: Reason::WrongPassword, .. }), Some(reason)) => {
                return Err(Refusal::unauthorized(reason));
            }
            (proved, _) => proved?,
        };
        self.done(proved.name, proved.authzid, refused, Some(proved.message.into_bytes()))
    }

    /// The password was right; the rest is whether the account may come in, and as whom.
    fn done(
        &self,
        name: String,
        authzid: Option<String>,
        refused: Option<Failure>,
        data: Option<Vec<u8>>,
    ) -> Result<Step, Refusal> {
        if let Some(failure) = refused {
            return Err(Refusal::new(failure, Reason::Account));
        }
        self.context.authorize(authzid.as_deref(), &name)?;
        Ok(self.success(Identity::Account(name), authzid, data))
    }

    /// HT: whether one of the account's tokens was proved.
    fn claim(&self, kind: Option<BindingType>, claim: &Claim, account: Account) -> Result<Step, Refusal> {
        let binding = match kind {
            Some(kind) => {
                let binding = self.context.channel().binding(kind);
                binding.ok_or(Refusal::unauthorized(Reason::BindingType))?.data()
            }
            None => &[],
        };
        let (token, data) = claim.proves(&account.tokens, binding)?;
        if let Some(failure) = account.refused {
            return Err(Refusal::new(failure, Reason::Account));
        }
        let identity = Identity::Account(account.name);
        let mechanism = self.mechanism;
        Ok(Step::Done(Success { identity, authzid: None, data: Some(data), token: Some(token), mechanism }))
    }

    fn success(&self, identity: Identity, authzid: Option<String>, data: Option<Vec<u8>>) -> Step {
        Step::Done(Success { identity, authzid, data, token: None, mechanism: self.mechanism })
    }

    fn anonymous(&self, message: &[u8]) -> Result<Step, Refusal> {
        let trace = anonymous::parse(message).ok_or(Refusal::malformed(Reason::Malformed))?;
        Ok(self.success(Identity::Anonymous { trace }, None, None))
    }

    /// RFC 4422 appendix A and XEP-0178: an identity of the certificate, chosen by the client if there are several.
    fn external(&self, message: &[u8]) -> Result<Step, Refusal> {
        let authzid = core::str::from_utf8(message).ok().filter(|authzid| !authzid.contains('\0'));
        let authzid = authzid.ok_or(Refusal::malformed(Reason::Malformed))?;
        let identities = self.context.channel.peer_identities();
        let (identity, authzid) = if authzid.is_empty() {
            let [identity] = identities else {
                return Err(Refusal::new(Failure::InvalidAuthzid, Reason::AmbiguousCertificate));
            };
            (identity, None)
        } else {
            let identity = identities.iter().find(|identity| (self.context.same_identity)(authzid, identity));
            let refusal = Refusal::new(Failure::InvalidAuthzid, Reason::Authzid);
            (identity.ok_or(refusal)?, Some(authzid.to_owned()))
        };
        Ok(self.success(Identity::Certificate(identity.clone()), authzid, None))
    }
}

/// RFC 4616 §2.
fn plain_login(message: &[u8]) -> Result<(String, Login), Refusal> {
    let message = plain::Message::parse(message).ok_or(Refusal::malformed(Reason::Malformed))?;
    let username = saslprep(message.username, Purpose::Query)
        .map_err(|error| Refusal::unauthorized(Reason::Username(error)))?;
    let password = saslprep(message.password, Purpose::Query)
        .map_err(|error| Refusal::unauthorized(Reason::Password(error)))?;
    let authzid = message.authzid.map(ToOwned::to_owned);
    Ok((username.to_string(), Login::Plain { authzid, password }))
}

fn out_of_order() -> Step {
    Step::Failed(Refusal::new(Failure::TemporaryAuthFailure, Reason::OutOfOrder))
}
