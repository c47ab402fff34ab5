//! An address borrowed from a string.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::error::Error;
use crate::parse::{self, Form, Rules};
use crate::shared::Shared;
use crate::{BareJid, FullJid, Jid, ascii};

/// An address in canonical form, borrowed from a string.
///
/// Canonical by the received rules (see the [crate]); it compares, orders and hashes as its string.
#[derive(Clone, Copy)]
pub struct JidRef<'a> {
    text: &'a str,
    /// The place of `@`; 0 if there is no localpart.
    at: u16,
    /// The place of the first `/`; 0 if there is no resourcepart.
    slash: u16,
}

impl<'a> JidRef<'a> {
    #[inline]
    pub(crate) fn trusted(text: &'a str, at: u16, slash: u16) -> JidRef<'a> {
        JidRef { text, at, slash }
    }

    /// Takes a string that is an address in canonical form, without allocating if it is ASCII.
    ///
    /// Resourceparts are judged by the received rules (see the [crate]).
    ///
    /// # Errors
    ///
    /// [`Error::NotCanonical`] if the string is an address but has to be mapped ([`parse_received`] does), any
    /// other if it is none.
    ///
    /// [`parse_received`]: crate::parse_received
    pub fn parse(text: &'a str) -> Result<JidRef<'a>, Error> {
        match ascii::scan(text) {
            Some(scan) if !scan.upper => Ok(JidRef::trusted(text, scan.at, scan.slash)),
            Some(_) => Err(Error::NotCanonical),
            None => match parse::general(text, Rules::Received)? {
                Form::Canonical { at, slash } => Ok(JidRef::trusted(text, at, slash)),
                Form::Mapped(_) => Err(Error::NotCanonical),
            },
        }
    }

    /// The places of `@` and of the first `/`, in bytes; 0 where there is none.
    ///
    /// With these, [`from_canonical`](JidRef::from_canonical) makes the address again without looking at it.
    #[inline]
    pub fn offsets(self) -> (u16, u16) {
        (self.at, self.slash)
    }

    /// Makes the address again from its text and its [`offsets`](JidRef::offsets), without checking the text.
    ///
    /// The text has to be what some address gave as its string. Offsets that do not point at separators are
    /// ignored and found anew; text that is no address gives an address that is none, but nothing worse.
    ///
    /// # Panics
    ///
    /// In builds with debug assertions, if the text is not in canonical form.
    #[inline]
    pub fn from_canonical(text: &'a str, offsets: (u16, u16)) -> JidRef<'a> {
        debug_assert!(JidRef::parse(text).is_ok(), "not a canonical address: {text:?}");
        JidRef::rebuild(text, offsets)
    }

    fn rebuild(text: &'a str, (at, slash): (u16, u16)) -> JidRef<'a> {
        let points_at =
            |offset: u16, byte: u8| offset == 0 || text.as_bytes().get(usize::from(offset)) == Some(&byte);
        if points_at(at, b'@') && points_at(slash, b'/') && (slash == 0 || at < slash) {
            return JidRef { text, at, slash };
        }
        let found = |place: Option<usize>| place.and_then(|place| u16::try_from(place).ok()).unwrap_or(0);
        let slash = found(text.find('/'));
        let head = if slash == 0 { text } else { text.get(..usize::from(slash)).unwrap_or(text) };
        JidRef { text, at: found(head.find('@')), slash }
    }

    /// The address as a string.
    #[inline]
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// The localpart.
    #[inline]
    pub fn local(self) -> Option<&'a str> {
        if self.at == 0 { None } else { self.text.get(..usize::from(self.at)) }
    }

    /// The domainpart.
    #[inline]
    pub fn domain(self) -> &'a str {
        let start = if self.at == 0 { 0 } else { usize::from(self.at) + 1 };
        self.bare_str().get(start..).unwrap_or_default()
    }

    /// The resourcepart.
    #[inline]
    pub fn resource(self) -> Option<&'a str> {
        if self.slash == 0 { None } else { self.text.get(usize::from(self.slash) + 1..) }
    }

    /// The address without its resourcepart, as a string.
    #[inline]
    pub fn bare_str(self) -> &'a str {
        if self.slash == 0 {
            self.text
        } else {
            self.text.get(..usize::from(self.slash)).unwrap_or(self.text)
        }
    }

    /// The address without its resourcepart, borrowed.
    #[inline]
    pub fn bare_ref(self) -> JidRef<'a> {
        JidRef { text: self.bare_str(), at: self.at, slash: 0 }
    }

    /// Whether there is no resourcepart.
    #[inline]
    pub fn is_bare(self) -> bool {
        self.slash == 0
    }

    /// Whether there is a resourcepart.
    #[inline]
    pub fn is_full(self) -> bool {
        self.slash != 0
    }

    /// The address without its resourcepart, owned (one allocation).
    pub fn to_bare(self) -> BareJid {
        BareJid(Shared::new(self.bare_str(), self.at, 0))
    }

    /// The address, owned (one allocation).
    pub fn to_jid(self) -> Jid {
        Jid(Shared::new(self.text, self.at, self.slash))
    }

    /// The same as [`to_jid`](JidRef::to_jid).
    pub fn to_owned(self) -> Jid {
        self.to_jid()
    }

    /// The address, owned (one allocation), if it has a resourcepart.
    pub fn to_full(self) -> Option<FullJid> {
        self.is_full().then(|| FullJid(Shared::new(self.text, self.at, self.slash)))
    }
}

impl PartialEq for JidRef<'_> {
    fn eq(&self, other: &JidRef<'_>) -> bool {
        self.text == other.text
    }
}

impl Eq for JidRef<'_> {}

impl PartialOrd for JidRef<'_> {
    fn partial_cmp(&self, other: &JidRef<'_>) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for JidRef<'_> {
    fn cmp(&self, other: &JidRef<'_>) -> std::cmp::Ordering {
        self.text.cmp(other.text)
    }
}

impl Hash for JidRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for JidRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text)
    }
}

impl fmt::Debug for JidRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text, f)
    }
}

impl AsRef<str> for JidRef<'_> {
    fn as_ref(&self) -> &str {
        self.text
    }
}

impl PartialEq<str> for JidRef<'_> {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for JidRef<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl PartialEq<JidRef<'_>> for str {
    fn eq(&self, other: &JidRef<'_>) -> bool {
        self == other.text
    }
}

impl PartialEq<JidRef<'_>> for &str {
    fn eq(&self, other: &JidRef<'_>) -> bool {
        *self == other.text
    }
}

impl<'a> TryFrom<&'a str> for JidRef<'a> {
    type Error = Error;

    fn try_from(text: &'a str) -> Result<JidRef<'a>, Error> {
        JidRef::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_make_the_address_again() {
        for text in ["a@b/c", "a@b", "b/c", "b", "b/c@d", "ä@b/☺"] {
            let jid = JidRef::parse(text).unwrap();
            let again = JidRef::from_canonical(text, jid.offsets());
            assert_eq!(
                (again.local(), again.domain(), again.resource()),
                (jid.local(), jid.domain(), jid.resource())
            );
        }
    }

    #[test]
    fn wrong_offsets_are_found_anew() {
        for offsets in [(9, 0), (1, 2), (3, 1), (u16::MAX, u16::MAX), (2, 3), (0, 4)] {
            let jid = JidRef::rebuild("a@b/c", offsets);
            assert_eq!(
                (jid.local(), jid.domain(), jid.resource()),
                (Some("a"), "b", Some("c")),
                "{offsets:?}"
            );
        }
    }

    #[test]
    fn text_that_is_no_address_never_panics() {
        for text in ["", "@", "/", "@/", "é", "/@", "é@é/é"] {
            for at in 0..6 {
                for slash in 0..6 {
                    let jid = JidRef::rebuild(text, (at, slash));
                    let _ = (
                        jid.local(),
                        jid.domain(),
                        jid.resource(),
                        jid.bare_str(),
                        jid.to_bare(),
                        jid.to_jid(),
                    );
                }
            }
        }
    }

    #[test]
    fn only_canonical_text_is_taken() {
        assert_eq!(JidRef::parse("A@b"), Err(Error::NotCanonical));
        assert_eq!(JidRef::parse("a@b."), Err(Error::NotCanonical));
        assert_eq!(JidRef::parse("Ä@b"), Err(Error::NotCanonical));
        assert_eq!(JidRef::parse("a@"), Err(Error::Empty(crate::Part::Domain)));
    }
}
