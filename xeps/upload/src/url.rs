//! Addresses on the web that may be used for files.

use std::fmt;
use std::str::FromStr;

/// An `https` URL (RFC 3986; RFC 9110 §4.2.2) with a host, and without a user's name, which has no business there.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HttpsUrl {
    text: String,
    /// Where the host begins and ends, and the path begins.
    host: (usize, usize),
    port: u16,
    target: usize,
}

/// Why a text is no [`HttpsUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotHttps {
    /// It is another scheme, such as `http`.
    #[error("not an https address")]
    Scheme,
    /// It has characters that an address cannot have, not percent-encoded.
    #[error("a character that cannot be in an address")]
    Character,
    /// There is no host, or it cannot be one, or there is a user's name before it, or no port behind it.
    #[error("not a host")]
    Authority,
    /// There is a fragment, which is not sent anywhere.
    #[error("a fragment")]
    Fragment,
}

const SCHEME: &str = "https://";

impl HttpsUrl {
    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host: a name, or an address in the form of RFC 3986, that of IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.text[self.host.0..self.host.1]
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What a request line asks for: the path, and the query.
    #[must_use]
    pub fn target(&self) -> &str {
        match &self.text[self.target..] {
            "" => "/",
            target => target,
        }
    }
}

impl FromStr for HttpsUrl {
    type Err = NotHttps;

    fn from_str(text: &str) -> Result<Self, NotHttps> {
        if !text.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME)) {
            return Err(NotHttps::Scheme);
        }
        if !is_uri(text) {
            return Err(if text.contains('#') { NotHttps::Fragment } else { NotHttps::Character });
        }
        let rest = &text[SCHEME.len()..];
        let length = rest.find(['/', '?']).unwrap_or(rest.len());
        let target = SCHEME.len() + length;
        let (host, port) = authority(&rest[..length]).ok_or(NotHttps::Authority)?;
        // A query without a path before it has nothing to be asked for at (RFC 9112 §3.2.1).
        if rest[length..].starts_with('?') {
            return Err(NotHttps::Authority);
        }
        Ok(Self { text: text.to_owned(), host: (SCHEME.len(), SCHEME.len() + host), port, target })
    }
}

/// RFC 3986 §2: no other characters, and `%` only before two digits.
fn is_uri(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next(), bytes.next()];
                if !digits.iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())) {
                    return false;
                }
            }
            _ if byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=".contains(&byte) => {}
            _ => return false,
        }
    }
    true
}

/// How long the host is, and the port.
fn authority(text: &str) -> Option<(usize, u16)> {
    let host = match text.strip_prefix('[') {
        Some(rest) => {
            let inner = &rest[..rest.find(']')?];
            inner.parse::<std::net::Ipv6Addr>().ok()?;
            inner.len() + 2
        }
        None => {
            let length = text.find(':').unwrap_or(text.len());
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            let name = &text[..length];
            (!name.is_empty() && name.len() <= 253 && name.bytes().all(is_name)).then_some(length)?
        }
    };
    let port = match &text[host..] {
        "" | ":" => 443,
        port => {
            let digits =
                port.strip_prefix(':').filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse().ok().filter(|port| *port != 0)?
        }
    };
    Some((host, port))
}

impl fmt::Display for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_taken_apart() {
        for (text, host, port, target) in [
            (
                "https://upload.montague.tld/4a77/tr%C3%A8s%20cool.jpg",
                "upload.montague.tld",
                443,
                "/4a77/tr%C3%A8s%20cool.jpg",
            ),
            ("HTTPS://localhost:5443/upload/x?v=1/2", "localhost", 5443, "/upload/x?v=1/2"),
            ("https://192.0.2.1", "192.0.2.1", 443, "/"),
            ("https://[2001:db8::1]:8443/", "[2001:db8::1]", 8443, "/"),
            ("https://a:/", "a", 443, "/"),
        ] {
            let url: HttpsUrl = text.parse().unwrap();
            assert_eq!((url.host(), url.port(), url.target()), (host, port, target), "{text}");
            assert_eq!(url.to_string(), text);
        }
    }

    /// XEP-0363 §4: TLS, RFC 3986, non-ASCII percent-encoded.
    #[test]
    fn what_is_not_https_is_refused() {
        for (text, why) in [
            ("http://upload.montague.tld/x", NotHttps::Scheme),
            ("file:///etc/passwd", NotHttps::Scheme),
            ("javascript:alert(1)", NotHttps::Scheme),
            ("httpsé//x", NotHttps::Scheme),
            ("", NotHttps::Scheme),
            ("https://a/b c", NotHttps::Character),
            ("https://a/b\r\nHost: evil", NotHttps::Character),
            ("https://a/très", NotHttps::Character),
            ("https://a/%", NotHttps::Character),
            ("https://a/%2", NotHttps::Character),
            ("https://a/%zz", NotHttps::Character),
            ("https://a/\\b", NotHttps::Character),
            ("https://a/#b", NotHttps::Fragment),
            ("https://", NotHttps::Authority),
            ("https:///x", NotHttps::Authority),
            ("https://user@a/x", NotHttps::Authority),
            ("https://user:secret@a/x", NotHttps::Authority),
            ("https://a:0/x", NotHttps::Authority),
            ("https://a:65536/x", NotHttps::Authority),
            ("https://a:+1/x", NotHttps::Authority),
            ("https://a:x/x", NotHttps::Authority),
            ("https://[::1/x", NotHttps::Authority),
            ("https://[x]/x", NotHttps::Authority),
            ("https://[::1]x/x", NotHttps::Authority),
            ("https://a%2eb/x", NotHttps::Authority),
            ("https://a?x", NotHttps::Authority),
        ] {
            assert_eq!(text.parse::<HttpsUrl>(), Err(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_passes_is_one_line_of_ascii(text in "(https://)?[ -~\\r\\n\u{e8}\\[\\]:/?#@%]{0,40}") {
            if let Ok(url) = text.parse::<HttpsUrl>() {
                prop_assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(!url.host().is_empty() && url.port() > 0 && url.target().starts_with('/'));
                prop_assert!(!url.host().contains(['@', '/', '?', '#']));
            }
        }
    }
}
