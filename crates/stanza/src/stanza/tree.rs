//! Whole stanzas as trees. For the rare places that need one: forwarding, tests.

use minidom::Element;

use super::Stanza;
use crate::{ns, xml};

impl Stanza {
    /// The stanza as a tree in the namespace [`ns::CLIENT`].
    pub fn to_element(&self) -> Element {
        let mut bytes = Vec::new();
        self.write_in(&mut bytes, ns::CLIENT);
        xml::read_element(&bytes, "").expect("a stanza is well-formed")
    }

    /// The stanza that a tree is. The root may be in any of the content namespaces.
    ///
    /// # Errors
    /// [`xml::Error::NotAStanza`] if the tree is another element, [`xml::Error::Limit`] if it is deeper or
    /// larger than [`xml::Limits::highest`].
    pub fn from_element(element: &Element) -> Result<Stanza, xml::Error> {
        let ns = element.ns();
        if !ns::is_content(&ns) {
            return Err(xml::Error::NotAStanza);
        }
        let mut bytes = Vec::new();
        xml::write_element(element, &ns, &mut bytes);
        Stanza::parse(&bytes)
    }
}
