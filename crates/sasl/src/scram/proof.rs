//! Proof and signature over one exchange (RFC 5802 §3).

use super::{Hash, Key};

/// The AuthMessage of one exchange and what is computed over it.
pub(crate) struct Proof<'a> {
    pub(crate) hash: Hash,
    /// client-first-message-bare
    pub(crate) client_first: &'a str,
    /// server-first-message
    pub(crate) server_first: &'a str,
    /// client-final-message-without-proof
    pub(crate) client_final: &'a str,
}

impl Proof<'_> {
    /// `HMAC(key, AuthMessage)`: ClientSignature with StoredKey, ServerSignature with ServerKey.
    pub(crate) fn signature(&self, key: &Key) -> Key {
        let parts = [
            self.client_first.as_bytes(),
            b",",
            self.server_first.as_bytes(),
            b",",
            self.client_final.as_bytes(),
        ];
        self.hash.hmac(key.as_slice(), &parts)
    }

    /// ClientProof from ClientKey, and ClientKey from ClientProof.
    pub(crate) fn apply(&self, client: Key, stored_key: &Key) -> Key {
        client.xor(&self.signature(stored_key))
    }
}
