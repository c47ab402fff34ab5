//! SASL data on the wire (§2.2).

use std::fmt;
use std::ops::Deref;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stonechat_stanza::Element;
use zeroize::{Zeroize as _, Zeroizing};

use crate::Failure;

/// The bytes of one SASL message. They may be a password: `Debug` shows their number only, and they are wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Data(Zeroizing<Vec<u8>>);

impl Data {
    /// The bytes, to be wiped by whoever takes them.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }

    /// Reads the text of an element; an empty one is the empty message. White space around and inside, which SHOULD not be there, is
    /// let pass, as the examples of the XEP are full of it.
    ///
    /// # Errors
    /// `malformed-request` for elements where data belongs, `incorrect-encoding` for what is not base64.
    pub fn read(element: &Element) -> Result<Self, Failure> {
        if element.children().next().is_some() {
            return Err(Failure::new("malformed-request"));
        }
        let mut text = element.text();
        text.retain(|c| !c.is_ascii_whitespace());
        let decoded = STANDARD.decode(&text);
        text.zeroize();
        decoded.map(Self::from).map_err(|_| Failure::new("incorrect-encoding"))
    }

    pub(crate) fn encode(bytes: &[u8]) -> String {
        STANDARD.encode(bytes)
    }
}

impl From<Vec<u8>> for Data {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl From<&[u8]> for Data {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
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
