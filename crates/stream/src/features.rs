//! Stream features: what the receiving entity offers and demands (RFC 6120 §4.3.2).

use stonechat_stanza::payload::{ElementExt as _, ParseError, Payload};
use stonechat_stanza::{Element, ns};

use crate::{bind, sasl, tls};

/// The list in `<stream:features/>`, in the order of the wire.
///
/// A feature is an element with a name of its own. Those that this crate knows are types
/// ([`tls::Feature`], [`sasl::Mechanisms`], [`sasl::ChannelBindings`], [`bind::Feature`],
/// [`session::Feature`](crate::session::Feature)); whatever else stands in the list is kept as it is, and an
/// extension reads it with a type of its own.
///
/// ```
/// use stonechat_stream::{Features, bind, tls};
///
/// let mut features = Features::new();
/// features.push(&tls::Feature { required: true });
/// let features = Features::from_element(&features.to_element()).expect("these are features");
/// assert!(features.get::<tls::Feature>()?.is_some_and(|tls| tls.required));
/// assert!(features.get::<bind::Feature>()?.is_none());
/// assert_eq!(features.required().count(), 1);
/// # Ok::<(), stonechat_stanza::payload::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features {
    elements: Vec<Element>,
}

impl Features {
    /// An empty list: negotiation is complete and nothing further is offered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a feature.
    pub fn push(&mut self, feature: &impl Payload) {
        self.elements.push(feature.to_element());
    }

    /// Appends a feature that has no type here.
    pub fn push_element(&mut self, feature: Element) {
        self.elements.push(feature);
    }

    /// The first feature of that type.
    ///
    /// # Errors
    ///
    /// [`ParseError`] if there is one that breaks the syntax of the feature.
    pub fn get<T: Payload>(&self) -> Result<Option<T>, ParseError> {
        self.find(T::NS, T::NAME).map(T::parse).transpose()
    }

    /// The first feature of that name.
    pub fn find(&self, ns: &str, name: &str) -> Option<&Element> {
        self.elements.iter().find(|feature| feature.is(name, ns))
    }

    /// All features in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Element> {
        self.elements.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The features that have to be negotiated before stanzas may be sent.
    ///
    /// Those are SASL (§6.3.1) and resource binding (§7.3.1) always, STARTTLS where it stands alone (§5.3.1), and
    /// each that contains an element `<required/>` of its own namespace, the form that §4.3.2 recommends.
    pub fn required(&self) -> impl Iterator<Item = &Element> {
        let alone = self.elements.len() == 1;
        self.elements.iter().filter(move |feature| {
            feature.child("required").is_some()
                || sasl::Mechanisms::matches(feature)
                || bind::Feature::matches(feature)
                || (alone && tls::Feature::matches(feature))
        })
    }

    /// The `<features/>` in the stream namespace.
    pub fn to_element(&self) -> Element {
        self.clone().into_element()
    }

    /// As [`to_element`](Self::to_element), of features that are not needed any more.
    pub fn into_element(self) -> Element {
        let mut features = Element::bare("features", ns::STREAM);
        for feature in self.elements {
            features.append_child(feature);
        }
        features
    }

    /// Reads `<features/>` in the stream namespace; `None` if the element is something else.
    pub fn from_element(element: &Element) -> Option<Self> {
        element.is("features", ns::STREAM).then(|| Self { elements: element.children().cloned().collect() })
    }
}

impl FromIterator<Element> for Features {
    fn from_iter<I: IntoIterator<Item = Element>>(features: I) -> Self {
        Self { elements: features.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(inner: &str) -> Features {
        let xml = format!("<features xmlns='http://etherx.jabber.org/streams'>{inner}</features>");
        Features::from_element(&xml.parse().unwrap()).unwrap()
    }

    fn required(features: &Features) -> Vec<&str> {
        features.required().map(Element::name).collect()
    }

    #[test]
    fn unknown_features_are_kept_in_their_place() {
        let features = parse(
            "<compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression>\
             <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/>",
        );
        let names: Vec<_> = features.iter().map(Element::name).collect();
        assert_eq!(names, ["compression", "bind", "sm"]);
        assert_eq!(Features::from_element(&features.to_element()), Some(features));
    }

    #[test]
    fn an_empty_list_requires_nothing() {
        assert!(parse("").is_empty());
        assert_eq!(parse("").required().count(), 0);
    }

    #[test]
    fn starttls_alone_is_required_even_if_it_does_not_say_so() {
        let tls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
        assert_eq!(required(&parse(tls)), ["starttls"]);
        assert!(required(&parse(&format!("{tls}<x xmlns='urn:x'/>"))).is_empty());
    }

    #[test]
    fn sasl_binding_and_whatever_says_so_are_required() {
        let features = parse(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\
             <example xmlns='urn:xmpp:example'><required/></example>\
             <other xmlns='urn:xmpp:example'><required xmlns='urn:elsewhere'/></other>",
        );
        assert_eq!(required(&features), ["mechanisms", "bind", "example"]);
    }

    #[test]
    fn another_element_is_not_a_list_of_features() {
        assert_eq!(Features::from_element(&Element::bare("features", ns::CLIENT)), None);
    }
}
