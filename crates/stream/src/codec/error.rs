//! Why a codec gives up on a stream.

use stonechat_stanza::xml;

use crate::{Condition, StreamError};

/// What a peer sent that ends its stream. Always the peer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// XML that is malformed, forbidden or too large.
    #[error(transparent)]
    Xml(#[from] xml::Error),
    /// The XML declaration names another encoding than UTF-8 (RFC 6120 §11.6).
    #[error("the encoding is not UTF-8")]
    Encoding,
    /// The stream header is in another namespace (RFC 6120 §4.8.1, RFC 7395 §3.3.2).
    #[error("the stream header is not in the stream namespace")]
    Namespace,
    /// The stream header lacks a prefix that it needs, or has one that stands for nothing (RFC 6120
    /// §4.8.5).
    #[error("the prefix of the stream header is not that of the stream namespace")]
    Prefix,
    /// Something else stands where a stream header has to.
    #[error("a stream header has to come first")]
    Header,
    /// A second stream header without a restart.
    #[error("the stream is open already")]
    Reopened,
    /// An end tag that does not match the stream header.
    #[error("an end tag without an element")]
    EndTag,
    /// A WebSocket message that does not start with `<` (RFC 7395 §3.3.3).
    #[error("a message has to start with '<'")]
    Message,
}

impl Error {
    /// The condition of the stream error to send (RFC 6120 §4.9.3).
    pub fn condition(&self) -> Condition {
        match self {
            Error::Xml(xml::Error::Encoding) | Error::Encoding => Condition::UnsupportedEncoding,
            Error::Xml(xml::Error::Restricted(_)) => Condition::RestrictedXml,
            Error::Xml(xml::Error::Limit(_)) => Condition::PolicyViolation,
            // Two elements in one WebSocket message are well-formed, each for itself.
            Error::Xml(xml::Error::Trailing) => Condition::BadFormat,
            Error::Xml(_) | Error::EndTag => Condition::NotWellFormed,
            Error::Namespace => Condition::InvalidNamespace,
            Error::Prefix => Condition::BadNamespacePrefix,
            Error::Header | Error::Reopened | Error::Message => Condition::BadFormat,
        }
    }
}

impl From<Error> for StreamError {
    /// The [condition](Error::condition) with the reason as text.
    fn from(error: Error) -> StreamError {
        StreamError::new(error.condition()).with_text(error.to_string())
    }
}
