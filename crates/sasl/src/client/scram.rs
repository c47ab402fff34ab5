//! The client's side of SCRAM (RFC 5802), message by message.

use core::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{Choice, Error};
use crate::prep::{Purpose, saslprep};
use crate::scram::{
    ClientFinal, ClientKeys, Hash, Key, MAX_SALT_LEN, Proof, ServerFinal, ServerFirst, escape, gs2_header,
};

/// The client's first message was sent.
#[derive(Debug)]
pub(super) struct Opened {
    hash: Hash,
    nonce: String,
    bare: String,
    binding: Zeroizing<Vec<u8>>,
}

impl Opened {
    /// Makes the client's first message.
    pub(super) fn new(
        choice: &Choice,
        hash: Hash,
        username: &str,
        authzid: Option<&str>,
        nonce: String,
    ) -> Result<(Self, Vec<u8>), Error> {
        let username = saslprep(username, Purpose::Query).map_err(Error::Username)?;
        if authzid.is_some_and(|authzid| authzid.contains('\0')) {
            return Err(Error::Inexpressible);
        }
        let header = gs2_header(choice.binding.flag(), authzid);
        let bare = format!("n={},r={nonce}", escape(&username));
        let message = format!("{header}{bare}").into_bytes();
        let mut binding = Zeroizing::new(header.into_bytes());
        binding.extend_from_slice(choice.binding.data());
        Ok((Self { hash, nonce, bare, binding }, message))
    }

    /// Reads the server's first message: all that can be wrong with it is found before anything is derived.
    pub(super) fn read(self, choice: &Choice, message: &[u8]) -> Result<Challenged, Error> {
        let first = ServerFirst::parse(message)?;
        if first.nonce.strip_prefix(&self.nonce).is_none_or(str::is_empty) {
            return Err(Error::Nonce);
        }
        let proved_offer = self.check_offer(choice, first.advertised)?;
        if first.salt.len() > MAX_SALT_LEN {
            return Err(Error::SaltLength);
        }
        if first.iterations < choice.min_iterations {
            return Err(Error::TooFewIterations(first.iterations));
        }
        if first.iterations > choice.max_iterations {
            return Err(Error::TooManyIterations(first.iterations));
        }
        Ok(Challenged {
            without_proof: ClientFinal::without_proof(&self.binding, first.nonce),
            server_first: first.text.to_owned(),
            salt: first.salt,
            iterations: first.iterations,
            proved_offer,
            opened: self,
        })
    }

    /// XEP-0474 §6.2. Whether the server proves (once its signature is verified) what it advertised.
    fn check_offer(&self, choice: &Choice, sent: Option<&str>) -> Result<bool, Error> {
        match sent {
            Some(sent) => {
                let same = choice.advertised.digest(self.hash).as_bytes().ct_eq(sent.as_bytes());
                if same.into() { Ok(true) } else { Err(Error::Downgrade) }
            }
            None if choice.proof_of_offer => Err(Error::DowngradeProtectionMissing),
            None => Ok(false),
        }
    }
}

/// The server's first message was read; the keys are needed.
#[derive(Debug)]
pub(super) struct Challenged {
    opened: Opened,
    without_proof: String,
    server_first: String,
    salt: Vec<u8>,
    iterations: u32,
    proved_offer: bool,
}

impl Challenged {
    /// Whether these keys are the ones that are needed.
    pub(super) fn takes(&self, keys: &ClientKeys) -> bool {
        keys.fit(self.opened.hash, &self.salt, self.iterations)
    }

    pub(super) fn derivation(&self, password: Zeroizing<String>) -> Derivation {
        Derivation { hash: self.opened.hash, password, salt: self.salt.clone(), iterations: self.iterations }
    }

    /// Makes the client's final message.
    pub(super) fn answer(self, keys: ClientKeys) -> (Answered, Vec<u8>) {
        let hash = self.opened.hash;
        let proof = Proof {
            hash,
            client_first: &self.opened.bare,
            server_first: &self.server_first,
            client_final: &self.without_proof,
        };
        let stored_key = hash.digest(keys.client_key().as_slice());
        let sent = proof.apply(keys.client_key().clone(), &stored_key);
        let message = ClientFinal::write(&self.without_proof, sent.as_slice()).into_bytes();
        let expected = proof.signature(keys.server_key());
        (Answered { hash, expected, keys, proved_offer: self.proved_offer }, message)
    }
}

/// The proof was sent; the server's signature is awaited.
#[derive(Debug)]
pub(super) struct Answered {
    hash: Hash,
    expected: Key,
    keys: ClientKeys,
    proved_offer: bool,
}

impl Answered {
    /// Verifies the server's final message. There is no other way to a [`Verified`].
    pub(super) fn verify(self, message: &[u8]) -> Result<Verified, Error> {
        match ServerFinal::parse(message)? {
            ServerFinal::Error(value) => Err(Error::Refused(value.to_owned())),
            ServerFinal::Signature(signature) => {
                let signature = Key::from_slice(self.hash, &signature).ok_or(Error::SignatureMismatch)?;
                if !bool::from(signature.ct_eq(&self.expected)) {
                    return Err(Error::SignatureMismatch);
                }
                Ok(Verified { keys: self.keys, proved_offer: self.proved_offer })
            }
        }
    }
}

/// The server proved to know the password.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) keys: ClientKeys,
    pub(super) proved_offer: bool,
}

/// Keys to be derived from the password. Takes milliseconds to a second, depending on what the server asks for; the
/// policy's limits have been kept. The password is wiped when this is dropped.
pub struct Derivation {
    hash: Hash,
    password: Zeroizing<String>,
    salt: Vec<u8>,
    iterations: u32,
}

impl Derivation {
    /// Derives the keys. CPU-heavy.
    #[must_use]
    pub fn run(self) -> Derived {
        Derived(ClientKeys::from_prepared(self.hash, &self.password, &self.salt, self.iterations))
    }

    /// How many PBKDF2 iterations it will take.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations
    }
}

impl fmt::Debug for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derivation")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// Derived keys, for [`Exchange::derived`](super::Exchange::derived).
#[derive(Debug)]
pub struct Derived(pub(super) ClientKeys);
