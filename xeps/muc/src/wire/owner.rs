//! The room as a whole: its configuration and its end (§10).

use std::fmt;

use stonechat_stanza::forms::Form;
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload};

use super::OWNER;

/// The end of a room (§10.9). Its `Debug` does not show the password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Destroy {
    /// Where people may meet instead.
    pub venue: Option<BareJid>,
    /// Why.
    pub reason: Option<String>,
    /// The password of the other room.
    pub password: Option<String>,
}

impl fmt::Debug for Destroy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destroy")
            .field("venue", &self.venue)
            .field("reason", &self.reason)
            .field("password", &self.password.is_some())
            .finish()
    }
}

impl Destroy {
    pub(super) fn read(element: &Element) -> Result<Self, ParseError> {
        Ok(Self {
            venue: element.value("jid")?,
            reason: element.child_text("reason"),
            password: element.child_text("password"),
        })
    }

    pub(super) fn write(&self, ns: &str) -> Element {
        Builder::new("destroy", ns)
            .optional("jid", self.venue.as_ref())
            .optional_child("password", self.password.as_ref())
            .optional_child("reason", self.reason.as_ref())
            .build()
    }
}

/// `<query xmlns='http://jabber.org/protocol/muc#owner'/>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// The configuration.
    pub form: Option<Form>,
    /// The wish to destroy the room.
    pub destroy: Option<Destroy>,
}

impl Payload for Owner {
    const NS: &'static str = OWNER;
    const NAME: &'static str = "query";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let destroy = element.child("destroy").map(Destroy::read);
        Ok(Self { form: element.get()?, destroy: destroy.transpose()? })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>()
            .payloads(&self.form)
            .children(self.destroy.as_ref().map(|destroy| destroy.write(OWNER)))
            .build()
    }
}
