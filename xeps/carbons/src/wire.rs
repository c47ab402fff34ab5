//! The payloads (XEP-0280 §4, §5, §7, §8, §9).

use stonechat_stanza::class::Direction;
use stonechat_stanza::forward::Forwarded;
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Kind, Payload as _, Stanza, message, payload, xml};

/// Namespace of the payloads and of the advertised feature (§3).
pub const NS: &str = "urn:xmpp:carbons:2";

/// The feature that promises all the rules of §6.1 (§6.2).
pub const RULES: &str = "urn:xmpp:carbons:rules:0";

payload! {
    /// Asks for copies from now on (§4).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Enable: NS, "enable";
}

payload! {
    /// Asks for no more copies (§5).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Disable: NS, "disable";
}

payload! {
    /// In a message that is not to be copied (§9).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Private: NS, "private";
}

payload! {
    /// A message that another session of the account has received (§7). To be believed only from the account's own bare JID (§11).
    #[derive(Debug, Clone)]
    pub struct Received: NS, "received" {
        /// The message.
        pub forwarded: Forwarded => required_payload,
    }
}

payload! {
    /// A message that another session of the account has sent (§8). To be believed only from the account's own bare JID (§11).
    #[derive(Debug, Clone)]
    pub struct Sent: NS, "sent" {
        /// The message.
        pub forwarded: Forwarded => required_payload,
    }
}

/// The name of the element around a copy.
const fn name(direction: Direction) -> &'static str {
    match direction {
        Direction::Received => Received::NAME,
        Direction::Sent => Sent::NAME,
    }
}

/// Whether a stanza looks like a copy, whoever made it.
#[must_use]
pub fn is_wrapper(stanza: &Stanza) -> bool {
    stanza.has(NS, Received::NAME) || stanza.has(NS, Sent::NAME)
}

/// The copy of a message for the sessions of `account`, still without `to`: of the same type, from the bare JID. The message's
/// payload is copied as bytes, once for all the sessions, as clones of the result share it.
///
/// # Errors
/// When the message is larger or deeper than a stanza can be once it is wrapped.
pub fn wrap(direction: Direction, message: &Stanza, account: &BareJid) -> Result<Stanza, xml::Error> {
    let kind = match message.kind() {
        Kind::Message(kind) => kind,
        _ => message::Type::Normal,
    };
    let name = name(direction);
    let mut bytes = Vec::with_capacity(message.wire_len() + 160);
    bytes.extend_from_slice(format!("<{name} xmlns='{NS}'>").as_bytes());
    Forwarded::new(message.clone()).write(&mut bytes);
    bytes.extend_from_slice(format!("</{name}>").as_bytes());
    let mut copy = Stanza::message(kind).with_from(account.clone());
    copy.push_bytes(&bytes)?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::{Element, ns};

    use super::*;

    /// Examples 9 and 10.
    #[test]
    fn the_copy_of_a_received_message_is_that_of_the_example() {
        let message = Stanza::parse(
            b"<message from='juliet@capulet.example/balcony' to='romeo@montague.example/garden' type='chat'>\
              <body>What man art thou that, thus bescreen'd in night, so stumblest on my counsel?</body>\
              <thread>0e3141cd80894871a68e6fe6b1ec56fa</thread></message>",
        )
        .unwrap();
        let account = BareJid::parse("romeo@montague.example").unwrap();
        let copy = wrap(Direction::Received, &message, &account).unwrap();
        assert_eq!(copy.kind(), message.kind());
        assert_eq!(copy.from().unwrap().as_str(), "romeo@montague.example");
        let expected: Element = "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
            <message xmlns='jabber:client' from='juliet@capulet.example/balcony' to='romeo@montague.example/garden' type='chat'>\
            <body>What man art thou that, thus bescreen'd in night, so stumblest on my counsel?</body>\
            <thread>0e3141cd80894871a68e6fe6b1ec56fa</thread></message></forwarded></received>"
            .parse()
            .unwrap();
        assert_eq!(copy.find(NS, "received").unwrap().element().unwrap(), expected);
        let received = copy.get::<Received>().unwrap().unwrap();
        assert_eq!(received.forwarded.stanza.to_element(), message.to_element());
        assert_eq!(Received::parse(&received.to_element()).unwrap().to_element(), expected);
    }

    #[test]
    fn the_forwarded_message_is_in_the_namespace_of_clients_and_its_children_with_it() {
        let message =
            Stanza::parse(b"<message xml:lang='de'><body>x</body><x xmlns='urn:x'/></message>").unwrap();
        let copy = wrap(Direction::Sent, &message, &BareJid::parse("a@example.org").unwrap()).unwrap();
        let text = copy.to_string();
        assert!(
            text.contains(
                "<message xmlns='jabber:client' xml:lang='de'><body>x</body><x xmlns='urn:x'/></message>"
            ),
            "{text}"
        );
        let inner = copy.get::<Sent>().unwrap().unwrap().forwarded.stanza;
        assert!(inner.has(ns::CLIENT, "body") && inner.has("urn:x", "x"));
    }

    #[test]
    fn a_wrapper_without_a_message_does_not_parse() {
        for text in [
            "<sent xmlns='urn:xmpp:carbons:2'/>",
            "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'/></sent>",
        ] {
            assert!(Sent::parse(&text.parse().unwrap()).is_err(), "{text}");
        }
    }
}
