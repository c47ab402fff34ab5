//! Stanza errors (RFC 6120 §8.3): the `<error/>` of a stanza of type `error`.

use std::fmt;

use minidom::Element;
use stonechat_jid::Jid;

use crate::ns;
use crate::payload::{Builder, ElementExt, ParseError, Payload};

mod condition;

pub use condition::{Condition, Kind};

/// What went wrong with a stanza, and what its sender can do about it (RFC 6120 §8.3.2).
///
/// As a [`Payload`] it is `<error/>` in the content namespace. Reading one is lenient, because an error
/// must not cause another (§8.3.1 rule 8): an unknown or absent condition is `undefined-condition`
/// (§8.3.2), an unknown or absent type is the condition's usual one, a `by` that is no address is dropped.
///
/// ```
/// use stonechat_stanza::error::{Condition, Kind, StanzaError};
///
/// let error = StanzaError::forbidden().with_text("members only");
/// assert_eq!(error.kind, Kind::Auth);
/// assert_eq!(error.condition, Condition::Forbidden);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StanzaError {
    /// What the sender can do: the `type` attribute.
    pub kind: Kind,
    /// The defined condition (§8.3.3).
    pub condition: Condition,
    /// With [`Gone`](Condition::Gone) and [`Redirect`](Condition::Redirect): the URI or IRI of the new
    /// address, as received and not checked. Not written with other conditions.
    pub uri: Option<Box<str>>,
    /// A description in a natural language; never to be interpreted by a program.
    pub text: Option<Text>,
    /// Who found the error (§8.3.1 rule 5).
    pub by: Option<Jid>,
    /// The application-specific condition (§8.3.4), in a namespace of its own.
    pub application: Option<Box<Element>>,
}

/// The `<text/>` of an error (RFC 6120 §8.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its `xml:lang`.
    pub lang: Option<Box<str>>,
    /// The text.
    pub text: Box<str>,
}

macro_rules! constructors {
    ($($name:ident => $condition:ident, $section:literal, $doc:literal;)+) => {
        /// One constructor per condition, each with the type RFC 6120 §8.3.3 associates with it.
        impl StanzaError {
            $(
                #[doc = concat!($doc, " (§8.3.3.", $section, ").")]
                pub fn $name() -> Self {
                    Self::new(Condition::$condition)
                }
            )+
        }
    };
}

constructors! {
    bad_request => BadRequest, "1", "The XML breaks the schema of the request";
    conflict => Conflict, "2", "A resource or session with the same name exists";
    feature_not_implemented => FeatureNotImplemented, "3", "The namespace is understood, this part is not";
    forbidden => Forbidden, "4", "The sender lacks the permission";
    internal_server_error => InternalServerError, "6", "A misconfiguration or another internal fault";
    item_not_found => ItemNotFound, "7", "The addressed address or item does not exist";
    jid_malformed => JidMalformed, "8", "An address breaks the rules of the address format";
    not_acceptable => NotAcceptable, "9", "Understood, but it does not meet the recipient's criteria";
    not_allowed => NotAllowed, "10", "Nobody may do this";
    not_authorized => NotAuthorized, "11", "Credentials are missing or wrong";
    policy_violation => PolicyViolation, "12", "A local policy forbids it";
    recipient_unavailable => RecipientUnavailable, "13", "The recipient is temporarily not there";
    registration_required => RegistrationRequired, "15", "Prior registration is necessary";
    remote_server_not_found => RemoteServerNotFound, "16", "The remote domain does not exist or is not found";
    remote_server_timeout => RemoteServerTimeout, "17", "The remote server was not reached in time";
    resource_constraint => ResourceConstraint, "18", "The resources to serve this are busy or lacking";
    service_unavailable => ServiceUnavailable, "19", "The service is not provided";
    subscription_required => SubscriptionRequired, "20", "A subscription is necessary";
    undefined_condition => UndefinedCondition, "21", "None of the others; the application says which";
    unexpected_request => UnexpectedRequest, "22", "Understood, but not expected at this time";
}

impl StanzaError {
    /// An error with the condition's [usual type](Condition::kind).
    pub fn new(condition: Condition) -> Self {
        Self { kind: condition.kind(), condition, uri: None, text: None, by: None, application: None }
    }

    /// The recipient is permanently not at this address (§8.3.3.5); `uri` is where it is now, if known.
    pub fn gone(uri: Option<&str>) -> Self {
        Self { uri: uri.map(Box::from), ..Self::new(Condition::Gone) }
    }

    /// Requests go elsewhere for now (§8.3.3.14), to the entity at `uri`.
    pub fn redirect(uri: &str) -> Self {
        Self { uri: Some(uri.into()), ..Self::new(Condition::Redirect) }
    }

    /// With a description in English.
    #[must_use]
    pub fn with_text(self, text: impl AsRef<str>) -> Self {
        self.with_text_in("en", text)
    }

    /// With a description in the language `lang` (an `xml:lang` value, RFC 5646).
    #[must_use]
    pub fn with_text_in(mut self, lang: &str, text: impl AsRef<str>) -> Self {
        self.text = Some(Text { lang: Some(lang.into()), text: text.as_ref().into() });
        self
    }

    /// With another type than the condition's usual one; §8.3.3 allows it where circumstances ask for it.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// With the address of who found the error.
    #[must_use]
    pub fn with_by(mut self, by: impl Into<Jid>) -> Self {
        self.by = Some(by.into());
        self
    }

    /// With an application-specific condition (§8.3.4).
    #[must_use]
    pub fn with_application(mut self, condition: Element) -> Self {
        self.application = Some(Box::new(condition));
        self
    }

    /// Whether the application-specific condition has this name.
    pub fn has_application(&self, ns: &str, name: &str) -> bool {
        self.application.as_ref().is_some_and(|condition| condition.is(name, ns))
    }

    /// The description's text.
    pub fn text(&self) -> Option<&str> {
        self.text.as_ref().map(|text| &*text.text)
    }

    fn condition_element(&self) -> Element {
        let builder = Builder::new(self.condition.as_str(), ns::STANZAS);
        match &self.uri {
            Some(uri) if self.condition.has_uri() => builder.text(uri).build(),
            _ => builder.build(),
        }
    }
}

impl Payload for StanzaError {
    const NS: &'static str = ns::CLIENT;
    const NAME: &'static str = "error";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let mut error: Option<Self> = None;
        let mut text = None;
        let mut application = None;
        for child in element.children() {
            if !child.has_ns(ns::STANZAS) {
                application.get_or_insert_with(|| Box::new(child.clone()));
            } else if child.name() == "text" {
                text.get_or_insert_with(|| Text::read(child));
            } else if error.is_none() {
                error = Some(read_condition(child));
            }
        }
        let mut error = error.unwrap_or_else(Self::undefined_condition);
        if let Some(kind) = element.attr("type").and_then(|kind| kind.parse().ok()) {
            error.kind = kind;
        }
        error.by = element.attr("by").and_then(|by| Jid::parse_received(by).ok());
        error.text = text;
        error.application = application;
        Ok(error)
    }

    fn to_element(&self) -> Element {
        let builder = Builder::of::<Self>()
            .attr("type", self.kind)
            .optional("by", self.by.as_ref())
            .child(self.condition_element())
            .children(self.text.as_ref().map(Text::element));
        match &self.application {
            Some(application) => builder.child((**application).clone()).build(),
            None => builder.build(),
        }
    }
}

fn read_condition(element: &Element) -> StanzaError {
    // §8.3.2: a condition that is not understood is equivalent to undefined-condition.
    let condition = element.name().parse().unwrap_or(Condition::UndefinedCondition);
    let mut error = StanzaError::new(condition);
    if condition.has_uri() {
        let text = element.text();
        // The RFC's own examples put the URI on a line of its own; a URI contains no whitespace.
        let uri = crate::payload::trim(&text);
        error.uri = (!uri.is_empty()).then(|| uri.into());
    }
    error
}

impl Text {
    fn read(element: &Element) -> Self {
        Self { lang: element.lang().map(Box::from), text: element.text().into() }
    }

    fn element(&self) -> Element {
        Builder::new("text", ns::STANZAS).lang(self.lang.as_deref()).text(&self.text).build()
    }
}

impl fmt::Display for StanzaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.condition, self.kind)?;
        match self.text() {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StanzaError {}

impl From<Condition> for StanzaError {
    fn from(condition: Condition) -> Self {
        Self::new(condition)
    }
}

#[cfg(test)]
mod tests;
