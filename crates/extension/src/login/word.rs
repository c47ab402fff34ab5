//! What profiles translate.

use std::fmt;
use std::ops::Deref;

use stonechat_jid::Jid;
use stonechat_stanza::Element;
use zeroize::Zeroizing;

use super::UserAgent;

/// The bytes of a SASL message. They may be a password: `Debug` shows their number only, and they are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Data(Zeroizing<Vec<u8>>);

impl From<Vec<u8>> for Data {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl Deref for Data {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Data({} bytes)", self.0.len())
    }
}

/// A client's word in an authentication.
#[derive(Debug, Clone)]
pub enum Word {
    /// It begins.
    Begin(Box<Begin>),
    /// The mechanism's next message.
    Response(Data),
    /// It gives up.
    Abort,
}

/// How a client begins.
#[derive(Debug, Clone)]
pub struct Begin {
    /// The mechanism that it chose.
    pub mechanism: String,
    /// The initial response; present and empty is not the same as absent.
    pub initial: Option<Data>,
    /// What it says of the program.
    pub user_agent: Option<UserAgent>,
    /// What it wants done together with the login, in its order.
    pub requests: Vec<Element>,
}

/// An authentication that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The name of a condition of RFC 6120 §6.5, `"not-authorized"`.
    pub condition: &'static str,
    /// An explanation for people, in English.
    pub text: Option<String>,
}

impl Failed {
    /// A failure of this condition.
    #[must_use]
    pub const fn new(condition: &'static str) -> Self {
        Self { condition, text: None }
    }

    /// The same failure with an explanation for people.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }
}

/// An authentication that succeeded.
#[derive(Debug, Clone)]
pub struct Succeeded {
    /// The mechanism's last message, where it has one.
    pub data: Option<Vec<u8>>,
    /// Who the client is now: the full JID where a session was bound or resumed, else the bare one.
    pub identity: Jid,
    /// The answers to its requests.
    pub answers: Vec<Element>,
}

/// What a host offers on a stream to who has not authenticated.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// The mechanisms for passwords, in order of preference.
    pub mechanisms: &'a [String],
    /// The mechanisms in which [`Tokens`](super::Tokens) can be proved on this stream, in order of preference.
    pub token_mechanisms: &'a [String],
    /// The features that can be asked for [at a bind](super::AtBind).
    pub bind_features: &'a [&'static str],
}
