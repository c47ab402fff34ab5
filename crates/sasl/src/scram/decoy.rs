//! Keys for accounts that do not exist.

use core::fmt;

use zeroize::Zeroizing;

use super::{Hash, Keys, KeysError, SALT_LEN};

/// Makes keys for accounts that do not exist, so that asking for one looks like asking with a wrong password.
///
/// The salt depends on the name and a secret of the server, so it is the same at every attempt and tells nothing. The
/// keys fit no password. Keep the secret across restarts (a changed salt gives the game away), and set the iteration
/// count that real accounts have; an account with another count can still be told from a decoy.
#[derive(Clone)]
pub struct Decoy {
    secret: Zeroizing<[u8; 32]>,
    iterations: u32,
}

impl Decoy {
    /// From 32 random bytes that the server keeps, and the iteration count of its accounts.
    ///
    /// # Errors
    /// An iteration count outside the limits of this module.
    pub fn new(secret: [u8; 32], iterations: u32) -> Result<Self, KeysError> {
        let decoy = Self { secret: Zeroizing::new(secret), iterations };
        decoy.try_keys("", Hash::Sha256)?;
        Ok(decoy)
    }

    /// The keys for an account name. The name is to be in its canonical form: where `Romeo` and `romeo` are one
    /// account, their decoys have to be one as well.
    #[must_use]
    pub fn keys(&self, name: &str, hash: Hash) -> Keys {
        self.try_keys(name, hash).expect("the iteration count was checked in new, the lengths are the hash's")
    }

    fn try_keys(&self, name: &str, hash: Hash) -> Result<Keys, KeysError> {
        let derive = |purpose: &[u8]| {
            let label = hash.mechanism_name().as_bytes();
            hash.hmac(self.secret.as_slice(), &[purpose, b"\0", label, b"\0", name.as_bytes()])
        };
        let salt = derive(b"salt");
        Keys::from_parts(
            hash,
            &salt.as_slice()[..SALT_LEN],
            self.iterations,
            derive(b"stored key").as_slice(),
            derive(b"server key").as_slice(),
        )
    }
}

impl fmt::Debug for Decoy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoy").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoy_is_the_same_each_time_and_differs_by_name_hash_and_secret() {
        let decoy = Decoy::new([1; 32], 10_000).unwrap();
        let keys = decoy.keys("romeo", Hash::Sha256);
        assert_eq!(keys, Decoy::new([1; 32], 10_000).unwrap().keys("romeo", Hash::Sha256));
        assert_ne!(keys.salt(), decoy.keys("juliet", Hash::Sha256).salt());
        assert_ne!(keys.salt(), decoy.keys("romeo", Hash::Sha1).salt());
        assert_ne!(keys.salt(), Decoy::new([2; 32], 10_000).unwrap().keys("romeo", Hash::Sha256).salt());
    }

    #[test]
    fn a_decoy_has_the_shape_of_real_keys() {
        let decoy = Decoy::new([1; 32], 10_000).unwrap();
        for hash in Hash::ALL {
            let real = Keys::generate(hash, "pencil", 10_000).unwrap();
            let fake = decoy.keys("romeo", hash);
            assert_eq!(fake.salt().len(), real.salt().len());
            assert_eq!(fake.iterations(), real.iterations());
        }
    }

    #[test]
    fn a_decoy_keeps_to_the_limits() {
        assert!(Decoy::new([1; 32], 4095).is_err());
    }

    #[test]
    fn debug_does_not_show_the_secret() {
        let shown = format!("{:?}", Decoy::new([0xAB; 32], 4096).unwrap());
        assert_eq!(shown, "Decoy { iterations: 4096, .. }");
    }
}
