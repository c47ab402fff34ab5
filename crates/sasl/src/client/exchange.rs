//! One attempt to log in, as the client sees it.

use core::mem;

use zeroize::Zeroizing;

use super::login::Secret;
use super::scram::{Answered, Challenged, Opened, Verified};
use super::{Choice, Derivation, Derived, Error, Login};
use crate::prep::{Purpose, saslprep};
use crate::scram::{ClientKeys, Hash, Key, nonce};
use crate::{BindingType, MAX_MESSAGE, Mechanism, anonymous, plain, token};

/// One attempt to log in, as the client sees it.
///
/// After an error the exchange is over and every further call fails; send `<abort/>` and close the stream.
#[derive(Debug)]
pub struct Exchange {
    choice: Choice,
    state: State,
}

#[derive(Debug)]
enum State {
    /// A mechanism of one message, which was sent: the server only has to agree.
    Sent,
    /// A token was proved; the server has to prove it too, with this.
    Claimed(Key),
    /// Waits for the server's first message.
    Opened(Opened, KeySource),
    /// Waits for the keys.
    Deriving(Box<Challenged>),
    /// Waits for the server's signature.
    Answered(Box<Answered>),
    /// The signature came in a challenge and is right; waits for the success.
    Verified(Box<Verified>),
    Over,
}

/// Where SCRAM's keys come from.
struct KeySource {
    password: Option<Zeroizing<String>>,
    cached: Option<Box<ClientKeys>>,
}

impl core::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeySource").finish_non_exhaustive()
    }
}

/// What to do about a challenge.
#[derive(Debug)]
#[must_use = "the server waits for the answer"]
pub enum Reply {
    /// Send this as `<response/>`.
    Respond(Vec<u8>),
    /// Carry the derivation out on a thread that may be busy, and give its outcome to [`Exchange::derived`].
    Derive(Derivation),
}

impl Exchange {
    /// Starts an exchange. Gives the initial response for `<auth/>`, which every mechanism has; if it is empty, it is
    /// sent as `=` ([`encoding::encode`](crate::encoding::encode)).
    ///
    /// In PLAIN the message contains the password, and wiping it once it was sent is the caller's.
    ///
    /// # Errors
    /// The login does not fit the choice, or cannot be expressed in the mechanism; no randomness.
    pub fn start(choice: Choice, login: Login) -> Result<(Self, Vec<u8>), Error> {
        let nonce = nonce().ok_or(Error::NoRandomness)?;
        Self::start_with_nonce(choice, login, nonce)
    }

    pub(crate) fn start_with_nonce(
        choice: Choice,
        login: Login,
        nonce: String,
    ) -> Result<(Self, Vec<u8>), Error> {
        if !login.fits(choice.mechanism) {
            return Err(Error::Login);
        }
        let (state, message) = match choice.mechanism {
            Mechanism::Scram(hash) | Mechanism::ScramPlus(hash) => open_scram(&choice, hash, login, nonce)?,
            Mechanism::Plain => (State::Sent, plain_message(&login)?),
            Mechanism::HashedToken(_) => claim_token(&choice, &login)?,
            Mechanism::External => (State::Sent, external_message(login)?),
            Mechanism::Anonymous if anonymous::is_valid(&login.username) => {
                (State::Sent, login.username.into_bytes())
            }
            Mechanism::Anonymous => return Err(Error::Inexpressible),
        };
        Ok((Self { choice, state }, message))
    }

    /// The mechanism.
    #[must_use]
    pub fn mechanism(&self) -> Mechanism {
        self.choice.mechanism
    }

    /// Takes a challenge of the server.
    ///
    /// # Errors
    /// Everything that is wrong with the server's message, by [`Error`].
    pub fn challenge(&mut self, message: &[u8]) -> Result<Reply, Error> {
        let state = mem::replace(&mut self.state, State::Over);
        if message.len() > MAX_MESSAGE {
            return Err(Error::TooLong);
        }
        match state {
            State::Opened(opened, source) => self.read_first(opened, source, message),
            // Some servers send the signature as a challenge and success without data (RFC 4422 §3.6).
            State::Answered(answered) => {
                self.state = State::Verified(Box::new(answered.verify(message)?));
                Ok(Reply::Respond(Vec::new()))
            }
            State::Sent | State::Claimed(_) | State::Deriving(_) | State::Verified(_) | State::Over => {
                Err(Error::UnexpectedMessage)
            }
        }
    }

    /// Takes the keys that [`Reply::Derive`] asked for. Gives the text of `<response/>`.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if no keys were asked for, or these are not the ones.
    pub fn derived(&mut self, derived: Derived) -> Result<Vec<u8>, Error> {
        match mem::replace(&mut self.state, State::Over) {
            State::Deriving(challenged) if challenged.takes(&derived.0) => {
                Ok(self.answer(*challenged, derived.0))
            }
            _ => Err(Error::OutOfOrder),
        }
    }

    /// Takes the server's success with its additional data, if any. In SCRAM this is where the server proves to know
    /// the password, if it has not done so in a challenge.
    ///
    /// # Errors
    /// [`Error::SignatureMissing`] and [`Error::SignatureMismatch`]: whoever this server is, the client must not go on
    /// with it. [`Error::UnexpectedMessage`] if the server is not at the point where it could have succeeded.
    pub fn success(self, data: Option<&[u8]>) -> Result<Authenticated, Error> {
        if data.is_some_and(|data| data.len() > MAX_MESSAGE) {
            return Err(Error::TooLong);
        }
        let data = data.filter(|data| !data.is_empty());
        let mut mutual = false;
        let verified = match (self.state, data) {
            (State::Sent, None) => None,
            (State::Claimed(expected), Some(data)) => {
                if !token::is(data, &expected) {
                    return Err(Error::SignatureMismatch);
                }
                mutual = true;
                None
            }
            (State::Verified(verified), None) => Some(*verified),
            (State::Answered(answered), Some(data)) => Some(answered.verify(data)?),
            (State::Claimed(_) | State::Answered(_) | State::Opened(..) | State::Deriving(_), None) => {
                return Err(Error::SignatureMissing);
            }
            _ => return Err(Error::UnexpectedMessage),
        };
        let (keys, proved_offer) = match verified {
            Some(Verified { keys, proved_offer }) => (Some(keys), proved_offer),
            None => (None, false),
        };
        Ok(Authenticated {
            mechanism: self.choice.mechanism,
            binding: self.choice.binding().map(crate::ChannelBinding::kind),
            mutual: mutual || keys.is_some(),
            keys,
            proved_offer,
        })
    }

    fn read_first(&mut self, opened: Opened, source: KeySource, message: &[u8]) -> Result<Reply, Error> {
        let challenged = opened.read(&self.choice, message)?;
        match (source.cached, source.password) {
            (Some(keys), _) if challenged.takes(&keys) => Ok(Reply::Respond(self.answer(challenged, *keys))),
            (_, Some(password)) => {
                let derivation = challenged.derivation(password);
                self.state = State::Deriving(Box::new(challenged));
                Ok(Reply::Derive(derivation))
            }
            (_, None) => Err(Error::KeysOutdated),
        }
    }

    fn answer(&mut self, challenged: Challenged, keys: ClientKeys) -> Vec<u8> {
        let (answered, message) = challenged.answer(keys);
        self.state = State::Answered(Box::new(answered));
        message
    }
}

fn open_scram(choice: &Choice, hash: Hash, login: Login, nonce: String) -> Result<(State, Vec<u8>), Error> {
    let source = match login.secret {
        Secret::Password { password, cached } => {
            let password = saslprep(&password, Purpose::Stored).map_err(Error::Password)?;
            KeySource { password: Some(password), cached }
        }
        Secret::Keys(keys) => KeySource { password: None, cached: Some(keys) },
        Secret::Token(..) | Secret::Certificate | Secret::Nobody => return Err(Error::Login),
    };
    let (opened, message) = Opened::new(choice, hash, &login.username, login.authzid.as_deref(), nonce)?;
    Ok((State::Opened(opened, source), message))
}

/// draft-schmaus-kitten-sasl-ht-09 §3.1 and §3.3.
fn claim_token(choice: &Choice, login: &Login) -> Result<(State, Vec<u8>), Error> {
    let Secret::Token(token, _) = &login.secret else { return Err(Error::Login) };
    let username = saslprep(&login.username, Purpose::Query).map_err(Error::Username)?;
    let binding = choice.binding.data();
    let hashed = token.initiator(binding);
    let message = token::Message { username: &username, hashed: hashed.as_slice() }.write();
    Ok((State::Claimed(token.responder(binding)), message.ok_or(Error::Inexpressible)?))
}

/// PLAIN leaves the preparation of the password to the server (RFC 4616 §2).
fn plain_message(login: &Login) -> Result<Vec<u8>, Error> {
    let Secret::Password { password, .. } = &login.secret else { return Err(Error::Login) };
    let username = saslprep(&login.username, Purpose::Query).map_err(Error::Username)?;
    let message = plain::Message { authzid: login.authzid.as_deref(), username: &username, password };
    message.write().map(|mut message| mem::take(&mut *message)).ok_or(Error::Inexpressible)
}

fn external_message(login: Login) -> Result<Vec<u8>, Error> {
    let authzid = login.authzid.unwrap_or_default();
    let fits = authzid.len() <= MAX_MESSAGE && !authzid.contains('\0');
    if fits { Ok(authzid.into_bytes()) } else { Err(Error::Inexpressible) }
}

/// The server let the client in and, where the mechanism can prove it, is the right server.
///
/// There is no way to make one but [`Exchange::success`]. A client that keeps the [`mechanism`](Self::mechanism) and
/// finds it was SCRAM should not allow PLAIN for this account again (XEP-0474 §7).
#[derive(Debug)]
pub struct Authenticated {
    mechanism: Mechanism,
    binding: Option<BindingType>,
    mutual: bool,
    keys: Option<ClientKeys>,
    proved_offer: bool,
}

impl Authenticated {
    /// The mechanism.
    #[must_use]
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Whether the server proved to know the password or the token: true for SCRAM and HT.
    #[must_use]
    pub fn is_mutual(&self) -> bool {
        self.mutual
    }

    /// Whether both ends proved to see the same TLS connection.
    #[must_use]
    pub fn is_channel_bound(&self) -> bool {
        self.binding.is_some()
    }

    /// The type of channel binding that was used.
    #[must_use]
    pub fn binding(&self) -> Option<BindingType> {
        self.binding
    }

    /// Whether the server proved what it advertised (XEP-0474).
    #[must_use]
    pub fn is_offer_proved(&self) -> bool {
        self.proved_offer
    }

    /// SCRAM's keys, to spare the derivation next time; see [`Login::with_cached`] and [`Login::keys`].
    #[must_use]
    pub fn keys(&self) -> Option<&ClientKeys> {
        self.keys.as_ref()
    }
}
