//! The four messages of SCRAM and their grammar (RFC 5802 §7), taken strictly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How a SCRAM message breaks the grammar of RFC 5802 §7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxError {
    /// It is not UTF-8.
    #[error("the message is not UTF-8")]
    Utf8,
    /// The GS2 header is not `n`, `y` or `p=name`, a comma, perhaps an authorization identity, and a comma.
    #[error("the GS2 header is malformed")]
    Gs2Header,
    /// Something between two commas is not a letter, `=` and a value.
    #[error("an attribute is malformed")]
    Attribute,
    /// An attribute is missing, in the wrong place, or there twice.
    #[error("expected the attribute {0:?}")]
    Expected(char),
    /// An attribute of the grammar stands where only extensions may.
    #[error("unexpected attribute {0:?}")]
    Unexpected(char),
    /// A mandatory extension, none of which is known.
    #[error("a mandatory extension is not supported")]
    MandatoryExtension,
    /// A name contains `=` that is neither `=2C` nor `=3D`.
    #[error("a name is escaped wrongly")]
    Name,
    /// A nonce contains something else than printable ASCII.
    #[error("a nonce is malformed")]
    Nonce,
    /// A value is not strict base64.
    #[error("a value is not base64")]
    Base64,
    /// The iteration count is not a positive number without leading zeros that fits 32 bits.
    #[error("the iteration count is malformed")]
    Iterations,
}

type Result<T> = core::result::Result<T, SyntaxError>;

/// The gs2-cbind-flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag<'a> {
    /// `n`: the client does not support channel binding.
    Unsupported,
    /// `y`: the client supports it and thinks that the server does not.
    NotOffered,
    /// `p=`: the client binds to the channel with this type.
    Used(&'a str),
}

/// The GS2 header of a client's first message.
pub(crate) fn gs2_header(flag: Flag<'_>, authzid: Option<&str>) -> String {
    let (flag, kind) = match flag {
        Flag::Unsupported => ("n", ""),
        Flag::NotOffered => ("y", ""),
        Flag::Used(kind) => ("p=", kind),
    };
    let authzid = authzid.map(|authzid| format!("a={}", escape(authzid))).unwrap_or_default();
    format!("{flag}{kind},{authzid},")
}

/// Writes a name as saslname.
pub(crate) fn escape(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// Reads a saslname.
fn unescape(name: &str) -> Result<String> {
    let mut parts = name.split('=');
    let mut plain = String::with_capacity(name.len());
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (escaped, rest) = if let Some(rest) = part.strip_prefix("2C") {
            (',', rest)
        } else if let Some(rest) = part.strip_prefix("3D") {
            ('=', rest)
        } else {
            return Err(SyntaxError::Name);
        };
        plain.push(escaped);
        plain.push_str(rest);
    }
    Ok(plain)
}

/// client-first-message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClientFirst<'a> {
    pub(crate) flag: Flag<'a>,
    pub(crate) authzid: Option<String>,
    /// The GS2 header as it was sent.
    pub(crate) header: &'a str,
    /// client-first-message-bare as it was sent.
    pub(crate) bare: &'a str,
    pub(crate) username: String,
    pub(crate) nonce: &'a str,
}

impl<'a> ClientFirst<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self> {
        let text = text(message)?;
        let (flag, rest) = text.split_once(',').ok_or(SyntaxError::Gs2Header)?;
        let (authzid, bare) = rest.split_once(',').ok_or(SyntaxError::Gs2Header)?;
        let header = &text[..text.len() - bare.len()];
        let (flag, authzid) = (gs2_flag(flag)?, gs2_authzid(authzid)?);
        let mut attributes = Attributes::of(bare);
        attributes.refuse_mandatory()?;
        let username = unescape(attributes.expect('n')?)?;
        let nonce = printable(attributes.expect('r')?)?;
        attributes.extensions()?;
        Ok(Self { flag, authzid, header, bare, username, nonce })
    }
}

fn gs2_flag(flag: &str) -> Result<Flag<'_>> {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    match (flag, flag.strip_prefix("p=")) {
        ("n", _) => Ok(Flag::Unsupported),
        ("y", _) => Ok(Flag::NotOffered),
        (_, Some(kind)) if !kind.is_empty() && kind.chars().all(name) => Ok(Flag::Used(kind)),
        _ => Err(SyntaxError::Gs2Header),
    }
}

fn gs2_authzid(authzid: &str) -> Result<Option<String>> {
    if authzid.is_empty() {
        return Ok(None);
    }
    let name = authzid.strip_prefix("a=").filter(|name| !name.is_empty()).ok_or(SyntaxError::Gs2Header)?;
    unescape(name).map(Some)
}

/// server-first-message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServerFirst<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u32,
    /// XEP-0474's hash of what was advertised, in base64.
    pub(crate) advertised: Option<&'a str>,
    pub(crate) text: &'a str,
}

impl<'a> ServerFirst<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self> {
        let text = text(message)?;
        let mut attributes = Attributes::of(text);
        attributes.refuse_mandatory()?;
        let nonce = printable(attributes.expect('r')?)?;
        let salt = base64(attributes.expect('s')?)?;
        let iterations = positive(attributes.expect('i')?)?;
        Ok(Self { nonce, salt, iterations, advertised: attributes.extensions()?, text })
    }

    pub(crate) fn write(nonce: &str, salt: &[u8], iterations: u32, advertised: Option<&str>) -> String {
        let advertised = advertised.map(|digest| format!(",h={digest}")).unwrap_or_default();
        format!("r={nonce},s={},i={iterations}{advertised}", STANDARD.encode(salt))
    }
}

/// client-final-message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClientFinal<'a> {
    /// cbind-input.
    pub(crate) binding: Vec<u8>,
    pub(crate) nonce: &'a str,
    pub(crate) proof: Vec<u8>,
    /// client-final-message-without-proof as it was sent.
    pub(crate) without_proof: &'a str,
}

impl<'a> ClientFinal<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self> {
        let text = text(message)?;
        let (without_proof, proof) = text.rsplit_once(',').ok_or(SyntaxError::Expected('p'))?;
        let proof = base64(Attributes::of(proof).expect('p')?)?;
        let mut attributes = Attributes::of(without_proof);
        let binding = base64(attributes.expect('c')?)?;
        let nonce = printable(attributes.expect('r')?)?;
        attributes.extensions()?;
        Ok(Self { binding, nonce, proof, without_proof })
    }

    /// client-final-message-without-proof.
    pub(crate) fn without_proof(binding: &[u8], nonce: &str) -> String {
        format!("c={},r={nonce}", STANDARD.encode(binding))
    }

    /// The whole message.
    pub(crate) fn write(without_proof: &str, proof: &[u8]) -> String {
        format!("{without_proof},p={}", STANDARD.encode(proof))
    }
}

/// server-final-message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ServerFinal<'a> {
    Signature(Vec<u8>),
    Error(&'a str),
}

impl<'a> ServerFinal<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self> {
        let mut attributes = Attributes::of(text(message)?);
        let parsed = match attributes.take()? {
            Some(('v', value)) => Self::Signature(base64(value)?),
            Some(('e', value)) => Self::Error(value),
            Some(('m', _)) => return Err(SyntaxError::MandatoryExtension),
            _ => return Err(SyntaxError::Expected('v')),
        };
        attributes.extensions()?;
        Ok(parsed)
    }

    pub(crate) fn write(signature: &[u8]) -> String {
        format!("v={}", STANDARD.encode(signature))
    }
}

/// The attributes of a message, one after the other.
struct Attributes<'a> {
    rest: Option<&'a str>,
}

impl<'a> Attributes<'a> {
    /// Attributes that the grammar gives a place of their own, so that no extension may bear their name.
    const RESERVED: &'static str = "aceimnprsv";

    fn of(text: &'a str) -> Self {
        Self { rest: Some(text) }
    }

    /// attr-val, or nothing at the end of the message.
    fn take(&mut self) -> Result<Option<(char, &'a str)>> {
        let Some(rest) = self.rest else { return Ok(None) };
        let (attribute, rest) = rest.split_once(',').map_or((rest, None), |(one, rest)| (one, Some(rest)));
        self.rest = rest;
        let (name, value) = attribute.split_once('=').ok_or(SyntaxError::Attribute)?;
        let mut letters = name.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) if letter.is_ascii_alphabetic() && !value.is_empty() => {
                Ok(Some((letter, value)))
            }
            _ => Err(SyntaxError::Attribute),
        }
    }

    fn expect(&mut self, name: char) -> Result<&'a str> {
        match self.take()? {
            Some((found, value)) if found == name => Ok(value),
            Some(('m', _)) => Err(SyntaxError::MandatoryExtension),
            _ => Err(SyntaxError::Expected(name)),
        }
    }

    /// Nobody has defined a mandatory extension yet, so every one is unknown.
    fn refuse_mandatory(&self) -> Result<()> {
        match self.rest {
            Some(rest) if rest.starts_with("m=") => Err(SyntaxError::MandatoryExtension),
            _ => Ok(()),
        }
    }

    /// The extensions that end a message: unknown ones are passed over (RFC 5802 §5.1). Gives `h` (XEP-0474).
    fn extensions(&mut self) -> Result<Option<&'a str>> {
        let mut advertised = None;
        while let Some((name, value)) = self.take()? {
            match name {
                'm' => return Err(SyntaxError::MandatoryExtension),
                'h' if advertised.is_some() => return Err(SyntaxError::Unexpected('h')),
                'h' => advertised = Some(value),
                _ if Self::RESERVED.contains(name) => return Err(SyntaxError::Unexpected(name)),
                _ => {}
            }
        }
        Ok(advertised)
    }
}

/// UTF-8 without NUL, which no production of the grammar contains.
fn text(message: &[u8]) -> Result<&str> {
    let text = core::str::from_utf8(message).map_err(|_| SyntaxError::Utf8)?;
    if text.contains('\0') { Err(SyntaxError::Attribute) } else { Ok(text) }
}

fn printable(nonce: &str) -> Result<&str> {
    if nonce.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(nonce) } else { Err(SyntaxError::Nonce) }
}

fn base64(value: &str) -> Result<Vec<u8>> {
    STANDARD.decode(value).map_err(|_| SyntaxError::Base64)
}

/// posit-number.
fn positive(value: &str) -> Result<u32> {
    let digits = !value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().ok()).flatten().ok_or(SyntaxError::Iterations)
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
