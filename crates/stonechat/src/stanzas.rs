//! Messages as they are written here, and as they are told to scripts.

use serde_json::{Map, Value, json};
use stonechat_jid::Jid;
use stonechat_stanza::delay::Delay;
use stonechat_stanza::{Element, Kind, Stanza, StanzaError, message, ns};

/// The namespace of what is out of band (XEP-0066 §3).
const OOB: &str = "jabber:x:oob";

/// A chat message.
pub(crate) fn chat(to: impl Into<Jid>, id: &str, body: &str) -> Stanza {
    saying(message::Type::Chat, to, id, body)
}

/// A message of some type.
pub(crate) fn saying(kind: message::Type, to: impl Into<Jid>, id: &str, body: &str) -> Stanza {
    let body = Element::builder("body", ns::CLIENT).append(body).build();
    Stanza::message(kind).with_to(to).with_id(id).with_element(&body)
}

/// A chat message that says where something is on the web (XEP-0066 §3).
pub(crate) fn link(to: impl Into<Jid>, id: &str, url: &str) -> Stanza {
    let url_element = Element::builder("url", OOB).append(url).build();
    let there = Element::builder("x", OOB).append(url_element).build();
    chat(to, id, url).with_element(&there)
}

/// The text of a child in the content namespace.
pub(crate) fn text(stanza: &Stanza, name: &str) -> Option<String> {
    let element = stanza.find(ns::CLIENT, name)?.element().ok()?;
    Some(element.text())
}

/// What went wrong, if it is an error.
pub(crate) fn error(stanza: &Stanza) -> Option<StanzaError> {
    let is_error = matches!(stanza.kind(), Kind::Message(message::Type::Error));
    is_error.then(|| stanza.get().ok().flatten().unwrap_or_else(StanzaError::undefined_condition))
}

/// A stanza for a script: what most scripts want, and all of it as XML.
pub(crate) fn describe(stanza: &Stanza) -> Value {
    let (name, kind) = match stanza.kind() {
        Kind::Message(kind) => ("message", Some(kind.as_str())),
        Kind::Presence(kind) => ("presence", Some(kind.as_str().unwrap_or("available"))),
        Kind::Iq(kind) => ("iq", Some(kind.as_str())),
    };
    let mut map = Map::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            map.insert(key.to_owned(), Value::String(value));
        }
    };
    put("event", Some(name.to_owned()));
    put("type", kind.map(str::to_owned));
    put("from", stanza.from().map(|jid| jid.to_string()));
    put("to", stanza.to().map(|jid| jid.to_string()));
    put("id", stanza.id().map(str::to_owned));
    for name in ["body", "subject", "thread", "show", "status", "priority"] {
        put(name, text(stanza, name));
    }
    put("delayed", stanza.get::<Delay>().ok().flatten().map(|delay| delay.stamp.to_string()));
    put("error", error(stanza).map(|error| error.to_string()));
    put("xml", Some(stanza.to_string()));
    json!(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanza(xml: &str) -> Stanza {
        Stanza::parse(xml.as_bytes()).unwrap()
    }

    #[test]
    fn a_message_is_told_with_what_scripts_want() {
        let told = describe(&stanza(
            "<message from='romeo@example.net/o' to='juliet@example.com' id='1' type='chat'><body>hi &lt;&amp;</body>\
             <delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/></message>",
        ));
        assert_eq!(told["event"], "message");
        assert_eq!((&told["from"], &told["id"]), (&json!("romeo@example.net/o"), &json!("1")));
        assert_eq!((&told["body"], &told["type"]), (&json!("hi <&"), &json!("chat")));
        assert!(told["delayed"].as_str().unwrap().starts_with("2002-09-10T23:08:25"));
        assert!(told["xml"].as_str().unwrap().starts_with("<message ") && told.get("subject").is_none());
    }

    /// XEP-0066 §3: the text is for clients that do not know of it, and the same.
    #[test]
    fn where_something_is_on_the_web_is_told_as_text_and_as_address() {
        let told = link("a@b".parse::<Jid>().unwrap(), "1", "https://b/x?y&z").to_string();
        let address = "https://b/x?y&amp;z";
        let oob = format!("<x xmlns='jabber:x:oob'><url>{address}</url></x>");
        assert!(told.contains(&format!("<body>{address}</body>")) && told.contains(&oob), "{told}");
    }

    #[test]
    fn presence_is_told_with_what_it_shows() {
        let told =
            describe(&stanza("<presence from='a@b/c'><show>away</show><status>\u{e9}</status></presence>"));
        assert_eq!(
            (&told["type"], &told["show"], &told["status"]),
            (&json!("available"), &json!("away"), &json!("é"))
        );
    }

    #[test]
    fn an_error_is_told_as_one() {
        let bounce = stanza(
            "<message from='a@b' type='error'><error type='cancel'>\
             <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
        );
        assert!(describe(&bounce)["error"].as_str().unwrap().contains("service-unavailable"));
        assert!(error(&chat("a@b".parse::<Jid>().unwrap(), "1", "x")).is_none());
    }
}
