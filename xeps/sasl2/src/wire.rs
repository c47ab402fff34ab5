//! The elements (§2).

use stonechat_stanza::payload::Builder;
use stonechat_stanza::{Element, ns};

use crate::{Data, UserAgent};

/// Namespace of all elements.
pub const NS: &str = ns::SASL2;

/// The stream feature `<authentication/>` (§2.1).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Authentication {
    /// The mechanisms, in the server's order of preference.
    pub mechanisms: Vec<String>,
    /// What can be asked for together with the authentication.
    pub inline: Vec<Element>,
}

impl Authentication {
    /// The element.
    #[must_use]
    pub fn to_element(&self) -> Element {
        let mechanisms = self.mechanisms.iter().map(|name| Builder::new("mechanism", NS).text(name).build());
        let inline = (!self.inline.is_empty())
            .then(|| Builder::new("inline", NS).children(self.inline.iter().cloned()).build());
        Builder::new("authentication", NS).children(mechanisms).children(inline).build()
    }

    /// Reads the element; `None` if it is another one.
    #[must_use]
    pub fn read(element: &Element) -> Option<Self> {
        element.is("authentication", NS).then(|| {
            let mechanisms = element.children().filter(|child| child.is("mechanism", NS));
            let inline = element.get_child("inline", NS);
            Self {
                mechanisms: mechanisms.map(|child| child.text().trim().to_owned()).collect(),
                inline: inline.into_iter().flat_map(Element::children).cloned().collect(),
            }
        })
    }
}

/// `<authenticate/>`: the client begins (§2.3).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Authenticate {
    /// The mechanism's name.
    pub mechanism: String,
    /// The initial response; present and empty is not the same as absent (§2.2).
    pub initial: Option<Data>,
    /// The program.
    pub user_agent: Option<UserAgent>,
    /// What else it wants, in other namespaces.
    pub requests: Vec<Element>,
}

impl Authenticate {
    /// The element.
    #[must_use]
    pub fn to_element(&self) -> Element {
        Builder::new("authenticate", NS)
            .attr("mechanism", &self.mechanism)
            .optional_child("initial-response", self.initial.as_ref().map(|data| Data::encode(data)))
            .children(self.user_agent.as_ref().map(UserAgent::to_element))
            .children(self.requests.iter().cloned())
            .build()
    }

    /// Reads an element of that name.
    ///
    /// # Errors
    /// `invalid-mechanism` where none is named; the failures of [`Data::read`].
    pub fn read(element: &Element) -> Result<Self, Failure> {
        let mechanism = element.attr("mechanism").ok_or(Failure::new("invalid-mechanism"))?;
        let initial = element.get_child("initial-response", NS).map(Data::read).transpose()?;
        let requests = element.children().filter(|child| !child.has_ns(NS));
        Ok(Self {
            mechanism: mechanism.to_owned(),
            initial,
            user_agent: element.get_child("user-agent", NS).map(UserAgent::read),
            requests: requests.cloned().collect(),
        })
    }
}

/// `<success/>` (§2.6.1).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Success {
    /// The mechanism's last message, where it has one.
    pub data: Option<Data>,
    /// Who the client is now: a full JID where a resource was bound, else a bare one.
    pub identity: String,
    /// The answers to its requests.
    pub answers: Vec<Element>,
}

impl Success {
    fn to_element(&self) -> Element {
        Builder::new("success", NS)
            .optional_child("additional-data", self.data.as_ref().map(|data| Data::encode(data)))
            .text_child("authorization-identifier", &self.identity)
            .children(self.answers.iter().cloned())
            .build()
    }

    fn read(element: &Element) -> Result<Self, Failure> {
        let identity = element.get_child("authorization-identifier", NS);
        let answers = element.children().filter(|child| !child.has_ns(NS));
        Ok(Self {
            data: element.get_child("additional-data", NS).map(Data::read).transpose()?,
            identity: identity.ok_or(Failure::new("malformed-request"))?.text().trim().to_owned(),
            answers: answers.cloned().collect(),
        })
    }
}

/// `<failure/>` (§2.6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The name of a condition of RFC 6120 §6.5.
    pub condition: String,
    /// An explanation for people.
    pub text: Option<String>,
}

impl Failure {
    /// A failure of this condition.
    #[must_use]
    pub fn new(condition: &str) -> Self {
        Self { condition: condition.to_owned(), text: None }
    }

    fn to_element(&self) -> Element {
        let condition = Element::bare(self.condition.as_str(), ns::SASL);
        Builder::new("failure", NS).child(condition).optional_child("text", self.text.as_deref()).build()
    }

    /// One without a condition is `not-authorized`.
    fn read(element: &Element) -> Self {
        let condition = element.children().find(|child| child.has_ns(ns::SASL) && child.name() != "text");
        Self {
            condition: condition.map_or("not-authorized", Element::name).to_owned(),
            text: element.get_child("text", NS).map(Element::text),
        }
    }
}

/// The elements of an exchange.
#[derive(Debug, Clone, PartialEq)]
pub enum Nonza {
    /// From the client: begin.
    Authenticate(Authenticate),
    /// From the server: the mechanism's next message (§2.5).
    Challenge(Data),
    /// From the client: the mechanism's next message (§2.5).
    Response(Data),
    /// From the client: never mind (§4.5).
    Abort,
    /// From the server: authenticated.
    Success(Success),
    /// From the server: not authenticated.
    Failure(Failure),
}

impl Nonza {
    /// The element.
    #[must_use]
    pub fn to_element(&self) -> Element {
        let (name, data) = match self {
            Self::Authenticate(authenticate) => return authenticate.to_element(),
            Self::Success(success) => return success.to_element(),
            Self::Failure(failure) => return failure.to_element(),
            Self::Abort => ("abort", String::new()),
            Self::Challenge(data) => ("challenge", Data::encode(data)),
            Self::Response(data) => ("response", Data::encode(data)),
        };
        Builder::new(name, NS).text(data).build()
    }

    /// Reads an element; `None` for what is none of these.
    ///
    /// # Errors
    /// The failure to answer with.
    pub fn read(element: &Element) -> Option<Result<Self, Failure>> {
        if !element.has_ns(NS) {
            return None;
        }
        Some(match element.name() {
            "authenticate" => Authenticate::read(element).map(Self::Authenticate),
            "challenge" => Data::read(element).map(Self::Challenge),
            "response" => Data::read(element).map(Self::Response),
            "abort" => Ok(Self::Abort),
            "success" => Success::read(element).map(Self::Success),
            "failure" => Ok(Self::Failure(Failure::read(element))),
            _ => return None,
        })
    }
}
