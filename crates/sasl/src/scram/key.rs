//! One hash output that may be secret: wiped when dropped, compared in constant time, never shown.

use core::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Hash;

const LONGEST: usize = 64;

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Key {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Key {
    pub(crate) fn zero(hash: Hash) -> Self {
        Self { bytes: [0; LONGEST], len: hash.output_len() }
    }

    /// Takes a hash's output and wipes where it was.
    pub(crate) fn take(mut output: impl AsMut<[u8]>) -> Self {
        let output = output.as_mut();
        let len = output.len().min(LONGEST);
        let mut bytes = [0; LONGEST];
        bytes[..len].copy_from_slice(&output[..len]);
        output.zeroize();
        Self { bytes, len }
    }

    /// A key of `hash` from bytes that came from outside, if there are as many as it has.
    pub(crate) fn from_slice(hash: Hash, slice: &[u8]) -> Option<Self> {
        let mut key = Self::zero(hash);
        (slice.len() == key.len).then(|| key.as_mut_slice().copy_from_slice(slice))?;
        Some(key)
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }

    pub(crate) fn xor(mut self, other: &Self) -> Self {
        for (byte, with) in self.bytes.iter_mut().zip(&other.bytes) {
            *byte ^= with;
        }
        self
    }
}

impl ConstantTimeEq for Key {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.as_slice().ct_eq(other.as_slice())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}
