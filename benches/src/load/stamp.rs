//! What a stanza says of itself, so that its receiver can check it.

use std::sync::OnceLock;
use std::time::Instant;

use stonechat_stanza::Stanza;

/// How many bytes a stamp takes: `#`, ten digits, `:`, sixteen digits, `#`.
pub(super) const LENGTH: usize = 29;

/// The number of a stanza, and when it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Counted from 0 in each flow.
    pub number: u64,
    /// Nanoseconds since this process began to measure.
    pub nanos: u64,
}

impl Stamp {
    /// A stanza that is sent now.
    #[must_use]
    pub fn now(number: u64) -> Self {
        Self { number, nanos: nanos() }
    }

    /// How long ago it was sent, in nanoseconds.
    #[must_use]
    pub fn age(self) -> u64 {
        nanos().saturating_sub(self.nanos)
    }

    /// Appends it.
    pub fn write(self, out: &mut Vec<u8>) {
        use std::io::Write as _;
        // Writing to memory does not fail.
        let _ = write!(out, "#{:010}:{:016}#", self.number, self.nanos);
    }

    /// Finds it in a stanza: in the identifier or, where that has none, in the payload.
    #[must_use]
    pub fn find(stanza: &Stanza) -> Option<Self> {
        let id = stanza.id().unwrap_or_default().as_bytes();
        Self::parse(id).or_else(|| Self::parse(stanza.payload_bytes()))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let start = memchr::memchr(b'#', bytes)?;
        let text = std::str::from_utf8(bytes.get(start..start + LENGTH)?).ok()?;
        let (number, nanos) = text.strip_prefix('#')?.strip_suffix('#')?.split_once(':')?;
        Some(Self { number: number.parse().ok()?, nanos: nanos.parse().ok()? })
    }
}

fn nanos() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    // 580 years fit.
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_in_a_body_and_in_an_identifier() {
        let stamp = Stamp { number: 7, nanos: 1234 };
        let mut text = Vec::new();
        stamp.write(&mut text);
        assert_eq!(text.len(), LENGTH);
        let text = String::from_utf8(text).unwrap();
        for xml in [
            format!("<message id='x'><body>{text}aaaa</body></message>"),
            format!("<iq type='result' id='{text}'/>"),
        ] {
            assert_eq!(Stamp::find(&Stanza::parse(xml.as_bytes()).unwrap()), Some(stamp));
        }
        assert_eq!(Stamp::find(&Stanza::parse(b"<presence/>").unwrap()), None);
        assert_eq!(Stamp::find(&Stanza::parse(b"<presence><status>#7</status></presence>").unwrap()), None);
    }
}
