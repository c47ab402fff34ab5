//! What is derived from a password for one hash: the server's stored keys and the client's cached ones.

use core::fmt;

use subtle::ConstantTimeEq as _;

use super::{Hash, Key, MAX_ITERATIONS, MAX_SALT_LEN, MIN_ITERATIONS, SALT_LEN};
use crate::prep::{self, Purpose, saslprep};

/// Why keys cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The password does not survive SASLprep.
    #[error("the password cannot be used: {0}")]
    Password(#[from] prep::Error),
    /// Fewer iterations than [`MIN_ITERATIONS`].
    #[error("{0} iterations are fewer than {MIN_ITERATIONS}")]
    TooFewIterations(u32),
    /// More iterations than [`MAX_ITERATIONS`].
    #[error("{0} iterations are more than {MAX_ITERATIONS}")]
    TooManyIterations(u32),
    /// The salt is empty or longer than [`MAX_SALT_LEN`].
    #[error("a salt has 1 to {MAX_SALT_LEN} bytes")]
    SaltLength,
    /// A stored key does not have the length of its hash's output.
    #[error("a key of {0} has {len} bytes", len = .0.output_len())]
    KeyLength(Hash),
    /// The operating system gives no random bytes.
    #[error("no random bytes to be had")]
    NoRandomness,
}

/// What a server stores of a password for one hash (RFC 5802 §3): salt, iteration count, StoredKey and ServerKey.
///
/// Who steals it can try passwords and can pose as the server, but cannot log in with it. `Debug` shows neither key,
/// and both are wiped when dropped. Two are compared in constant time.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    hash: Hash,
    iterations: u32,
    salt: Vec<u8>,
    stored_key: Key,
    server_key: Key,
}

impl Keys {
    /// Derives the keys of a password. CPU-heavy: `iterations` rounds of PBKDF2, so not for a thread that serves
    /// connections.
    ///
    /// # Errors
    /// A password that SASLprep refuses, an iteration count or salt outside the limits of this module.
    pub fn derive(hash: Hash, password: &str, salt: &[u8], iterations: u32) -> Result<Self, KeysError> {
        check(salt, iterations)?;
        let password = saslprep(password, Purpose::Stored)?;
        Ok(ClientKeys::from_prepared(hash, &password, salt, iterations).into_stored())
    }

    /// Derives the keys of a password with a fresh random salt of [`SALT_LEN`] bytes. CPU-heavy.
    ///
    /// # Errors
    /// As [`Keys::derive`], and [`KeysError::NoRandomness`].
    pub fn generate(hash: Hash, password: &str, iterations: u32) -> Result<Self, KeysError> {
        let mut salt = [0; SALT_LEN];
        getrandom::fill(&mut salt).map_err(|_| KeysError::NoRandomness)?;
        Self::derive(hash, password, &salt, iterations)
    }

    /// Puts keys together that were derived elsewhere, say by the server that the accounts come from.
    ///
    /// # Errors
    /// A key of the wrong length, an iteration count or salt outside the limits of this module.
    pub fn from_parts(
        hash: Hash,
        salt: &[u8],
        iterations: u32,
        stored_key: &[u8],
        server_key: &[u8],
    ) -> Result<Self, KeysError> {
        check(salt, iterations)?;
        let key = |bytes| Key::from_slice(hash, bytes).ok_or(KeysError::KeyLength(hash));
        Ok(Self {
            hash,
            iterations,
            salt: salt.to_vec(),
            stored_key: key(stored_key)?,
            server_key: key(server_key)?,
        })
    }

    /// The hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The iteration count.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// The salt.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// StoredKey. Secret.
    #[must_use]
    pub fn stored_key(&self) -> &[u8] {
        self.stored_key.as_slice()
    }

    /// ServerKey. Secret.
    #[must_use]
    pub fn server_key(&self) -> &[u8] {
        self.server_key.as_slice()
    }

    /// Whether this is the password that the keys were derived from. CPU-heavy, and constant in time but for the
    /// password's length. A password that SASLprep refuses is wrong.
    #[must_use]
    pub fn verify_plain(&self, password: &str) -> bool {
        saslprep(password, Purpose::Query).is_ok_and(|password| self.verify_prepared(&password))
    }

    pub(crate) fn verify_prepared(&self, password: &str) -> bool {
        let presented =
            ClientKeys::from_prepared(self.hash, password, &self.salt, self.iterations).into_stored();
        presented.stored_key.ct_eq(&self.stored_key).into()
    }

    pub(crate) fn server_key_ref(&self) -> &Key {
        &self.server_key
    }

    pub(crate) fn stored_key_ref(&self) -> &Key {
        &self.stored_key
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// What a client may keep between logins so as not to derive it anew each time (RFC 5802 §5.1, attribute `i`):
/// ClientKey and ServerKey for one hash, salt and iteration count.
///
/// As good as the password for logging in to this server, so to be kept as safe. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientKeys {
    hash: Hash,
    iterations: u32,
    salt: Vec<u8>,
    client_key: Key,
    server_key: Key,
}

impl ClientKeys {
    /// RFC 5802 §3 for a password that went through SASLprep. CPU-heavy.
    pub(crate) fn from_prepared(hash: Hash, password: &str, salt: &[u8], iterations: u32) -> Self {
        let salted = hash.salted_password(password.as_bytes(), salt, iterations);
        Self {
            hash,
            iterations,
            salt: salt.to_vec(),
            client_key: hash.hmac(salted.as_slice(), &[b"Client Key"]),
            server_key: hash.hmac(salted.as_slice(), &[b"Server Key"]),
        }
    }

    /// The hash that the keys are for.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The iteration count that the keys are for.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(crate) fn fit(&self, hash: Hash, salt: &[u8], iterations: u32) -> bool {
        self.hash == hash && self.salt == salt && self.iterations == iterations
    }

    pub(crate) fn client_key(&self) -> &Key {
        &self.client_key
    }

    pub(crate) fn server_key(&self) -> &Key {
        &self.server_key
    }

    pub(crate) fn into_stored(self) -> Keys {
        Keys {
            stored_key: self.hash.digest(self.client_key.as_slice()),
            hash: self.hash,
            iterations: self.iterations,
            salt: self.salt,
            server_key: self.server_key,
        }
    }
}

impl fmt::Debug for ClientKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKeys")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

fn check(salt: &[u8], iterations: u32) -> Result<(), KeysError> {
    match iterations {
        ..MIN_ITERATIONS => Err(KeysError::TooFewIterations(iterations)),
        _ if iterations > MAX_ITERATIONS => Err(KeysError::TooManyIterations(iterations)),
        _ if salt.is_empty() || salt.len() > MAX_SALT_LEN => Err(KeysError::SaltLength),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iteration_counts_and_salts_outside_the_limits_are_refused() {
        let derive = |salt: &[u8], iterations| Keys::derive(Hash::Sha1, "pencil", salt, iterations);
        assert_eq!(derive(b"salt", 4095), Err(KeysError::TooFewIterations(4095)));
        assert_eq!(derive(b"salt", 0), Err(KeysError::TooFewIterations(0)));
        assert_eq!(
            derive(b"salt", MAX_ITERATIONS + 1),
            Err(KeysError::TooManyIterations(MAX_ITERATIONS + 1))
        );
        assert_eq!(derive(b"", 4096), Err(KeysError::SaltLength));
        assert_eq!(derive(&[1; MAX_SALT_LEN + 1], 4096), Err(KeysError::SaltLength));
        assert!(derive(&[1; MAX_SALT_LEN], 4096).is_ok());
    }

    #[test]
    fn imported_keys_must_have_the_length_of_their_hash() {
        for hash in Hash::ALL {
            let key = vec![7; hash.output_len()];
            assert!(Keys::from_parts(hash, b"salt", 4096, &key, &key).is_ok());
            let short = &key[1..];
            assert_eq!(Keys::from_parts(hash, b"salt", 4096, short, &key), Err(KeysError::KeyLength(hash)));
            assert_eq!(Keys::from_parts(hash, b"salt", 4096, &key, short), Err(KeysError::KeyLength(hash)));
        }
    }

    #[test]
    fn only_the_right_password_verifies_and_in_any_form_that_sasprep_makes_equal() {
        let keys = Keys::derive(Hash::Sha256, "I\u{AD}X", b"salt", 4096).unwrap();
        assert!(keys.verify_plain("IX") && keys.verify_plain("\u{2168}"));
        for wrong in ["ix", "IX ", "", "I", "\u{7}", "\u{1F600}"] {
            assert!(!keys.verify_plain(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_password_that_saslprep_refuses_gets_no_keys() {
        let derive = |password| Keys::derive(Hash::Sha256, password, b"salt", 4096);
        assert_eq!(derive(""), Err(KeysError::Password(prep::Error::Empty)));
        assert_eq!(derive("\u{1F600}"), Err(KeysError::Password(prep::Error::Unassigned)));
    }

    #[test]
    fn debug_shows_no_key_and_no_salt() {
        let keys = Keys::derive(Hash::Sha1, "pencil", &[0xEE; 8], 4096).unwrap();
        assert_eq!(format!("{keys:?}"), "Keys { hash: Sha1, iterations: 4096, .. }");
    }
}
