//! Stream errors (RFC 6120 §4.9).

use std::fmt;
use std::net::Ipv6Addr;

use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ns};

mod condition;

pub use condition::{Condition, Fault};

/// Why a stream ends: a defined [`Condition`], perhaps a text for people, perhaps an element that
/// says more to an application (RFC 6120 §4.9.2).
///
/// Stream errors are unrecoverable: whoever sends one closes the stream after it (§4.9.1.1).
///
/// ```
/// use stonechat_stream::{Condition, StreamError};
///
/// let error = StreamError::new(Condition::PolicyViolation).with_text("stanza over 256 KiB");
/// let element = error.to_element();
/// assert!(element.is("error", "http://etherx.jabber.org/streams"));
/// assert_eq!(StreamError::from_element(&element), Some(error));
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub struct StreamError {
    /// What went wrong, in the words of the RFC.
    pub condition: Condition,
    /// An explanation for people who read logs; never to be interpreted by a program.
    pub text: Option<Text>,
    /// An application-specific condition (§4.9.4).
    pub application: Option<Box<Element>>,
}

/// A text for people with the language that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The language tag (`xml:lang`), where it was given.
    pub lang: Option<String>,
    /// The text.
    pub text: String,
}

impl Text {
    /// A text in English.
    pub fn english(text: impl Into<String>) -> Self {
        Self { lang: Some("en".to_owned()), text: text.into() }
    }

    pub(crate) fn to_element(&self, ns: &str) -> Element {
        Builder::new("text", ns).lang(self.lang.as_deref()).text(&self.text).build()
    }

    pub(crate) fn from_element(element: &Element) -> Self {
        Self { lang: element.lang().map(str::to_owned), text: element.text() }
    }
}

impl StreamError {
    /// An error of this condition without text and application condition.
    pub fn new(condition: Condition) -> Self {
        Self { condition, text: None, application: None }
    }

    /// `<see-other-host/>`: `host` is a domain, an IPv4 address or a bracketed IPv6 address, with `:port`
    /// after it where needed (RFC 6120 §4.9.3.19).
    pub fn see_other_host(host: impl Into<String>) -> Self {
        Self::new(Condition::SeeOtherHost(host.into()))
    }

    /// The same error with an English explanation for people.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(Text::english(text));
        self
    }

    /// The same error with an application-specific condition (RFC 6120 §4.9.4), which has to be in a
    /// namespace of its own.
    #[must_use]
    pub fn with_application(mut self, element: Element) -> Self {
        self.application = Some(Box::new(element));
        self
    }

    /// Where to connect instead, host and port apart, if that is what the error says and if it says it
    /// in a valid form: a name or address without white space, an IPv6 address in brackets, a port
    /// from 1 to 65535. The brackets are not part of the host.
    ///
    /// ```
    /// # use stonechat_stream::StreamError;
    /// let error = StreamError::see_other_host("[2001:41D0:1:A49b::1]:9222");
    /// assert_eq!(error.other_host(), Some(("2001:41D0:1:A49b::1", Some(9222))));
    /// ```
    pub fn other_host(&self) -> Option<(&str, Option<u16>)> {
        let Condition::SeeOtherHost(text) = &self.condition else { return None };
        let port =
            |digits: &str| digits.parse::<u16>().ok().filter(|&port| port != 0 && !digits.starts_with('+'));
        if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            return match rest.strip_prefix(':') {
                Some(digits) => Some((host, Some(port(digits)?))),
                None => rest.is_empty().then_some((host, None)),
            };
        }
        let (host, port) = match text.split_once(':') {
            Some((host, digits)) => (host, Some(port(digits)?)),
            None => (text.as_str(), None),
        };
        let valid =
            !host.is_empty() && host.len() <= 1023 && !host.contains(|c: char| c.is_whitespace() || c == '/');
        valid.then_some((host, port))
    }

    /// The `<error/>` in the stream namespace.
    pub fn to_element(&self) -> Element {
        let condition = Builder::new(self.condition.name(), ns::STREAMS_ERR);
        let condition = match &self.condition {
            Condition::SeeOtherHost(host) => condition.text(host),
            _ => condition,
        };
        let text = self.text.as_ref().map(|text| text.to_element(ns::STREAMS_ERR));
        Builder::new("error", ns::STREAM)
            .child(condition.build())
            .children(text)
            .children(self.application.as_deref().cloned())
            .build()
    }

    /// Reads an `<error/>` in the stream namespace; `None` if the element is something else.
    ///
    /// A condition that this crate does not know, or none at all, is `undefined-condition`
    /// (RFC 6120 §4.9.2).
    pub fn from_element(element: &Element) -> Option<Self> {
        if !element.is("error", ns::STREAM) {
            return None;
        }
        let mut error = Self::undefined_condition();
        for child in element.children() {
            if !child.has_ns(ns::STREAMS_ERR) {
                error.application.get_or_insert_with(|| Box::new(child.clone()));
            } else if child.name() == "text" {
                error.text = Some(Text::from_element(child));
            } else if child.name() == "see-other-host" {
                error.condition = Condition::SeeOtherHost(child.text().trim().to_owned());
            } else if let Some(condition) = Condition::plain(child.name()) {
                error.condition = condition;
            }
        }
        Some(error)
    }
}

impl From<Condition> for StreamError {
    fn from(condition: Condition) -> Self {
        Self::new(condition)
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream error {}", self.condition)?;
        match &self.text {
            Some(text) => write!(f, ": {}", text.text),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
