//! The payloads (§3).

use jiff::Timestamp;
use stonechat_stanza::payload::{Builder, ElementExt as _, ParseError, Payload};
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{Element, StanzaError, payload};

/// Namespace of the payloads.
pub const NS: &str = "urn:xmpp:cam:0";

payload! {
    /// Asks for the clients (§3.1).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct List: NS, "list";
}

payload! {
    /// Ends the access of a client (§3.2).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Revoke: NS, "revoke" {
        /// What the list calls it.
        pub id: String => required("id"),
    }
}

payload! {
    /// The clients (§3.1).
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Clients: NS, "clients" {
        /// Each of them.
        pub clients: Vec<Client> => payloads,
    }
}

/// What sort of access a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It has, or had, a session.
    Session,
    /// It has none.
    Access,
}

/// A client that has access to the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// What to revoke it by.
    pub id: String,
    /// Whether it has a session that is alive.
    pub connected: bool,
    /// What sort of access it has.
    pub kind: Kind,
    /// When it was let in first.
    pub first_seen: Option<Timestamp>,
    /// When it was let in last, or went.
    pub last_seen: Option<Timestamp>,
    /// It has shown the password.
    pub password: bool,
    /// It has FAST tokens.
    pub fast: bool,
    /// The name of the software.
    pub software: Option<String>,
    /// The name of the device.
    pub device: Option<String>,
}

impl Payload for Client {
    const NS: &'static str = NS;
    const NAME: &'static str = "client";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let time = |name| -> Result<Option<Timestamp>, ParseError> {
            Ok(element.child_value::<DateTime>(name)?.map(DateTime::timestamp))
        };
        let has = |name| element.child("auth").is_some_and(|auth| auth.child(name).is_some());
        let text = |name| element.child("user-agent").and_then(|agent| agent.child_text(name));
        Ok(Self {
            id: element.required("id")?.to_owned(),
            connected: element.boolean("connected")?.unwrap_or(false),
            kind: if element.attr("type") == Some("access") { Kind::Access } else { Kind::Session },
            first_seen: time("first-seen")?,
            last_seen: time("last-seen")?,
            password: has("password"),
            fast: has("fast"),
            software: text("software"),
            device: text("device"),
        })
    }

    fn to_element(&self) -> Element {
        let kind = match self.kind {
            Kind::Session => "session",
            Kind::Access => "access",
        };
        let auth = Builder::new("auth", NS).flag("password", self.password).flag("fast", self.fast);
        let agent = Builder::new("user-agent", NS)
            .optional_child("software", self.software.as_deref())
            .optional_child("device", self.device.as_deref())
            .build();
        Builder::of::<Self>()
            .attr("connected", self.connected)
            .attr("id", &self.id)
            .attr("type", kind)
            .optional_child("first-seen", self.first_seen.map(DateTime::new))
            .optional_child("last-seen", self.last_seen.map(DateTime::new))
            .child(auth.build())
            .child(Builder::new("permission", NS).attr("status", "unrestricted").build())
            .children(Some(agent).filter(|agent| agent.children().next().is_some()))
            .build()
    }
}

/// The answer for a client that knows the password (§3.2).
#[must_use]
pub fn password_reset_required() -> StanzaError {
    StanzaError::service_unavailable().with_application(Element::bare("password-reset-required", NS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first client of example 2, without `<uri/>`, which SASL2 does not tell.
    #[test]
    fn a_client_is_that_of_the_example() {
        let xml = "<client xmlns='urn:xmpp:cam:0' connected='true' id='zeiP41HLglIu' type='session'>\
            <first-seen>2023-04-06T14:26:08Z</first-seen><last-seen>2023-04-06T14:37:25Z</last-seen>\
            <auth><password/></auth><permission status='unrestricted'/>\
            <user-agent><software>Gajim</software><device>Juliet&apos;s laptop</device></user-agent></client>";
        let client = Client::parse(&xml.parse().unwrap()).unwrap();
        assert!(client.connected && client.password && !client.fast);
        assert_eq!(client.device.as_deref(), Some("Juliet's laptop"));
        assert_eq!(client.to_element(), xml.parse().unwrap());
    }

    /// Example 5.
    #[test]
    fn the_error_says_that_the_password_has_to_be_changed() {
        assert!(password_reset_required().has_application(NS, "password-reset-required"));
    }
}
