//! Requests of owners about nodes as a whole (§8.2, §8.4, §8.5).

use stonechat_stanza::forms::Form;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload};

use super::{OWNER, unknown};

/// `<pubsub/>` of owners.
#[derive(Debug, Clone, PartialEq)]
pub enum Owner {
    /// Give the configuration, the configuration, or its change (§8.2).
    Configure {
        /// The node.
        node: String,
        /// The form.
        form: Option<Form>,
    },
    /// Delete the node (§8.4).
    Delete {
        /// The node.
        node: String,
        /// Where people may go instead: a URI.
        redirect: Option<String>,
    },
    /// Take all items away (§8.5).
    Purge {
        /// The node.
        node: String,
    },
}

impl Payload for Owner {
    const NS: &'static str = OWNER;
    const NAME: &'static str = "pubsub";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let about = element.children().find(|child| child.has_ns(OWNER));
        let about = about.ok_or_else(|| ParseError::bad_request("a request about nothing"))?;
        let node = about.required("node")?.to_owned();
        Ok(match about.name() {
            "configure" => Self::Configure { node, form: about.get()? },
            "delete" => Self::Delete { node, redirect: redirect(about) },
            "purge" => Self::Purge { node },
            _ => return Err(unknown(about)),
        })
    }

    fn to_element(&self) -> Element {
        let about = |name: &str, node: &str| Builder::new(name, OWNER).attr("node", node);
        let child = match self {
            Self::Configure { node, form } => about("configure", node).payloads(form).build(),
            Self::Delete { node, redirect } => {
                about("delete", node).children(redirect.as_ref().map(|uri| redirection(uri, OWNER))).build()
            }
            Self::Purge { node } => about("purge", node).build(),
        };
        Builder::of::<Self>().child(child).build()
    }
}

pub(super) fn redirect(element: &Element) -> Option<String> {
    element.child("redirect")?.attr("uri").map(str::to_owned)
}

pub(super) fn redirection(uri: &str, ns: &str) -> Element {
    Builder::new("redirect", ns).attr("uri", uri).build()
}
