//! Session establishment of RFC 3921 §3, which RFC 6121 dropped: nothing but an empty IQ that old clients
//! still send after binding. A server offers it as optional and answers it.

use stonechat_stanza::payload::{Builder, ElementExt as _, ParseError, Payload};
use stonechat_stanza::{Element, Kind, Stanza, iq, ns};

/// The stream feature `<session/>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// The server tells clients that they may do without.
    pub optional: bool,
}

impl Payload for Feature {
    const NS: &'static str = ns::SESSION;
    const NAME: &'static str = "session";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        Ok(Self { optional: element.child("optional").is_some() })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().flag("optional", self.optional).build()
    }
}

/// The answer to a session request; `None` if the stanza is not one.
///
/// The request comes after binding, when negotiation is over: a server calls this for the stanzas of an
/// established stream.
///
/// ```
/// use stonechat_stanza::Stanza;
/// use stonechat_stream::session;
///
/// let request = Stanza::parse(
///     b"<iq type='set' id='s1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
/// )?;
/// let answer = session::answer(&request).expect("it is a session request");
/// assert_eq!(answer.id(), Some("s1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn answer(stanza: &Stanza) -> Option<Stanza> {
    let is_request = stanza.kind() == Kind::Iq(iq::Type::Set)
        && stanza.defect().is_none()
        && stanza.has(ns::SESSION, Feature::NAME);
    is_request.then(|| stanza.reply())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_set_with_a_session_element_is_answered() {
        let answer = |xml: &str| super::answer(&Stanza::parse(xml.as_bytes()).unwrap());
        let session = "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>";
        let result = answer(&format!("<iq type='set' id='a'>{session}</iq>")).unwrap();
        assert_eq!(result.kind(), Kind::Iq(iq::Type::Result));
        assert_eq!(result.children().count(), 0);
        assert!(answer(&format!("<iq type='get' id='a'>{session}</iq>")).is_none());
        assert!(answer(&format!("<message>{session}</message>")).is_none());
        assert!(answer("<iq type='set' id='a'><session xmlns='urn:other'/></iq>").is_none());
    }

    #[test]
    fn the_feature_survives_a_round_trip() {
        for feature in [Feature { optional: true }, Feature { optional: false }] {
            assert_eq!(Feature::parse(&feature.to_element()), Ok(feature));
        }
    }
}
