//! An account's stored keys, one set per hash.

use super::{Hash, Keys, KeysError};

/// What a server stores of an account's password: at most one set of [`Keys`] per hash. Never the password.
///
/// With the feature `serde` it is a map from mechanism name to salt, iteration count and keys, the bytes in base64:
///
/// ```json
/// { "SCRAM-SHA-256": { "salt": "...", "iterations": 10000, "stored_key": "...", "server_key": "..." } }
/// ```
///
/// What is read back passes the same checks as [`Keys::from_parts`].
///
/// ```
/// use stonechat_sasl::scram::{Credentials, DEFAULT_ITERATIONS, Hash};
///
/// let credentials = Credentials::generate("pencil", &[Hash::Sha256], DEFAULT_ITERATIONS).unwrap();
/// assert!(credentials.verify_plain("pencil"));
/// assert!(!credentials.verify_plain("pen"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    keys: Vec<Keys>,
}

impl Credentials {
    /// Which of the sets checks a password in the clear: any does, so the fastest goes first.
    pub(crate) const FOR_PLAIN: [Hash; 3] = [Hash::Sha256, Hash::Sha1, Hash::Sha512];

    /// Without any keys: nobody logs in with these.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Derives the keys for one hash. CPU-heavy; see [`Keys::derive`].
    ///
    /// # Errors
    /// As [`Keys::derive`].
    pub fn derive(hash: Hash, password: &str, salt: &[u8], iterations: u32) -> Result<Self, KeysError> {
        Ok(Self::from(Keys::derive(hash, password, salt, iterations)?))
    }

    /// Derives keys for several hashes, each with a random salt of its own. CPU-heavy; this is what setting a
    /// password does.
    ///
    /// # Errors
    /// As [`Keys::generate`].
    pub fn generate(password: &str, hashes: &[Hash], iterations: u32) -> Result<Self, KeysError> {
        hashes
            .iter()
            .try_fold(Self::new(), |all, &hash| Ok(all.with(Keys::generate(hash, password, iterations)?)))
    }

    /// Adds keys, in the place of earlier ones for the same hash.
    #[must_use]
    pub fn with(mut self, keys: Keys) -> Self {
        self.keys.retain(|other| other.hash() != keys.hash());
        self.keys.push(keys);
        self.keys.sort_by_key(Keys::hash);
        self
    }

    /// The keys for a hash.
    #[must_use]
    pub fn get(&self, hash: Hash) -> Option<&Keys> {
        self.keys.iter().find(|keys| keys.hash() == hash)
    }

    /// All keys, weakest hash first.
    pub fn iter(&self) -> impl Iterator<Item = &Keys> {
        self.keys.iter()
    }

    /// Whether there are no keys at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether this is the account's password. CPU-heavy; compares in constant time.
    #[must_use]
    pub fn verify_plain(&self, password: &str) -> bool {
        self.for_plain().is_some_and(|keys| keys.verify_plain(password))
    }

    /// Whether there are keys for each of `hashes`, with at least so many iterations. If not, a login with PLAIN is
    /// the moment to derive new ones.
    #[must_use]
    pub fn are_current(&self, hashes: &[Hash], iterations: u32) -> bool {
        hashes.iter().all(|&hash| self.get(hash).is_some_and(|keys| keys.iterations() >= iterations))
    }

    pub(crate) fn for_plain(&self) -> Option<&Keys> {
        Self::FOR_PLAIN.into_iter().find_map(|hash| self.get(hash))
    }
}

impl From<Keys> for Credentials {
    fn from(keys: Keys) -> Self {
        Self { keys: vec![keys] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_set_of_keys_per_hash_and_the_later_one_counts() {
        let credentials = Credentials::derive(Hash::Sha256, "old", b"salt", 4096)
            .unwrap()
            .with(Keys::derive(Hash::Sha1, "new", b"salt", 4096).unwrap())
            .with(Keys::derive(Hash::Sha256, "new", b"salt", 4096).unwrap());
        assert_eq!(credentials.iter().map(Keys::hash).collect::<Vec<_>>(), [Hash::Sha1, Hash::Sha256]);
        assert!(credentials.verify_plain("new") && !credentials.verify_plain("old"));
    }

    #[test]
    fn generated_salts_differ() {
        let credentials = Credentials::generate("pencil", &[Hash::Sha1, Hash::Sha256], 4096).unwrap();
        let salts: Vec<_> = credentials.iter().map(Keys::salt).collect();
        assert!(salts[0] != salts[1] && salts[0].len() == super::super::SALT_LEN);
    }

    #[test]
    fn without_keys_no_password_is_right() {
        assert!(!Credentials::new().verify_plain(""));
        assert!(!Credentials::new().verify_plain("pencil"));
    }

    #[test]
    fn credentials_with_a_hash_missing_or_too_few_iterations_are_not_current() {
        let credentials = Credentials::derive(Hash::Sha256, "pencil", b"salt", 4096).unwrap();
        assert!(credentials.are_current(&[Hash::Sha256], 4096));
        assert!(!credentials.are_current(&[Hash::Sha256], 4097));
        assert!(!credentials.are_current(&[Hash::Sha256, Hash::Sha512], 4096));
    }
}
