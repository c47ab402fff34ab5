//! `<db:result/>` and `<db:verify/>`, and the stream feature.

use stonechat_stanza::jid::BareJid;
use stonechat_stanza::payload::{Builder, ElementExt as _, ParseError, Payload};
use stonechat_stanza::{Element, StanzaError, ns};

use super::Pair;

/// Which of the two exchanges (XEP-0220 §1.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `<db:result/>`: the sender's server asks the target's to let it send (steps 1 and 4).
    Result,
    /// `<db:verify/>`: the target's server asks whether a key is good that it has got on a stream with this id (steps 2 and 3).
    Verify {
        /// The id of that stream.
        stream: String,
    },
}

/// What the answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The key is good, or the pair is let through.
    Valid,
    /// The key is not.
    Invalid,
    /// It was not found out (§2.5).
    Error(Box<StanzaError>),
}

/// What an element carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A question: the key.
    Key(String),
    /// The answer to one.
    Answer(Answer),
}

/// A dialback element.
///
/// ```
/// use stonechat_stream::dialback::{Answer, Content, Kind, Nonza};
///
/// let xml = "<result xmlns='jabber:server:dialback' from='montague.example' to='capulet.example' type='valid'/>";
/// let Some(Ok(nonza)) = Nonza::from_element(&xml.parse()?) else { panic!() };
/// assert_eq!((nonza.from.as_str(), nonza.kind), ("montague.example", Kind::Result));
/// assert_eq!(nonza.content, Content::Answer(Answer::Valid));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonza {
    /// Which exchange it belongs to.
    pub kind: Kind,
    /// The domain in whose name it is said.
    pub from: BareJid,
    /// The domain that it is said to.
    pub to: BareJid,
    /// What is said.
    pub content: Content,
}

/// A dialback element without what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a dialback element without domains, id or key")]
pub struct Malformed;

impl Nonza {
    /// Step 1: may the pair's sender send to its target?
    #[must_use]
    pub fn ask(pair: &Pair, key: String) -> Self {
        Self {
            kind: Kind::Result,
            from: pair.sender.clone(),
            to: pair.target.clone(),
            content: Content::Key(key),
        }
    }

    /// Step 2: is this the key of the pair's sender for that stream? The target asks, and it asks the sender.
    #[must_use]
    pub fn verify(pair: &Pair, stream: &str, key: String) -> Self {
        let kind = Kind::Verify { stream: stream.to_owned() };
        Self { kind, from: pair.target.clone(), to: pair.sender.clone(), content: Content::Key(key) }
    }

    /// The answer to this question.
    #[must_use]
    pub fn answer(&self, answer: Answer) -> Self {
        Self {
            kind: self.kind.clone(),
            from: self.to.clone(),
            to: self.from.clone(),
            content: Content::Answer(answer),
        }
    }

    /// The element.
    #[must_use]
    pub fn to_element(&self) -> Element {
        let (name, id) = match &self.kind {
            Kind::Result => ("result", None),
            Kind::Verify { stream } => ("verify", Some(stream)),
        };
        let element =
            Builder::new(name, ns::DIALBACK).attr("from", &self.from).attr("to", &self.to).optional("id", id);
        match &self.content {
            Content::Key(key) => element.text(key),
            Content::Answer(Answer::Valid) => element.attr("type", "valid"),
            Content::Answer(Answer::Invalid) => element.attr("type", "invalid"),
            Content::Answer(Answer::Error(error)) => element.attr("type", "error").payload(error.as_ref()),
        }
        .build()
    }

    /// Reads an element; `None` for what is not dialback.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_element(element: &Element) -> Option<Result<Self, Malformed>> {
        let is_dialback = element.has_ns(ns::DIALBACK) && matches!(element.name(), "result" | "verify");
        is_dialback.then(|| Self::read(element).ok_or(Malformed))
    }

    fn read(element: &Element) -> Option<Self> {
        let kind = match element.name() {
            "verify" => Kind::Verify { stream: element.attr("id")?.to_owned() },
            _ => Kind::Result,
        };
        let content = match element.attr("type") {
            None => Content::Key(Some(element.text()).filter(|key| !key.trim_ascii().is_empty())?),
            Some("valid") => Content::Answer(Answer::Valid),
            Some("invalid") => Content::Answer(Answer::Invalid),
            Some("error") => Content::Answer(Answer::Error(Box::new(error(element)))),
            Some(_) => return None,
        };
        Some(Self { kind, from: domain(element, "from")?, to: domain(element, "to")?, content })
    }
}

fn domain(element: &Element, name: &str) -> Option<BareJid> {
    BareJid::parse_received(element.attr(name)?).ok().filter(|domain| domain.local().is_none())
}

/// The `<error/>` is in the content namespace of the stream, which has no name of its own here.
fn error(element: &Element) -> StanzaError {
    let error = element.children().find(|child| child.name() == "error" && ns::is_content(&child.ns()));
    let Some(error) = error else { return StanzaError::undefined_condition() };
    let read = Builder::new("error", ns::CLIENT).optional("type", error.attr("type"));
    let read = read.children(error.children().cloned()).build();
    StanzaError::parse(&read).unwrap_or_else(|_| StanzaError::undefined_condition())
}

/// The stream feature by which a server says that it takes errors for answers (XEP-0220 §2.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// It does.
    pub errors: bool,
}

impl Payload for Feature {
    const NS: &'static str = "urn:xmpp:features:dialback";
    const NAME: &'static str = "dialback";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        Ok(Self { errors: element.child("errors").is_some() })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().flag("errors", self.errors).build()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stonechat_stanza::error::Condition;

    use super::*;

    fn pair() -> Pair {
        Pair {
            sender: BareJid::parse("capulet.example").unwrap(),
            target: BareJid::parse("montague.example").unwrap(),
        }
    }

    fn read(xml: &str) -> Option<Result<Nonza, Malformed>> {
        Nonza::from_element(&xml.parse().unwrap())
    }

    /// XEP-0220 examples 1, 2, 3, 5, 6 and 7.
    #[test]
    fn the_elements_are_those_of_the_examples() {
        let ns = "xmlns='jabber:server:dialback'";
        let ask = Nonza::ask(&pair(), "b4835385".to_owned());
        let verify = Nonza::verify(&pair(), "417GAF25", "225cc5aa".to_owned());
        for (xml, expected) in [
            (
                format!("<result {ns} from='capulet.example' to='montague.example'>b4835385</result>"),
                ask.clone(),
            ),
            (
                format!("<result {ns} from='montague.example' to='capulet.example' type='valid'/>"),
                ask.answer(Answer::Valid),
            ),
            (
                format!("<result {ns} from='montague.example' to='capulet.example' type='invalid'/>"),
                ask.answer(Answer::Invalid),
            ),
            (
                format!(
                    "<verify {ns} from='montague.example' to='capulet.example' id='417GAF25'>225cc5aa</verify>"
                ),
                verify.clone(),
            ),
            (
                format!(
                    "<verify {ns} from='capulet.example' to='montague.example' id='417GAF25' type='valid'/>"
                ),
                verify.answer(Answer::Valid),
            ),
        ] {
            assert_eq!(read(&xml), Some(Ok(expected)), "{xml}");
        }
    }

    /// XEP-0220 example 4: as it stands in a stream between servers.
    #[test]
    fn an_error_is_in_the_namespace_of_the_stream() {
        let xml = "<result xmlns='jabber:server:dialback' from='montague.example' to='capulet.example' type='error'>\
                   <error type='cancel' xmlns='jabber:server'>\
                   <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></result>";
        let Some(Ok(Nonza { content: Content::Answer(Answer::Error(error)), .. })) = read(xml) else {
            panic!()
        };
        assert_eq!(error.condition, Condition::ItemNotFound);
    }

    #[test]
    fn what_lacks_something_is_malformed_and_other_elements_are_none_of_it() {
        for xml in [
            "<result xmlns='jabber:server:dialback' from='a.example' to='b.example'/>",
            "<result xmlns='jabber:server:dialback' from='a.example'>x</result>",
            "<result xmlns='jabber:server:dialback' from='x@a.example' to='b.example'>x</result>",
            "<result xmlns='jabber:server:dialback' from='a.example/x' to='b.example'>x</result>",
            "<result xmlns='jabber:server:dialback' from='a.example' to='b.example' type='other'/>",
            "<verify xmlns='jabber:server:dialback' from='a.example' to='b.example'>x</verify>",
        ] {
            assert_eq!(read(xml), Some(Err(Malformed)), "{xml}");
        }
        assert_eq!(read("<result xmlns='jabber:server' from='a.example' to='b.example'>x</result>"), None);
        assert_eq!(read("<other xmlns='jabber:server:dialback'/>"), None);
    }

    proptest! {
        #[test]
        fn every_element_survives_a_round_trip(key in "[!-~]{1,70}", stream: String, which in 0..4) {
            let question = if which % 2 == 0 { Nonza::ask(&pair(), key) } else { Nonza::verify(&pair(), &stream, key) };
            prop_assert_eq!(Nonza::from_element(&question.to_element()), Some(Ok(question.clone())));
            let answers = [Answer::Valid, Answer::Invalid, Answer::Error(Box::new(StanzaError::forbidden()))];
            for answer in answers {
                let answer = question.answer(answer);
                prop_assert_eq!(Nonza::from_element(&answer.to_element()), Some(Ok(answer.clone())));
            }
        }
    }
}
