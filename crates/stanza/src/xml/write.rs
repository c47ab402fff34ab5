//! Writing trees.

use std::borrow::Cow;

use minidom::{Element, Node};

use super::escape::{escape_attribute, escape_text};
use super::names::is_ncname;
use crate::ns;

/// Appends `element` as it stands where `default` is the default namespace: its own namespace is declared
/// if it is another one, as the first attribute.
///
/// What is written is well-formed whatever the tree holds: characters that XML cannot carry become U+FFFD,
/// and a name that is none is written with underscores. Depth costs memory, not stack.
pub fn write_element(element: &Element, default: &str, out: &mut Vec<u8>) {
    let ns = element.ns();
    let tag = Tag { prefix: "", declare: (ns != default).then_some(&*ns) };
    write(element, tag, &ns, out);
}

/// Appends `element` with `prefix` for the namespace of its root, as it stands where `default` is the
/// default namespace. Only the root is written with the prefix, and the prefix is declared only if
/// `declare` says so. The prefix has to be a name.
pub fn write_element_prefixed(
    element: &Element,
    prefix: &str,
    declare: bool,
    default: &str,
    out: &mut Vec<u8>,
) {
    let ns = element.ns();
    write(element, Tag { prefix, declare: declare.then_some(&*ns) }, default, out);
}

/// How an element is named.
#[derive(Clone, Copy)]
struct Tag<'a> {
    prefix: &'a str,
    declare: Option<&'a str>,
}

/// Writes `root`, inside of which `default` is the default namespace.
fn write(root: &Element, tag: Tag<'_>, default: &str, out: &mut Vec<u8>) {
    if !start_tag(root, tag, out) {
        return;
    }
    let mut open = vec![(root, root.nodes(), default.to_owned())];
    while let Some((element, nodes, around)) = open.last_mut() {
        match nodes.next() {
            Some(Node::Text(text)) => escape_text(text, out),
            Some(Node::Element(child)) => {
                let ns = child.ns();
                let tag = Tag { prefix: "", declare: (ns != *around).then_some(&*ns) };
                if start_tag(child, tag, out) {
                    open.push((child, child.nodes(), ns));
                }
            }
            None => {
                let element = *element;
                open.pop();
                out.extend_from_slice(b"</");
                tag_name(element, if open.is_empty() { tag } else { Tag { prefix: "", declare: None } }, out);
                out.push(b'>');
            }
        }
    }
}

fn tag_name(element: &Element, tag: Tag<'_>, out: &mut Vec<u8>) {
    if !tag.prefix.is_empty() {
        out.extend_from_slice(tag.prefix.as_bytes());
        out.push(b':');
    }
    out.extend_from_slice(name(element.name()).as_bytes());
}

/// Writes a start tag; tells if there has to be an end tag.
fn start_tag(element: &Element, tag: Tag<'_>, out: &mut Vec<u8>) -> bool {
    out.push(b'<');
    tag_name(element, tag, out);
    match tag.declare {
        Some(ns) if tag.prefix.is_empty() => attribute("xmlns", ns, out),
        Some(ns) => attribute(&format!("xmlns:{}", tag.prefix), ns, out),
        None => {}
    }
    let mut prefixes: Vec<&str> = Vec::new();
    for ((attr_ns, attr), value) in element.attrs().iter() {
        match attr_ns.as_str() {
            // A declaration is no attribute of the tree: the writer makes its own.
            ns::XMLNS => {}
            "" if attr.as_str() == "xmlns" => {}
            "" => attribute(attr, value, out),
            ns::XML => attribute(&format!("xml:{attr}"), value, out),
            other => {
                let at = prefixes.iter().position(|declared| *declared == other).unwrap_or_else(|| {
                    attribute(&format!("xmlns:n{}", prefixes.len()), other, out);
                    prefixes.push(other);
                    prefixes.len() - 1
                });
                attribute(&format!("n{at}:{attr}"), value, out);
            }
        }
    }
    let empty = element.nodes().next().is_none();
    out.extend_from_slice(if empty { b"/>" } else { b">" });
    !empty
}

fn attribute(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"='");
    escape_attribute(value, out);
    out.push(b'\'');
}

/// A tree can be built with any string as the name of an element.
fn name(name: &str) -> Cow<'_, str> {
    if is_ncname(name) {
        return Cow::Borrowed(name);
    }
    let legal = |c: char| if is_ncname(&format!("_{c}")) { c } else { '_' };
    Cow::Owned(std::iter::once('_').chain(name.chars().map(legal)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(element: &Element, default: &str) -> String {
        let mut out = Vec::new();
        write_element(element, default, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_namespace_is_declared_where_it_changes() {
        let tree: Element = "<a xmlns='one'><b/><c xmlns='two'>t<d/></c><e xmlns=''/></a>".parse().unwrap();
        assert_eq!(written(&tree, "one"), "<a><b/><c xmlns='two'>t<d/></c><e xmlns=''/></a>");
        assert_eq!(written(&tree, ""), "<a xmlns='one'><b/><c xmlns='two'>t<d/></c><e xmlns=''/></a>");
    }

    #[test]
    fn attributes_of_other_namespaces_get_a_prefix() {
        let tree: Element =
            "<a xmlns='one' xml:lang='en' xmlns:p='two' p:b='1' p:c='2' b='&apos;&lt;'/>".parse().unwrap();
        let text = written(&tree, "");
        assert_eq!(text.parse::<Element>().unwrap(), tree, "{text}");
        assert!(text.contains("xml:lang='en'") && text.contains("b='&apos;&lt;'"), "{text}");
    }

    #[test]
    fn names_that_are_none_cannot_break_the_output() {
        let tree = Element::builder("a", "one")
            .append(Element::bare("x><y", "one"))
            .append(Element::bare("", "o'>"))
            .build();
        let text = written(&tree, "one");
        assert_eq!(text, "<a><_x__y/><_ xmlns='o&apos;&gt;'/></a>");
        text.replace("<a>", "<a xmlns='one'>").parse::<Element>().unwrap();
    }

    #[test]
    fn any_depth_can_be_written() {
        let mut tree = Element::bare("a", "one");
        for _ in 0..2_000 {
            tree = Element::builder("a", "one").append(tree).build();
        }
        assert_eq!(written(&tree, "one").len(), 2_000 * 7 + 4);
    }
}
