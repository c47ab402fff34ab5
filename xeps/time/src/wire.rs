//! The payloads (XEP-0202 §2).

use std::fmt;
use std::str::FromStr;

use stonechat_stanza::payload;
use stonechat_stanza::time::DateTime;

/// Namespace of the payload and of the advertised feature.
pub const NS: &str = "urn:xmpp:time";

payload! {
    /// The request, `<time/>` without content.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Query: NS, "time";
}

payload! {
    /// The answer.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Time: NS, "time" {
        /// The entity's offset from UTC.
        pub offset: Offset => required_child("tzo"),
        /// The time.
        pub utc: DateTime => required_child("utc"),
    }
}

/// An offset from UTC: a Time Zone Definition of XEP-0082 §3.3, `Z` or `-06:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offset {
    /// Minutes east of UTC, from -1439 to 1439.
    pub minutes: i16,
}

/// A text that is no Time Zone Definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnOffset;

impl fmt::Display for NotAnOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an offset from UTC")
    }
}

impl std::error::Error for NotAnOffset {}

impl FromStr for Offset {
    type Err = NotAnOffset;

    fn from_str(text: &str) -> Result<Self, NotAnOffset> {
        if text == "Z" {
            return Ok(Self::default());
        }
        let &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = text.as_bytes() else { return Err(NotAnOffset) };
        let number = |tens: u8, ones: u8| {
            (tens.is_ascii_digit() && ones.is_ascii_digit())
                .then(|| i16::from(tens - b'0') * 10 + i16::from(ones - b'0'))
        };
        let hours = number(h1, h2).filter(|hours| *hours < 24).ok_or(NotAnOffset)?;
        let minutes = number(m1, m2).filter(|minutes| *minutes < 60).ok_or(NotAnOffset)?;
        let minutes = hours * 60 + minutes;
        Ok(Self { minutes: if sign == b'-' { -minutes } else { minutes } })
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.minutes == 0 {
            return f.write_str("Z");
        }
        let sign = if self.minutes < 0 { '-' } else { '+' };
        let minutes = self.minutes.unsigned_abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_reads_back_as_it_was_written() {
        for minutes in -1439..=1439 {
            let offset = Offset { minutes };
            assert_eq!(offset.to_string().parse(), Ok(offset));
        }
    }

    #[test]
    fn what_is_no_offset_is_refused() {
        for text in
            ["", "z", "06:00", "+24:00", "+06:60", "-6:00", "+06:0", "+0600", "+06:00 ", "+0a:00", "UTC"]
        {
            assert_eq!(text.parse::<Offset>(), Err(NotAnOffset), "{text}");
        }
    }
}
