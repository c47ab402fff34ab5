//! Dialback keys.

use std::fmt;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Pair;

/// What dialback keys are made from. Wiped when dropped, not shown by `Debug`.
///
/// A key is an HMAC-SHA-256 of its stream and its pair, as XEP-0185 §2 says; nobody but the holder of the secret ever has to make
/// one, so what goes into it is of our choice. The XEP joins names by spaces; here each is preceded by its length, so that no two inputs
/// are the same bytes, whatever is in them (CVE-2016-0756).
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// This secret, which has to be one that nobody can guess. All servers of a domain need the same.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// A new one; `None` if the operating system has no randomness to give.
    #[must_use]
    pub fn random() -> Option<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut()).ok()?;
        Some(Self(secret))
    }

    /// The key for a pair on the stream with this id, which the target's server has given it.
    #[must_use]
    pub fn key(&self, pair: &Pair, stream: &str) -> String {
        let bytes = self.hmac(pair, stream).finalize().into_bytes();
        bytes.iter().fold(String::with_capacity(64), |mut key, byte| {
            // Writing to a string does not fail.
            let _ = write!(key, "{byte:02x}");
            key
        })
    }

    /// Whether this is the key, in a time that says nothing about how much of it is right.
    #[must_use]
    pub fn is_key(&self, pair: &Pair, stream: &str, key: &str) -> bool {
        let key = key.trim_ascii().as_bytes();
        let (pairs, rest) = key.as_chunks::<2>();
        let bytes: Option<Vec<u8>> =
            pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
        bytes.is_some_and(|bytes| rest.is_empty() && self.hmac(pair, stream).verify_slice(&bytes).is_ok())
    }

    fn hmac(&self, pair: &Pair, stream: &str) -> Hmac<Sha256> {
        // The block of the hash, which HMAC would fill with the same zeros.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(self.0.as_ref());
        let mut hmac = Hmac::<Sha256>::new((&*block).into());
        for part in [pair.target.as_str(), pair.sender.as_str(), stream] {
            hmac.update(&(part.len() as u64).to_be_bytes());
            hmac.update(part.as_bytes());
        }
        hmac
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| digit.try_into().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stonechat_stanza::jid::BareJid;

    use super::*;

    fn pair(sender: &str, target: &str) -> Pair {
        Pair { sender: BareJid::parse(sender).unwrap(), target: BareJid::parse(target).unwrap() }
    }

    fn secret() -> Secret {
        Secret::new([7; 32])
    }

    #[test]
    fn a_key_is_that_of_its_secret_pair_direction_and_stream_alone() {
        let key = secret().key(&pair("example.org", "xmpp.example.com"), "D60000229F");
        assert_eq!(key.len(), 64);
        let is_key =
            |secret: Secret, sender, target, stream| secret.is_key(&pair(sender, target), stream, &key);
        assert!(is_key(secret(), "example.org", "xmpp.example.com", "D60000229F"));
        for (of, sender, target, stream) in [
            (Secret::new([8; 32]), "example.org", "xmpp.example.com", "D60000229F"),
            (secret(), "xmpp.example.com", "example.org", "D60000229F"),
            (secret(), "example.com", "xmpp.example.com", "D60000229F"),
            (secret(), "example.org", "xmpp.example.org", "D60000229F"),
            (secret(), "example.org", "xmpp.example.com", "D60000229"),
        ] {
            assert!(!is_key(of, sender, target, stream), "{sender} {target} {stream}");
        }
    }

    #[test]
    fn white_space_around_a_key_and_the_case_of_its_digits_do_not_matter() {
        let (pair, id) = (pair("a.example", "b.example"), "1");
        let key = secret().key(&pair, id);
        assert!(secret().is_key(&pair, id, &format!("\n  {}\t", key.to_ascii_uppercase())));
        for wrong in [&key[1..], &key[..62], &format!("{key}00"), "", "zz", "é"] {
            assert!(!secret().is_key(&pair, id, wrong), "{wrong}");
        }
    }

    /// CVE-2016-0756: a domain with a space in its name could be two, and the key of one pair that of another.
    #[test]
    fn no_part_can_be_moved_into_its_neighbour() {
        let hmac = |stream: &str| secret().key(&pair("b.example", "a.example"), stream);
        assert_ne!(hmac("x y"), hmac("xy"));
        assert_ne!(
            secret().key(&pair("example.info", "rm.example.org"), "1"),
            secret().key(&pair("example.in", "form.example.org"), "1")
        );
    }

    proptest! {
        #[test]
        fn what_was_made_is_taken_and_what_was_changed_is_not(stream: String, at in 0..64_usize, other in "[0-9a-f]") {
            let pair = pair("a.example", "b.example");
            let key = secret().key(&pair, &stream);
            prop_assert!(secret().is_key(&pair, &stream, &key));
            let mut changed = key.clone();
            changed.replace_range(at..=at, &other);
            prop_assert_eq!(secret().is_key(&pair, &stream, &changed), changed == key);
        }

        #[test]
        fn no_key_panics(key: String, stream: String) {
            let _ = secret().is_key(&pair("a.example", "b.example"), &stream, &key);
        }
    }
}
