//! The elements of stream management, SASL2, Bind 2 and FAST that a client reads and writes.

use stonechat_sasl::encoding;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::sm::Enable;
pub(super) use stonechat_stanza::sm::{Ack, Enabled, REQUEST, Resume, Resumed};
use stonechat_stanza::{Element, Payload as _, ns};
use zeroize::Zeroizing;

/// The namespace of FAST (XEP-0484 §3).
const FAST: &str = "urn:xmpp:fast:0";

/// Asks to have stanzas counted, and the session kept for a while should the connection break (XEP-0198 §3).
pub(super) fn enable() -> Element {
    Enable { resume: true, max: None }.to_element()
}

/// `<failed/>`, with what the server says to have handled, if it does (XEP-0198 §5).
pub(super) fn failed(element: &Element) -> Option<Option<u32>> {
    element.is("failed", ns::SM).then(|| element.value("h").ok().flatten())
}

/// What a server offers in `<authentication/>` (XEP-0388 §2.1, XEP-0386 §3.1, XEP-0198 §9, XEP-0484 §3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Authentication {
    pub(super) mechanisms: Vec<String>,
    pub(super) bind: bool,
    /// What can be had together with the session (XEP-0386 §3.1).
    pub(super) with_bind: Vec<String>,
    pub(super) resume: bool,
    pub(super) fast: Vec<String>,
}

impl Authentication {
    pub(super) fn read(element: &Element) -> Self {
        let inline = element.get_child("inline", ns::SASL2);
        let inline = |name, ns| inline.and_then(|inline| inline.get_child(name, ns));
        let bind = inline("bind", ns::BIND2);
        let features = bind.and_then(|bind| bind.get_child("inline", ns::BIND2));
        let features = features.into_iter().flat_map(Element::children);
        let features = features.filter(|child| child.is("feature", ns::BIND2));
        Self {
            mechanisms: texts(element, "mechanism", ns::SASL2),
            bind: bind.is_some(),
            with_bind: features.filter_map(|child| child.attr("var")).map(str::to_owned).collect(),
            resume: inline("sm", ns::SM).is_some(),
            fast: inline("fast", FAST).map(|fast| texts(fast, "mechanism", FAST)).unwrap_or_default(),
        }
    }
}

impl Authentication {
    /// Whether this can be had together with the session.
    pub(super) fn binds_with(&self, feature: &str) -> bool {
        self.with_bind.iter().any(|known| known == feature)
    }
}

fn texts(element: &Element, name: &str, ns: &str) -> Vec<String> {
    let children = element.children().filter(|child| child.is(name, ns));
    children.map(|child| child.text().trim().to_owned()).collect()
}

/// The program that logs in (XEP-0388 §2.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// What stays the same for an installation: a UUID. Servers give tokens only to who has one.
    pub id: Option<String>,
    /// The name of the software.
    pub software: Option<String>,
    /// The name of the device.
    pub device: Option<String>,
}

/// What a client asks for together with a login.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes {
    pub(super) bind: Option<Element>,
    pub(super) resume: Option<Resume>,
    /// Logs in with a token, for so many times now.
    pub(super) fast: Option<u32>,
    /// Wants a token for this mechanism.
    pub(super) token: Option<String>,
}

/// `<bind/>` of Bind 2, with what the session is to begin with (XEP-0386 §3.2).
pub(super) fn bind(tag: Option<&str>, with: impl IntoIterator<Item = Element>) -> Element {
    Builder::new("bind", ns::BIND2).optional_child("tag", tag).children(with).build()
}

/// Data of a mechanism: none of it is an empty element (XEP-0388 §2.2), and not `=` as in RFC 6120.
fn data(message: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(if message.is_empty() { String::new() } else { encoding::encode(message) })
}

/// `<authenticate/>` (XEP-0388 §2.3).
pub(super) fn authenticate(mechanism: &str, initial: &[u8], agent: &UserAgent, wishes: &Wishes) -> Element {
    let encoded = data(initial);
    let agent = (*agent != UserAgent::default()).then(|| {
        Builder::new("user-agent", ns::SASL2)
            .optional("id", agent.id.as_deref())
            .optional_child("software", agent.software.as_deref())
            .optional_child("device", agent.device.as_deref())
            .build()
    });
    let fast = wishes.fast.map(|count| Builder::new("fast", FAST).attr("count", count).build());
    let token =
        wishes.token.as_ref().map(|name| Builder::new("request-token", FAST).attr("mechanism", name).build());
    Builder::new("authenticate", ns::SASL2)
        .attr("mechanism", mechanism)
        .text_child("initial-response", encoded.as_str())
        .children(agent)
        .children(wishes.resume.as_ref().map(Resume::to_element))
        .children(wishes.bind.clone())
        .children(fast)
        .children(token)
        .build()
}

/// `<response/>` (XEP-0388 §2.5).
pub(super) fn response(message: &[u8]) -> Element {
    let encoded = data(message);
    Builder::new("response", ns::SASL2).text(encoded.as_str()).build()
}

/// What a server says in SASL2.
#[derive(Debug)]
pub(super) enum Sasl2 {
    Challenge(Vec<u8>),
    Success(Box<Success>),
    Failure(String, Option<String>),
    /// It wants more than a mechanism (XEP-0388 §2.6.3).
    Continue,
}

/// `<success/>` (XEP-0388 §2.6.1).
#[derive(Debug, Default)]
pub(super) struct Success {
    pub(super) data: Option<Vec<u8>>,
    pub(super) identity: String,
    pub(super) bound: bool,
    pub(super) enabled: Option<Enabled>,
    pub(super) resumed: Option<Resumed>,
    /// Resumption failed, and so many stanzas were handled, if that is said.
    pub(super) resume_failed: Option<Option<u32>>,
    pub(super) token: Option<String>,
}

impl Sasl2 {
    /// Reads an element of the namespace; `None` for one that is not understood, or whose data is no base64.
    pub(super) fn read(element: &Element) -> Option<Self> {
        Some(match element.name() {
            "challenge" => Self::Challenge(encoding::decode(element.text().trim()).ok()?),
            "success" => Self::Success(Box::new(Success::read(element)?)),
            "failure" => {
                let condition =
                    element.children().find(|child| child.has_ns(ns::SASL) && child.name() != "text");
                let text = element.get_child("text", ns::SASL2).map(Element::text);
                Self::Failure(condition.map_or("not-authorized", Element::name).to_owned(), text)
            }
            "continue" => Self::Continue,
            _ => return None,
        })
    }
}

impl Success {
    fn read(element: &Element) -> Option<Self> {
        let data = element.get_child("additional-data", ns::SASL2);
        let bound = element.get_child("bound", ns::BIND2);
        let token = element.get_child("token", FAST);
        Some(Self {
            data: data.map(|data| encoding::decode(data.text().trim())).transpose().ok()?,
            identity: element.get_child("authorization-identifier", ns::SASL2)?.text().trim().to_owned(),
            bound: bound.is_some(),
            enabled: bound
                .and_then(|bound| bound.get_child("enabled", ns::SM))
                .and_then(|enabled| Enabled::parse(enabled).ok()),
            resumed: element.get_child("resumed", ns::SM).and_then(|resumed| Resumed::parse(resumed).ok()),
            resume_failed: element.get_child("failed", ns::SM).and_then(failed),
            token: token.and_then(|token| token.attr("token")).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(xml: &str) -> Element {
        xml.parse().unwrap()
    }

    /// XEP-0388 example 3, with what XEP-0386, XEP-0198 and XEP-0484 add.
    #[test]
    fn an_offer_says_what_can_be_done_at_once() {
        let offer = element(
            "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-1</mechanism><mechanism>SCRAM-SHA-1-PLUS</mechanism>\
             <inline><sm xmlns='urn:xmpp:sm:3'/><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/>\
             <feature var='urn:xmpp:sm:3'/></inline></bind><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-EXPR</mechanism></fast></inline></authentication>",
        );
        let expected = Authentication {
            mechanisms: vec!["SCRAM-SHA-1".into(), "SCRAM-SHA-1-PLUS".into()],
            bind: true,
            with_bind: vec!["urn:xmpp:carbons:2".into(), "urn:xmpp:sm:3".into()],
            resume: true,
            fast: vec!["HT-SHA-256-EXPR".into()],
        };
        assert!(expected.binds_with(ns::SM) && !expected.binds_with("urn:xmpp:csi:0"));
        assert_eq!(Authentication::read(&offer), expected);
        assert_eq!(
            Authentication::read(&element("<authentication xmlns='urn:xmpp:sasl:2'/>")),
            Authentication::default()
        );
    }

    #[test]
    fn a_login_asks_for_all_at_once() {
        let wishes = Wishes {
            bind: Some(bind(Some("Stonechat"), [enable()])),
            resume: Some(Resume { h: 3, previd: "id".into() }),
            fast: Some(2),
            token: Some("HT-SHA-256-NONE".into()),
        };
        let agent = UserAgent { id: Some("i".into()), ..UserAgent::default() };
        let expected = "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AGEAYg==</initial-response>\
            <user-agent id='i'/><resume xmlns='urn:xmpp:sm:3' h='3' previd='id'/>\
            <bind xmlns='urn:xmpp:bind:0'><tag>Stonechat</tag><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>\
            <fast xmlns='urn:xmpp:fast:0' count='2'/><request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>";
        assert_eq!(authenticate("PLAIN", b"\0a\0b", &agent, &wishes), element(expected));
    }

    #[test]
    fn an_empty_message_is_an_empty_element() {
        let said = authenticate("ANONYMOUS", b"", &UserAgent::default(), &Wishes::default());
        let expected =
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='ANONYMOUS'><initial-response/></authenticate>";
        assert_eq!(said, element(expected));
        assert_eq!(response(b""), element("<response xmlns='urn:xmpp:sasl:2'/>"));
    }

    #[test]
    fn a_success_holds_all_answers() {
        let success = element(
            "<success xmlns='urn:xmpp:sasl:2'><additional-data>djE=</additional-data><authorization-identifier>a@b/c</authorization-identifier>\
             <failed xmlns='urn:xmpp:sm:3' h='7'/><bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='x' resume='true'/></bound>\
             <token xmlns='urn:xmpp:fast:0' token='t' expiry='2030-01-01T00:00:00Z'/></success>",
        );
        let Some(Sasl2::Success(success)) = Sasl2::read(&success) else { panic!() };
        assert_eq!((success.data.as_deref(), success.identity.as_str()), (Some(&b"v1"[..]), "a@b/c"));
        assert_eq!((success.resume_failed, success.bound), (Some(Some(7)), true));
        assert_eq!(
            success.enabled,
            Some(Enabled { id: Some("x".into()), resume: true, max: None, location: None })
        );
        assert_eq!(success.token.as_deref(), Some("t"));
        assert!(Sasl2::read(&element("<challenge xmlns='urn:xmpp:sasl:2'>?</challenge>")).is_none());
    }
}
