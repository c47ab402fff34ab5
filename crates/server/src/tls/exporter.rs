//! The `tls-exporter` channel binding (RFC 9266), and how the secret that it needs is come by.
//!
//! Connections without buffers of their own ([`Stream`](super::Stream)) cannot be asked for exported keys. So the secret is
//! taken at the one place where rustls hands it out, its log of keys: it goes into a cell of the thread that shakes
//! hands, from there to the handshake that it belongs to, and is erased when the binding has been computed.

use std::cell::Cell;

use rustls::crypto::tls13::OkmBlock;
use rustls::{KeyLog, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};
use zeroize::Zeroizing;

/// The label of the binding (RFC 9266 §2).
const LABEL: &[u8] = b"EXPORTER-Channel-Binding";
/// How many bytes are exported (RFC 9266 §2).
const LENGTH: usize = 32;
/// Where the server's random stands in its first record: behind the headers of record and handshake, and the version
/// (RFC 5246 §6.2.1, §7.4, §7.4.1.3).
const SERVER_RANDOM: std::ops::Range<usize> = 11..43;

thread_local! {
    static CAUGHT: Cell<Option<Secret>> = const { Cell::new(None) };
}

/// What exported keys are made from.
pub(super) struct Secret {
    /// The exporter master secret of TLS 1.3, or the master secret of TLS 1.2.
    secret: Zeroizing<Vec<u8>>,
    client_random: Vec<u8>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

impl Secret {
    /// What a handshake on this thread has let out since this was last asked.
    pub(super) fn take() -> Option<Self> {
        CAUGHT.take()
    }

    /// The data of the channel binding. `hello` is the first record that the server sent.
    pub(super) fn binding(&self, suite: SupportedCipherSuite, hello: &[u8]) -> Option<[u8; LENGTH]> {
        match suite {
            SupportedCipherSuite::Tls13(suite) => self.tls13(suite),
            SupportedCipherSuite::Tls12(suite) => Some(self.tls12(suite, hello.get(SERVER_RANDOM)?)),
        }
    }

    /// RFC 8446 §7.5. An empty context is the same as none here.
    fn tls13(&self, suite: &Tls13CipherSuite) -> Option<[u8; LENGTH]> {
        let empty = suite.common.hash_provider.hash(&[]);
        let exporter = suite.hkdf_provider.expander_for_okm(&OkmBlock::new(&self.secret));
        let derived = exporter.expand_block(&[&hkdf_label(exporter.hash_len(), LABEL, empty.as_ref())]);
        let mut exported = [0; LENGTH];
        let label = hkdf_label(LENGTH, b"exporter", empty.as_ref());
        suite.hkdf_provider.expander_for_okm(&derived).expand_slice(&[&label], &mut exported).ok()?;
        Some(exported)
    }

    /// RFC 5705 §4, with a context that is empty, which is not the same as none here.
    fn tls12(&self, suite: &Tls12CipherSuite, server_random: &[u8]) -> [u8; LENGTH] {
        let seed = [self.client_random.as_slice(), server_random, &[0, 0]].concat();
        let mut exported = [0; LENGTH];
        suite.prf_provider.for_secret(&mut exported, &self.secret, LABEL, &seed);
        exported
    }
}

/// `HkdfLabel` (RFC 8446 §7.1).
fn hkdf_label(length: usize, label: &[u8], context: &[u8]) -> Vec<u8> {
    const PREFIX: &[u8] = b"tls13 ";
    // All of ours are shorter than 256 bytes.
    let byte = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
    let header = [0, byte(length), byte(PREFIX.len() + label.len())];
    [&header, PREFIX, label, &[byte(context.len())], context].concat()
}

/// Catches the secret in place of logging it.
#[derive(Debug)]
pub(super) struct Catch;

impl KeyLog for Catch {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if self.will_log(label) && secret.len() <= OkmBlock::MAX_LEN {
            let secret = Zeroizing::new(secret.to_vec());
            CAUGHT.set(Some(Secret { secret, client_random: client_random.to_vec() }));
        }
    }

    fn will_log(&self, label: &str) -> bool {
        matches!(label, "EXPORTER_SECRET" | "CLIENT_RANDOM")
    }
}
