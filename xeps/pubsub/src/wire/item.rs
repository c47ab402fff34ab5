//! What nodes hold, and who follows them.

use stonechat_stanza::jid::Jid;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload, enumeration};

/// What a node holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// Its id, one of its kind in the node; the service makes one where there is none.
    pub id: Option<String>,
    /// Who has published it, where the service says so (§7.1.2.3).
    pub publisher: Option<String>,
    /// What it holds; of a notice, perhaps nothing (§7.1.2.2).
    pub payload: Option<Element>,
}

impl Item {
    /// An item that holds this.
    #[must_use]
    pub fn new(payload: Element) -> Self {
        Self { payload: Some(payload), ..Self::default() }
    }

    /// An item that holds this.
    #[must_use]
    pub fn of(payload: &impl Payload) -> Self {
        Self::new(payload.to_element())
    }

    /// With this id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// What it holds, if that is a `T`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn get<T: Payload>(&self) -> Result<Option<T>, ParseError> {
        let payload = self.payload.as_ref().filter(|payload| payload.is(T::NAME, T::NS));
        payload.map(T::parse).transpose()
    }

    pub(super) fn read(element: &Element) -> Result<Self, ParseError> {
        Ok(Self {
            id: element.value("id")?,
            publisher: element.value("publisher")?,
            payload: element.children().next().cloned(),
        })
    }

    pub(super) fn write(&self, ns: &str) -> Element {
        Builder::new("item", ns)
            .optional("id", self.id.as_ref())
            .optional("publisher", self.publisher.as_ref())
            .children(self.payload.clone())
            .build()
    }
}

enumeration! {
    /// Where a subscription stands (§4.2).
    pub enum Standing {
        /// There is none.
        None = "none",
        /// An owner has to approve it.
        Pending = "pending",
        /// It has to be configured.
        Unconfigured = "unconfigured",
        /// There is one.
        Subscribed = "subscribed",
    }
}

/// That somebody follows a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The node; of a collection's root there is none.
    pub node: Option<String>,
    /// Who follows it.
    pub jid: Jid,
    /// What tells it apart from other subscriptions of the same address (§6.1.6).
    pub subid: Option<String>,
    /// Where it stands.
    pub standing: Standing,
}

impl Subscription {
    pub(super) fn read(element: &Element) -> Result<Self, ParseError> {
        Ok(Self {
            node: element.value("node")?,
            jid: element.required_value("jid")?,
            subid: element.value("subid")?,
            standing: element.value("subscription")?.unwrap_or(Standing::Subscribed),
        })
    }

    pub(super) fn write(&self, ns: &str) -> Element {
        Builder::new("subscription", ns)
            .optional("node", self.node.as_ref())
            .attr("jid", &self.jid)
            .optional("subid", self.subid.as_ref())
            .attr("subscription", self.standing)
            .build()
    }
}
