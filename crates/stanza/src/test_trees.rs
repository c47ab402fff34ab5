//! Random text and elements for the payloads' tests.

use minidom::{Element, rxml};
use proptest::prelude::*;

use crate::payload::Builder;

/// Any text that XML can carry, whitespace and markup characters among it.
pub(crate) fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[ -~\t\n\r\u{80}-\u{2ff}\u{1f600}-\u{1f64f}]{0,24}")
        .expect("a valid pattern")
}

/// Values on the edge of many types.
fn value() -> impl Strategy<Value = String> {
    const EDGES: &[&str] =
        &["", " ", "0", "1", "-1", "true", "a@b", "@", "2002-09-10T23:08:25Z", "99999999999999999999"];
    prop_oneof![proptest::sample::select(EDGES).prop_map(String::from), text()]
}

/// A small tree whose root is one of `names` in `ns`, and whose descendants and attributes are drawn
/// from the given words, so that parsers get past the names.
pub(crate) fn any_element(
    ns: &'static str,
    names: &'static [&'static str],
    attributes: &'static [&'static str],
) -> impl Strategy<Value = Element> {
    let node = move || {
        let ns = prop_oneof![4 => Just(ns), 1 => Just("urn:other")];
        let attributes = proptest::collection::vec(
            (proptest::sample::select(attributes), value()),
            0..attributes.len() + 1,
        );
        (ns, proptest::sample::select(names), attributes, value())
    };
    let leaf = node().prop_map(|parts| build(parts, Vec::new()));
    leaf.prop_recursive(3, 24, 6, move |inner| {
        (node(), proptest::collection::vec(inner, 0..6)).prop_map(|(parts, children)| build(parts, children))
    })
}

type Parts = (&'static str, &'static str, Vec<(&'static str, String)>, String);

fn build((ns, name, attributes, text): Parts, children: Vec<Element>) -> Element {
    let builder = Builder::new(name, ns).text(text).children(children);
    let mut element = builder.build();
    for (name, value) in attributes {
        let name = rxml::NcName::try_from(name).expect("attribute names are NCNames");
        element.set_attr(rxml::Namespace::NONE, name, value);
    }
    element
}
