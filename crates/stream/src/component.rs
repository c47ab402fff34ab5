//! What a component proves that it is the component with (XEP-0114 §3).

use std::fmt;
use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The secret that a component and its server share. Wiped when dropped, not shown by `Debug`.
///
/// ```
/// use stonechat_stream::component::Secret;
///
/// let secret = Secret::new("mysecretcomponentpassword");
/// let handshake = secret.handshake("2054025967");
/// assert!(secret.is_handshake("2054025967", &handshake));
/// assert!(!secret.is_handshake("2054025968", &handshake));
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl Secret {
    /// This secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// Whether there is nothing in it, which would be no secret.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What proves that its sender knows the secret, on the stream with this id: the SHA-1 of both, in lower-case hexadecimal digits.
    #[must_use]
    pub fn handshake(&self, stream: &str) -> String {
        let digest = Sha1::new().chain_update(stream).chain_update(self.0.as_bytes()).finalize();
        digest.iter().fold(String::with_capacity(40), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Whether this is what proves it, in a time that says nothing about how much of it is right. White space around it does not matter,
    /// the case of its digits does (XEP-0114 §3, step 4).
    #[must_use]
    pub fn is_handshake(&self, stream: &str, handshake: &str) -> bool {
        self.handshake(stream).as_bytes().ct_eq(handshake.trim_ascii().as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The stream and the digest of XEP-0114 §3; the secret is not in there.
    const STREAM: &str = "3BF96D32";

    #[test]
    fn the_handshake_is_the_sha_1_of_stream_id_and_secret() {
        // printf 3BF96D32test | sha1sum
        assert_eq!(Secret::new("test").handshake(STREAM), "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e");
    }

    #[test]
    fn white_space_around_it_does_not_matter_and_everything_else_does() {
        let secret = Secret::new("test");
        let right = secret.handshake(STREAM);
        assert!(secret.is_handshake(STREAM, &format!("\n {right}\t")));
        for wrong in [&right.to_ascii_uppercase(), &right[1..], &format!("{right}0"), "", "é"] {
            assert!(!secret.is_handshake(STREAM, wrong), "{wrong}");
        }
        assert!(!Secret::new("tesu").is_handshake(STREAM, &right));
        assert!(!secret.is_handshake("3BF96D33", &right));
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(..)");
        assert!(Secret::new("a") == Secret::new("a") && Secret::new("a") != Secret::new("b"));
    }

    proptest! {
        #[test]
        fn what_was_made_is_taken_and_what_was_changed_is_not(
            secret: String,
            stream: String,
            at in 0..40_usize,
            other in "[0-9a-f]",
        ) {
            let secret = Secret::new(secret);
            let made = secret.handshake(&stream);
            prop_assert!(secret.is_handshake(&stream, &made));
            let mut changed = made.clone();
            changed.replace_range(at..=at, &other);
            prop_assert_eq!(secret.is_handshake(&stream, &changed), changed == made);
        }

        #[test]
        fn no_handshake_panics(secret: String, stream: String, handshake: String) {
            let _ = Secret::new(secret).is_handshake(&stream, &handshake);
        }
    }
}
