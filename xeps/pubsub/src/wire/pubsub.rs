//! Requests about nodes and items, and the answers (§5.6, §6, §7, §8.1).

use stonechat_stanza::forms::Form;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload};

use super::{Item, NS, Subscription, subject, unknown};

/// `<pubsub/>`: what is asked, or what is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum PubSub {
    /// Publish an item (§7.1); the answer has its id.
    Publish {
        /// The node.
        node: String,
        /// The item; a node may want none (§7.1.1).
        item: Option<Item>,
        /// Conditions (§7.1.5).
        options: Option<Form>,
    },
    /// Take an item away (§7.2).
    Retract {
        /// The node.
        node: String,
        /// The id of the item.
        id: String,
        /// Whether subscribers are told; `None` leaves it to the node.
        notify: Option<bool>,
    },
    /// Give items (§6.5), or the items.
    Items {
        /// The node.
        node: String,
        /// At most so many of the newest (§6.5.7).
        max: Option<u32>,
        /// Those with these ids (§6.5.8); all where there are none. In an answer, the items.
        items: Vec<Item>,
    },
    /// Follow a node (§6.1).
    Subscribe {
        /// The node.
        node: String,
        /// Who follows.
        jid: Jid,
    },
    /// Follow it no more (§6.2).
    Unsubscribe {
        /// The node.
        node: String,
        /// Who followed.
        jid: Jid,
        /// Which subscription, where there are several.
        subid: Option<String>,
    },
    /// Where a subscription stands: the answer to both.
    Subscription(Subscription),
    /// Which subscriptions there are (§5.6), of a node or of all, and the answer.
    Subscriptions {
        /// The node.
        node: Option<String>,
        /// The subscriptions.
        all: Vec<Subscription>,
    },
    /// Make a node (§8.1); the answer names it where the service does (§8.1.2).
    Create {
        /// The node.
        node: Option<String>,
        /// How it is to be.
        configuration: Option<Form>,
    },
}

impl PubSub {
    /// Publishes an item.
    #[must_use]
    pub fn publish(node: impl Into<String>, item: Item, options: Option<Form>) -> Self {
        Self::Publish { node: node.into(), item: Some(item), options }
    }
}

impl Payload for PubSub {
    const NS: &'static str = NS;
    const NAME: &'static str = "pubsub";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let about = subject(element, NS)?;
        let node = || about.required("node").map(str::to_owned);
        let form =
            |name| element.child(name).map(|child| child.get::<Form>()).transpose().map(Option::flatten);
        Ok(match about.name() {
            "publish" => {
                let item = about.child("item").map(Item::read).transpose()?;
                Self::Publish { node: node()?, item, options: form("publish-options")? }
            }
            "retract" => {
                let item = about.child("item").ok_or_else(|| ParseError::missing_child("retract", "item"))?;
                let id = item.required("id")?.to_owned();
                Self::Retract { node: node()?, id, notify: about.boolean("notify")? }
            }
            "items" => {
                let items = about.children().filter(|child| child.is("item", NS)).map(Item::read);
                let items = items.collect::<Result<_, _>>()?;
                Self::Items { node: node()?, max: about.value("max_items")?, items }
            }
            "subscribe" => Self::Subscribe { node: node()?, jid: about.required_value("jid")? },
            "unsubscribe" => {
                let (jid, subid) = (about.required_value("jid")?, about.value("subid")?);
                Self::Unsubscribe { node: node()?, jid, subid }
            }
            "subscription" => Self::Subscription(Subscription::read(about)?),
            "subscriptions" => {
                let all =
                    about.children().filter(|child| child.is("subscription", NS)).map(Subscription::read);
                Self::Subscriptions { node: about.value("node")?, all: all.collect::<Result<_, _>>()? }
            }
            "create" => Self::Create { node: about.value("node")?, configuration: form("configure")? },
            _ => return Err(unknown(about)),
        })
    }

    fn to_element(&self) -> Element {
        let about = |name: &str, node: &str| Builder::new(name, NS).attr("node", node);
        let form = |name: &str, form: &Form| Builder::new(name, NS).payload(form).build();
        let (child, more) = match self {
            Self::Publish { node, item, options } => {
                let publish = about("publish", node).children(item.as_ref().map(|item| item.write(NS)));
                (publish.build(), options.as_ref().map(|options| form("publish-options", options)))
            }
            Self::Retract { node, id, notify } => {
                let item = Builder::new("item", NS).attr("id", id).build();
                (about("retract", node).optional("notify", *notify).child(item).build(), None)
            }
            Self::Items { node, max, items } => {
                let items = items.iter().map(|item| item.write(NS));
                (about("items", node).optional("max_items", *max).children(items).build(), None)
            }
            Self::Subscribe { node, jid } => (about("subscribe", node).attr("jid", jid).build(), None),
            Self::Unsubscribe { node, jid, subid } => {
                let unsubscribe = about("unsubscribe", node).attr("jid", jid);
                (unsubscribe.optional("subid", subid.as_ref()).build(), None)
            }
            Self::Subscription(subscription) => (subscription.write(NS), None),
            Self::Subscriptions { node, all } => {
                let list = Builder::new("subscriptions", NS).optional("node", node.as_ref());
                (list.children(all.iter().map(|one| one.write(NS))).build(), None)
            }
            Self::Create { node, configuration } => {
                let create = Builder::new("create", NS).optional("node", node.as_ref()).build();
                (create, configuration.as_ref().map(|configuration| form("configure", configuration)))
            }
        };
        Builder::of::<Self>().child(child).children(more).build()
    }
}
