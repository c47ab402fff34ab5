//! What subscribers are told (§4.3, §7.1.2, §7.2.2, §8.2.5, §8.4.2, §8.5.2, §12.14).

use stonechat_stanza::forms::Form;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload};

use super::owner::{redirect, redirection};
use super::{EVENT, Item, Subscription, unknown};

/// `<event/>`.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Items were published and taken away.
    Items {
        /// The node.
        node: String,
        /// What was published, with or without what it holds.
        items: Vec<Item>,
        /// The ids of what was taken away.
        retracted: Vec<String>,
    },
    /// All items were taken away.
    Purged {
        /// The node.
        node: String,
    },
    /// The node is no more.
    Deleted {
        /// The node.
        node: String,
        /// Where people may go instead: a URI.
        redirect: Option<String>,
    },
    /// The node is configured in another way.
    Configured {
        /// The node.
        node: String,
        /// How, where that is told.
        form: Option<Form>,
    },
    /// A subscription stands elsewhere.
    Subscription(Subscription),
}

impl Event {
    /// The node that it is about.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Items { node, .. }
            | Self::Purged { node }
            | Self::Deleted { node, .. }
            | Self::Configured { node, .. } => Some(node),
            Self::Subscription(subscription) => subscription.node.as_deref(),
        }
    }
}

impl Payload for Event {
    const NS: &'static str = EVENT;
    const NAME: &'static str = "event";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let about = element.children().find(|child| child.has_ns(EVENT));
        let about = about.ok_or_else(|| ParseError::bad_request("an event about nothing"))?;
        let node = || about.required("node").map(str::to_owned);
        Ok(match about.name() {
            "items" => {
                let named = |name| about.children().filter(move |child| child.is(name, EVENT));
                let items = named("item").map(Item::read).collect::<Result<_, _>>()?;
                let retracted = named("retract").map(|child| child.required("id").map(str::to_owned));
                Self::Items { node: node()?, items, retracted: retracted.collect::<Result<_, _>>()? }
            }
            "purge" => Self::Purged { node: node()? },
            "delete" => Self::Deleted { node: node()?, redirect: redirect(about) },
            "configuration" => Self::Configured { node: node()?, form: about.get()? },
            "subscription" => Self::Subscription(Subscription::read(about)?),
            _ => return Err(unknown(about)),
        })
    }

    fn to_element(&self) -> Element {
        let about = |name: &str, node: &str| Builder::new(name, EVENT).attr("node", node);
        let child = match self {
            Self::Items { node, items, retracted } => {
                let retract = |id: &String| Builder::new("retract", EVENT).attr("id", id).build();
                let items = items.iter().map(|item| item.write(EVENT));
                about("items", node).children(items).children(retracted.iter().map(retract)).build()
            }
            Self::Purged { node } => about("purge", node).build(),
            Self::Deleted { node, redirect } => {
                about("delete", node).children(redirect.as_ref().map(|uri| redirection(uri, EVENT))).build()
            }
            Self::Configured { node, form } => about("configuration", node).payloads(form).build(),
            Self::Subscription(subscription) => subscription.write(EVENT),
        };
        Builder::of::<Self>().child(child).build()
    }
}
