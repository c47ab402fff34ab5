//! Nonces (RFC 5802 §5.1, attribute `r`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// 144 random bits in 24 printable characters without a comma; nothing if the system has no randomness to give.
pub(crate) fn nonce() -> Option<String> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}
