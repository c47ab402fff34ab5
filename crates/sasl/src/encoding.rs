//! How SASL messages travel inside XMPP's `<auth/>`, `<challenge/>`, `<response/>` and `<success/>`.
//!
//! Base64 with padding bits set to zero (RFC 6120 §6.3.5), and a single `=` for a message that is there but
//! empty (§6.4.2, §6.4.6), as opposed to an element without any text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Failure, MAX_MESSAGE};

/// Writes a message as the text of an element; the empty message is `=`.
#[must_use]
pub fn encode(message: &[u8]) -> String {
    if message.is_empty() { "=".to_owned() } else { STANDARD.encode(message) }
}

/// Reads the text of an element. Both `=` and no text give the empty message; whether an `<auth/>` without text
/// had an initial response at all (RFC 6120 §6.4.2) is for the caller to see before it calls this.
///
/// # Errors
/// [`Failure::IncorrectEncoding`] if the text is not strict base64: white space, characters outside the alphabet,
/// missing padding or padding bits that are not zero. [`Failure::MalformedRequest`] if the message is longer than
/// [`MAX_MESSAGE`] bytes.
pub fn decode(text: &str) -> Result<Vec<u8>, Failure> {
    if text == "=" {
        return Ok(Vec::new());
    }
    if text.len() / 4 * 3 > MAX_MESSAGE + 2 {
        return Err(Failure::MalformedRequest);
    }
    let message = STANDARD.decode(text).map_err(|_| Failure::IncorrectEncoding)?;
    if message.len() > MAX_MESSAGE { Err(Failure::MalformedRequest) } else { Ok(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_message_is_an_equals_sign() {
        assert_eq!(encode(b""), "=");
        assert_eq!(decode("="), Ok(Vec::new()));
        assert_eq!(decode(""), Ok(Vec::new()));
    }

    #[test]
    fn the_example_of_rfc_6120_6_4_2_is_plain_for_juliet() {
        assert_eq!(decode("AGp1bGlldAByMG0zMG15cjBtMzA=").unwrap(), b"\0juliet\0r0m30myr0m30");
        assert_eq!(encode(b"\0juliet\0r0m30myr0m30"), "AGp1bGlldAByMG0zMG15cjBtMzA=");
    }

    #[test]
    fn sloppy_base64_is_an_incorrect_encoding() {
        for text in ["a", "YQ", "YR==", "Y Q==", "YQ==\n", "YQ=", "==", "=YQ=", "Y-_="] {
            assert_eq!(decode(text), Err(Failure::IncorrectEncoding), "{text:?}");
        }
    }

    #[test]
    fn a_message_beyond_the_limit_is_refused() {
        let longest = vec![b'x'; MAX_MESSAGE];
        assert_eq!(decode(&encode(&longest)), Ok(longest));
        assert_eq!(decode(&encode(&vec![b'x'; MAX_MESSAGE + 1])), Err(Failure::MalformedRequest));
        assert_eq!(decode(&"A".repeat(MAX_MESSAGE * 10)), Err(Failure::MalformedRequest));
    }
}
