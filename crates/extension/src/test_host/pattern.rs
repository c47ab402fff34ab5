//! Does a stanza match what a test expects?

use stonechat_stanza::Element;

/// Whether `element` has all that `pattern` has: the same name and namespace, each attribute of the pattern with the
/// same value, the text of the pattern where it has any, and a different matching child for each child of the pattern,
/// in the same order. What the pattern does not name may be anything.
#[must_use]
pub fn matches(pattern: &Element, element: &Element) -> bool {
    if pattern.name() != element.name() || pattern.ns() != element.ns() {
        return false;
    }
    let attributes =
        pattern.attrs().iter().all(|((ns, name), value)| element.attr_ns(ns, name) == Some(value));
    let wanted = pattern.text();
    let wanted = wanted.trim();
    let text = wanted.is_empty() || element.text().trim() == wanted;
    let mut children = element.children();
    attributes && text && pattern.children().all(|child| children.any(|other| matches(child, other)))
}
