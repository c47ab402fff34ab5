//! HT's messages and what they are made of (draft-schmaus-kitten-sasl-ht-09 §3).

use core::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::prep;
use crate::scram::{Hash, Key};

/// The longest token in bytes.
const MAX_TOKEN: usize = 1024;

/// A token for the HT mechanisms: a secret that the server has issued and both ends keep. It is wiped when dropped and not
/// shown by `Debug`.
///
/// It is the key of the HMAC that proves it, so a server has to keep the token itself, or its SHA-256 if it is longer than 64
/// bytes, which proves as much: a hash would protect nothing here. Treat what is stored as one treats a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// The token as it was issued; `None` if it is empty or longer than 1024 bytes.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Option<Self> {
        let token = Zeroizing::new(token.into());
        (1..=MAX_TOKEN).contains(&token.len()).then_some(Self(token))
    }

    /// The secret.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the initiator proves to have it with: `HMAC(token, "Initiator" || cb-data)`.
    pub(crate) fn initiator(&self, binding: &[u8]) -> Key {
        self.hmac(b"Initiator", binding)
    }

    /// What the responder proves to have it with: `HMAC(token, "Responder" || cb-data)`.
    pub(crate) fn responder(&self, binding: &[u8]) -> Key {
        self.hmac(b"Responder", binding)
    }

    fn hmac(&self, role: &[u8], binding: &[u8]) -> Key {
        Hash::Sha256.hmac(self.0.as_bytes(), &[role, binding])
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Whether a message is this key, in constant time.
pub(crate) fn is(message: &[u8], key: &Key) -> bool {
    message.ct_eq(key.as_slice()).into()
}

/// `initiator-msg = authcid NUL initiator-hashed-token`.
pub(crate) struct Message<'a> {
    pub(crate) username: &'a str,
    pub(crate) hashed: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads the message: UTF-8 of at least one byte, a NUL, and the rest.
    pub(crate) fn parse(message: &'a [u8]) -> Option<Self> {
        let nul = message.iter().position(|byte| *byte == 0)?;
        let username = core::str::from_utf8(&message[..nul]).ok()?;
        let hashed = &message[nul + 1..];
        (!username.is_empty() && !hashed.is_empty()).then_some(Self { username, hashed })
    }

    /// Writes the message; nothing if the name cannot be in it.
    pub(crate) fn write(&self) -> Option<Vec<u8>> {
        let fits = (1..=prep::MAX_BYTES).contains(&self.username.len()) && !self.username.contains('\0');
        fits.then(|| [self.username.as_bytes(), b"\0", self.hashed].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_name_a_nul_and_a_hash() {
        let message = Message::parse(b"juliet\0h\0sh").unwrap();
        assert_eq!((message.username, message.hashed), ("juliet", &b"h\0sh"[..]));
        assert_eq!(message.write().unwrap(), b"juliet\0h\0sh");
        for refused in [&b""[..], b"juliet", b"juliet\0", b"\0hash", b"\xFF\0hash"] {
            assert!(Message::parse(refused).is_none(), "{refused:?}");
        }
        assert!(Message { username: "a\0b", hashed: b"x" }.write().is_none());
    }

    /// The values were computed with Python's `hmac`; the token is that of XEP-0484's example 3.
    #[test]
    fn the_hashes_are_those_of_another_implementation() {
        let token = Token::new("WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm").unwrap();
        let hex = |key: &Key| key.as_slice().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            hex(&token.initiator(b"")),
            "9097787461a184e0fa84ec00c1381190b6c4d16a8ec4453c7b2ac5e7fcf935ed"
        );
        assert_eq!(
            hex(&token.responder(b"binding")),
            "d4329602b9b5cde9ca63ff862d04b1583a8fd7a706a584b09494d5ad9149a146"
        );
    }

    #[test]
    fn debug_does_not_show_a_token() {
        assert_eq!(format!("{:?}", Token::new("secret").unwrap()), "Token(..)");
    }

    #[test]
    fn a_token_is_neither_empty_nor_endless() {
        assert!(Token::new("").is_none() && Token::new("x".repeat(1025)).is_none());
        assert_eq!(Token::new("x").unwrap().expose(), "x");
    }
}
