//! SASL on the wire (RFC 6120 §6): the stream feature, the elements of the exchange, and the list of
//! channel-binding types (XEP-0440).
//!
//! The mechanisms themselves are not here: this module carries their bytes. Received data may be a password,
//! so [`Data`] never shows its content and is wiped when it is dropped.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stonechat_stanza::payload::{Builder, ParseError, Payload};
use stonechat_stanza::{Element, ns};
use zeroize::Zeroize as _;

mod failure;

pub use failure::{Condition, Failure};

/// The bytes of one SASL message. `Debug` shows their number only; they are wiped on drop.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Data(Vec<u8>);

impl Data {
    /// The bytes, to be wiped by whoever takes them.
    pub fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::ops::Deref for Data {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<T: Into<Vec<u8>>> From<T> for Data {
    fn from(bytes: T) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data({} bytes)", self.0.len())
    }
}

/// `<auth/>`: the client begins (RFC 6120 §6.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// The mechanism's name.
    pub mechanism: String,
    /// The initial response; present and empty is not the same as absent.
    pub initial: Option<Data>,
}

/// The elements of the exchange (RFC 6120 §6.4).
///
/// ```
/// use stonechat_stream::sasl::{Auth, Nonza};
///
/// let xml = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>";
/// let nonza = Nonza::from_element(&xml.parse()?);
/// let expected = Auth { mechanism: "EXTERNAL".into(), initial: Some(b"".into()) };
/// assert_eq!(nonza, Some(Ok(Nonza::Auth(expected))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nonza {
    /// From the client: begin.
    Auth(Auth),
    /// From the server: the mechanism's next message.
    Challenge(Data),
    /// From the client: the mechanism's next message.
    Response(Data),
    /// From the client: never mind (§6.4.4).
    Abort,
    /// From the server: authenticated, perhaps with the mechanism's last message (§6.4.6). A client that uses a
    /// mechanism with mutual authentication has to check that message before it believes it.
    Success(Option<Data>),
    /// From the server: not authenticated (§6.4.5).
    Failure(Failure),
}

impl Nonza {
    /// The element.
    pub fn to_element(&self) -> Element {
        let (name, text) = match self {
            Self::Auth(auth) => {
                let element = Builder::new("auth", ns::SASL).attr("mechanism", &auth.mechanism);
                return element.text(encode_optional(auth.initial.as_ref())).build();
            }
            Self::Failure(failure) => return failure.to_element(),
            Self::Challenge(data) => ("challenge", STANDARD.encode(&**data)),
            Self::Response(data) => ("response", STANDARD.encode(&**data)),
            Self::Abort => ("abort", String::new()),
            Self::Success(data) => ("success", encode_optional(data.as_ref())),
        };
        Builder::new(name, ns::SASL).text(text).build()
    }

    /// Reads an element; `None` for what is not part of this exchange.
    ///
    /// # Errors
    ///
    /// The failure to answer with: `invalid-mechanism` for an `<auth/>` without a mechanism,
    /// `incorrect-encoding` for data that is not base64 by RFC 4648 §4 with padding bits of zero
    /// (RFC 6120 §6.3.5), `malformed-request` for elements where data belongs.
    pub fn from_element(element: &Element) -> Option<Result<Self, Failure>> {
        if !element.has_ns(ns::SASL) {
            return None;
        }
        let nonza = match element.name() {
            "auth" => read_auth(element).map(Self::Auth),
            "challenge" => read_data(element).map(|data| Self::Challenge(data.unwrap_or_default())),
            "response" => read_data(element).map(|data| Self::Response(data.unwrap_or_default())),
            "abort" => Ok(Self::Abort),
            "success" => read_data(element).map(Self::Success),
            "failure" => Ok(Self::Failure(Failure::read(element))),
            _ => return None,
        };
        Some(nonza)
    }
}

fn read_auth(element: &Element) -> Result<Auth, Failure> {
    let mechanism = element.attr("mechanism").ok_or(Condition::InvalidMechanism)?.to_owned();
    Ok(Auth { mechanism, initial: read_data(element)? })
}

/// Absent data is the empty string on the wire, and empty data an equals sign (RFC 6120 §6.4.2, §6.4.6). In a
/// challenge or response, where nothing can be absent, both mean empty.
fn encode_optional(data: Option<&Data>) -> String {
    match data {
        None => String::new(),
        Some(data) if data.is_empty() => "=".to_owned(),
        Some(data) => STANDARD.encode(&**data),
    }
}

fn read_data(element: &Element) -> Result<Option<Data>, Failure> {
    if element.children().next().is_some() {
        return Err(Condition::MalformedRequest.into());
    }
    let mut text = element.text();
    let data = match text.as_str() {
        "" => Ok(None),
        "=" => Ok(Some(Data::default())),
        text => STANDARD.decode(text).map(|bytes| Some(Data(bytes))),
    };
    text.zeroize();
    data.map_err(|_| Condition::IncorrectEncoding.into())
}

/// The stream feature `<mechanisms/>`, in the server's order of preference (RFC 6120 §6.4.1).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mechanisms {
    /// The names.
    pub names: Vec<String>,
    /// What an application adds for some of its mechanisms (§6.3.5), such as the host name of XEP-0233.
    pub other: Vec<Element>,
}

impl Payload for Mechanisms {
    const NS: &'static str = ns::SASL;
    const NAME: &'static str = "mechanisms";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let mut mechanisms = Self::default();
        for child in element.children() {
            if child.is("mechanism", ns::SASL) {
                mechanisms.names.push(child.text().trim().to_owned());
            } else {
                mechanisms.other.push(child.clone());
            }
        }
        Ok(mechanisms)
    }

    fn to_element(&self) -> Element {
        let names = self.names.iter().map(|name| Builder::new("mechanism", ns::SASL).text(name).build());
        Builder::of::<Self>().children(names).children(self.other.iter().cloned()).build()
    }
}

/// The stream feature `<sasl-channel-binding/>`: the types that the server can check (XEP-0440).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelBindings {
    /// The names of the types as IANA registered them, such as `tls-exporter`.
    pub types: Vec<String>,
}

impl Payload for ChannelBindings {
    const NS: &'static str = ns::SASL_CB;
    const NAME: &'static str = "sasl-channel-binding";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let bindings = element.children().filter(|child| child.is("channel-binding", ns::SASL_CB));
        Ok(Self { types: bindings.filter_map(|child| child.attr("type")).map(str::to_owned).collect() })
    }

    fn to_element(&self) -> Element {
        let binding = |name| Builder::new("channel-binding", ns::SASL_CB).attr("type", name).build();
        Builder::of::<Self>().children(self.types.iter().map(binding)).build()
    }
}

#[cfg(test)]
mod tests;
