//! The server's side of SCRAM (RFC 5802), message by message.

use core::fmt;

use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

use super::{Context, Reason, Refusal};
use crate::prep::{Purpose, saslprep};
use crate::scram::{ClientFinal, ClientFirst, Flag, Hash, Key, Keys, Proof, ServerFinal, ServerFirst};
use crate::{BindingType, Mechanism};

/// A client's first message that kept all rules.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) authzid: Option<String>,
    pub(super) username: String,
    nonce: String,
    bare: String,
    /// cbind-input: what `c=` has to be.
    binding: Zeroizing<Vec<u8>>,
}

impl Opening {
    pub(super) fn read(context: &Context, mechanism: Mechanism, message: &[u8]) -> Result<Self, Refusal> {
        let first = ClientFirst::parse(message)?;
        let mut binding = Zeroizing::new(first.header.as_bytes().to_vec());
        binding.extend_from_slice(channel_binding(context, mechanism, first.flag)?);
        let username = saslprep(&first.username, Purpose::Query)
            .map_err(|error| Refusal::unauthorized(Reason::Username(error)))?;
        Ok(Self {
            authzid: first.authzid,
            username: username.to_string(),
            nonce: first.nonce.to_owned(),
            bare: first.bare.to_owned(),
            binding,
        })
    }

    /// Answers with salt and iteration count.
    pub(super) fn challenge(self, context: &Context, keys: Keys, name: String, nonce: &str) -> Challenged {
        let nonce = format!("{}{nonce}", self.nonce);
        let advertised = context.downgrade_protection.then(|| context.advertised.digest(keys.hash()));
        let server_first = ServerFirst::write(&nonce, keys.salt(), keys.iterations(), advertised.as_deref());
        Challenged { opening: self, name, keys, nonce, server_first }
    }
}

/// RFC 5802 §6: what the flag means for this mechanism on this stream. Gives the binding's data.
fn channel_binding<'a>(
    context: &'a Context,
    mechanism: Mechanism,
    flag: Flag<'_>,
) -> Result<&'a [u8], Refusal> {
    match flag {
        Flag::NotOffered if context.offers_binding() => Err(Refusal::unauthorized(Reason::Downgrade)),
        Flag::NotOffered | Flag::Unsupported if mechanism.binds_channel() => {
            Err(Refusal::malformed(Reason::BindingMissing))
        }
        Flag::NotOffered | Flag::Unsupported => Ok(&[]),
        Flag::Used(_) if !mechanism.binds_channel() => Err(Refusal::malformed(Reason::BindingUnexpected)),
        Flag::Used(kind) => kind
            .parse::<BindingType>()
            .ok()
            .and_then(|kind| context.channel.binding(kind))
            .map(|binding| binding.data())
            .ok_or(Refusal::unauthorized(Reason::BindingType)),
    }
}

/// An exchange that waits for the client's proof.
pub(super) struct Challenged {
    opening: Opening,
    pub(super) name: String,
    keys: Keys,
    nonce: String,
    server_first: String,
}

/// A client that proved to know the password.
pub(super) struct Proved {
    pub(super) name: String,
    pub(super) authzid: Option<String>,
    /// server-final-message
    pub(super) message: String,
}

impl Challenged {
    /// server-first-message
    pub(super) fn message(&self) -> &str {
        &self.server_first
    }

    /// Checks the client's final message. Nothing before the proof depends on whether the account exists.
    pub(super) fn verify(self, message: &[u8]) -> Result<Proved, Refusal> {
        let last = ClientFinal::parse(message)?;
        if !bool::from(last.binding.ct_eq(&self.opening.binding)) {
            return Err(Refusal::unauthorized(Reason::BindingMismatch));
        }
        if last.nonce != self.nonce {
            return Err(Refusal::unauthorized(Reason::Nonce));
        }
        let hash = self.keys.hash();
        let proof = Proof {
            hash,
            client_first: &self.opening.bare,
            server_first: &self.server_first,
            client_final: last.without_proof,
        };
        if !bool::from(self.is_right(hash, &proof, &last.proof)) {
            return Err(Refusal::unauthorized(Reason::WrongPassword));
        }
        let signature = proof.signature(self.keys.server_key_ref());
        Ok(Proved {
            name: self.name,
            authzid: self.opening.authzid,
            message: ServerFinal::write(signature.as_slice()),
        })
    }

    /// `H(ClientProof XOR ClientSignature) == StoredKey`.
    fn is_right(&self, hash: Hash, proof: &Proof<'_>, sent: &[u8]) -> Choice {
        let Some(sent) = Key::from_slice(hash, sent) else { return Choice::from(0) };
        let client_key = proof.apply(sent, self.keys.stored_key_ref());
        hash.digest(client_key.as_slice()).ct_eq(self.keys.stored_key_ref())
    }
}

impl fmt::Debug for Challenged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenged").field("name", &self.name).finish_non_exhaustive()
    }
}
