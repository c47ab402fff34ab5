//! The stream header: the attributes of `<stream:stream>` and of WebSocket's `<open/>`.

use std::borrow::Cow;
use std::fmt;

/// What opens a stream: the attributes of `<stream:stream>` (RFC 6120 §4.7) or of `<open/>` over
/// WebSocket (RFC 7395 §3.3.1), as they stand on the wire.
///
/// Addresses are kept as received: whether they are valid, known and allowed is decided by the
/// [negotiation](crate::negotiation), which still has to answer with a header of its own when they are not.
///
/// ```
/// use stonechat_stream::{StreamHeader, Version};
///
/// let header = StreamHeader {
///     to: Some("im.example.com".into()),
///     version: Version::parse("1.0"),
///     lang: Some("en".into()),
///     ..StreamHeader::default()
/// };
/// assert_eq!(header.content_ns, "jabber:client");
/// assert!(header.version >= Some(Version::V1_0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHeader {
    /// Whom the sender expects at the other end: the service's domain on an initial header (RFC 6120 §4.7.2).
    pub to: Option<String>,
    /// Who sends: the client's bare JID on an initial header, the service's domain on a response (§4.7.1).
    pub from: Option<String>,
    /// The stream's identifier, made by the receiving entity (§4.7.3); to be ignored on an initial header.
    pub id: Option<String>,
    /// The XMPP version; absent means 0.9, the protocol before RFC 3920 (§4.7.5). A value that is
    /// not a version counts as absent.
    pub version: Option<Version>,
    /// `xml:lang`, the default language of what the sender writes on this stream (§4.7.4).
    pub lang: Option<String>,
    /// The default namespace of the stream, in which its stanzas are (§4.8.2). WebSocket's `<open/>`
    /// declares none: there it is always `jabber:client`.
    pub content_ns: Cow<'static, str>,
}

impl Default for StreamHeader {
    /// A header for client-to-server streams without any attribute, not even a version.
    fn default() -> Self {
        Self {
            to: None,
            from: None,
            id: None,
            version: None,
            lang: None,
            content_ns: Cow::Borrowed(stonechat_stanza::ns::CLIENT),
        }
    }
}

/// The version of XMPP that a header announces (RFC 6120 §4.7.5): two integers, compared as such, so
/// that 2.4 is before 2.13.
///
/// ```
/// # use stonechat_stream::Version;
/// assert!(Version::parse("2.4") < Version::parse("2.13"));
/// assert_eq!(Version::parse("01.00"), Some(Version::V1_0));
/// assert_eq!(Version::parse("one"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Raised when an older peer could no longer take part.
    pub major: u32,
    /// Raised for additions; to be ignored by whoever knows a smaller one.
    pub minor: u32,
}

impl Version {
    /// The version of RFC 3920 and RFC 6120, and the only one there is.
    pub const V1_0: Self = Self { major: 1, minor: 0 };

    /// Reads `major.minor`. Leading zeros are ignored, as RFC 6120 §4.7.5 demands; `None` for
    /// whatever is not two decimal numbers of at most 32 bits.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        let number = |digits: &str| {
            // `u32::from_str` would take a plus sign.
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
        };
        Some(Self { major: number(major)?, minor: number(minor)? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Chooses the language to answer in, by the "lookup" scheme of RFC 4647 §3.4: the wanted tag, shortened
/// from its end until it is one of `supported`; without a match the first of them, or `en` if there is none.
///
/// This is what RFC 6120 §4.7.4 asks of the `xml:lang` in a response header.
pub(crate) fn answer_language<'a>(wanted: Option<&str>, supported: &'a [String]) -> &'a str {
    let default = supported.first().map_or("en", String::as_str);
    let mut range = wanted.unwrap_or_default();
    while !range.is_empty() {
        if let Some(found) = supported.iter().find(|tag| tag.eq_ignore_ascii_case(range)) {
            return found;
        }
        range = range.rsplit_once('-').map_or("", |(shorter, _)| shorter);
        // A single letter or digit introduces what was cut off, and goes with it.
        if let Some((shorter, last)) = range.rsplit_once('-')
            && last.len() == 1
        {
            range = shorter;
        }
    }
    default
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(Version::parse("2.13") > Version::parse("2.4"));
        assert!(Version::parse("12.3") > Version::parse("2.13"));
        assert_eq!(Version::parse("6.01"), Some(Version { major: 6, minor: 1 }));
        assert_eq!(Version::parse("1.0").map(|v| v.to_string()).as_deref(), Some("1.0"));
    }

    #[test]
    fn what_is_not_a_version_is_none() {
        for text in ["", "1", ".", "1.", ".0", "+1.0", "1.-0", "1.0.0", "99999999999.0", "1,0", " 1.0"] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn language_is_looked_up_from_the_most_to_the_least_specific() {
        let supported = ["en".to_owned(), "de".into(), "zh-Hant".into()];
        let answer = |wanted| answer_language(wanted, &supported);
        assert_eq!(answer(None), "en");
        assert_eq!(answer(Some("de-CH")), "de");
        assert_eq!(answer(Some("DE")), "de");
        assert_eq!(answer(Some("zh-hant-tw-x-private")), "zh-Hant");
        assert_eq!(answer(Some("fr")), "en");
        assert_eq!(answer(Some("-")), "en");
        assert_eq!(answer(Some("ä-é")), "en");
        assert_eq!(answer_language(Some("de"), &[]), "en");
    }
}
