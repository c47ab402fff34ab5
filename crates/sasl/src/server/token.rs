//! The server's side of HT (draft-schmaus-kitten-sasl-ht-09 §3).

use core::fmt;

use zeroize::Zeroizing;

use super::{Reason, Refusal};
use crate::Token;
use crate::prep::{Purpose, saslprep};
use crate::token::{self, Message};

/// Who a client says to be, and what is to prove it.
pub(super) struct Claim {
    pub(super) username: String,
    hashed: Zeroizing<Vec<u8>>,
}

impl Claim {
    pub(super) fn read(message: &[u8]) -> Result<Self, Refusal> {
        let message = Message::parse(message).ok_or(Refusal::malformed(Reason::Malformed))?;
        let username = saslprep(message.username, Purpose::Query)
            .map_err(|error| Refusal::unauthorized(Reason::Username(error)))?;
        Ok(Self { username: username.to_string(), hashed: Zeroizing::new(message.hashed.to_vec()) })
    }

    /// Which of the tokens is proved, and what proves to the client that the server has it too. Every token is looked at, and one is
    /// made up where there is none, so that how long it takes tells little.
    pub(super) fn proves(&self, tokens: &[Token], binding: &[u8]) -> Result<(usize, Vec<u8>), Refusal> {
        let mut proved = None;
        for (at, token) in tokens.iter().enumerate() {
            if token::is(&self.hashed, &token.initiator(binding)) && proved.is_none() {
                proved = Some(at);
            }
        }
        match proved.and_then(|at| tokens.get(at).map(|token| (at, token))) {
            Some((at, token)) => Ok((at, token.responder(binding).as_slice().to_vec())),
            None => {
                if let (true, Some(decoy)) = (tokens.is_empty(), Token::new("nobody has this")) {
                    let _ = token::is(&self.hashed, &decoy.initiator(binding));
                }
                Err(Refusal::unauthorized(Reason::UnknownToken))
            }
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("username", &self.username).finish_non_exhaustive()
    }
}
