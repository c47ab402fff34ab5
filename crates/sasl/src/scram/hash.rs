//! The hash functions of the SCRAM mechanisms and the functions that RFC 5802 §2.2 builds on them.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::Key;

/// The hash function of a SCRAM mechanism, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    /// SHA-1 (RFC 5802). Still sound inside HMAC and PBKDF2; kept for clients that know nothing else.
    Sha1,
    /// SHA-256 (RFC 7677).
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// Every hash, weakest first.
    pub const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    /// The length of its output, and so of every key, in bytes.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The name of the SCRAM mechanism with this hash and without channel binding.
    #[must_use]
    pub const fn mechanism_name(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    /// `H(str)`.
    pub(crate) fn digest(self, data: &[u8]) -> Key {
        match self {
            Self::Sha1 => Key::take(Sha1::digest(data)),
            Self::Sha256 => Key::take(Sha256::digest(data)),
            Self::Sha512 => Key::take(Sha512::digest(data)),
        }
    }

    /// `HMAC(key, str)` with `str` given in parts.
    pub(crate) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Key {
        match self {
            Self::Sha1 => mac::<Hmac<Sha1>>(key, parts),
            Self::Sha256 => mac::<Hmac<Sha256>>(key, parts),
            Self::Sha512 => mac::<Hmac<Sha512>>(key, parts),
        }
    }

    /// `Hi(str, salt, i)`, which is PBKDF2 with one block of output. The CPU-heavy one.
    pub(crate) fn salted_password(self, password: &[u8], salt: &[u8], iterations: u32) -> Key {
        let mut key = Key::zero(self);
        let out = key.as_mut_slice();
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, iterations, out),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, out),
            Self::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, iterations, out),
        }
        key
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        })
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Key {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    Key::take(mac.finalize().into_bytes())
}
