//! The client's side: [`Nodes`] is the service of the extension, [`Notice`] what is told.
//!
//! # Following
//! Personal nodes, of the own account and of contacts, are followed by saying so: `node+notify` in what the client can do, which its presence
//! tells where the extension `disco` is installed (XEP-0163 §4.2). Which nodes, an application says in the configuration, and an extension with
//! [`follow`]. Other services are [subscribed to](Nodes::subscribe).
//!
//! # Whom to believe
//! An event counts from the own account, from a contact whose presence we see (with the extension `roster`; XEP-0163 §4), and from a service
//! that was subscribed to, or is [expected](Nodes::expect) to send some; what comes from others is dropped. It speaks for whoever has sent it and for
//! nobody else: a node of the own account is only what [`Notice::is_own`] says.
//!
//! ```no_run
//! # use stonechat_extension::client::{Event, Tables};
//! # use stonechat_stanza::Element;
//! use stonechat_xep_pubsub::client::{Nodes, Notice, Wanted};
//! use stonechat_xep_pubsub::{Item, private};
//!
//! # async fn run(tables: &Tables, event: Event, note: Element) -> Result<(), Box<dyn std::error::Error>> {
//! let nodes = tables.service::<Nodes>().expect("the extension is installed");
//! // For ourselves alone, on the own account.
//! nodes.publish_as(None, "urn:example:notes", Item::new(note).with_id("first"), &private()).await?;
//! for item in nodes.items(None, "urn:example:notes", Wanted::All).await? {
//!     println!("{:?}", item.id);
//! }
//! if let Some(notice) = event.get::<Notice>() {
//!     println!("{} tells of {:?}", notice.from, notice.event);
//! }
//! # Ok(())
//! # }
//! ```

mod follow;
mod service;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Connected, Cx, Extension as ClientExtension, Inbound, Installer, React, Sender, Senders, Take,
};
use stonechat_extension::point::Point;
use stonechat_extension::{HandlerError, InstallError, Manifest};
use stonechat_stanza::delay::Delay;
use stonechat_stanza::jid::Jid;

use follow::Followed;
pub use follow::follow;
use service::Shared;
pub use service::{Nodes, Wanted, fetch, items};

use crate::Event;

/// The configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Personal nodes of which the application wants to be told.
    pub follow: Vec<String>,
}

/// Something has happened to a node. Of nodes that an extension follows, it is told; the application is told of the others.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Whose node it is: an account, or a service.
    pub from: Jid,
    /// Whether it is the own account.
    pub is_own: bool,
    /// What has happened.
    pub event: Event,
    /// When, where it has waited.
    pub delay: Option<Delay>,
}

/// An extension that follows nodes registers a reaction here; see [`follow`].
impl Point for Notice {
    const NAME: &'static str = "Notice";
}

/// The client extension; it provides [`Nodes`].
#[derive(Debug)]
pub struct Extension(Arc<Shared>);

impl ClientExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("pubsub")
        .about("publishes, and tells what is published")
        .xep(60, "1.30.0")
        .xep(163, "1.2.2");
    const CONFIG: &'static str = "# Personal nodes of which the application wants to be told.\nfollow = []\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        for node in &config.follow {
            client.feature(&format!("{node}+notify"));
        }
        let shared = Arc::new(Shared::new(config.follow));
        client.provide(Arc::new(Nodes::new(client.handle(), Arc::clone(&shared))))?;
        client.provide(Arc::new(Followed(Arc::clone(&shared))))?;
        let senders = Senders::ACCOUNT.or_expected(shared.expected()).or_those(&shared);
        let nodes = client.share(Self(shared));
        client.react::<Connected>(&nodes);
        client.take::<Event>(senders, &nodes)
    }
}

impl React<Connected> for Extension {
    /// Who we are, and who our contacts are, is known from here on.
    fn react(&self, cx: &mut Cx<'_>, _: &Connected) -> Result<(), HandlerError> {
        self.0.begin(cx.account(), cx.service());
        Ok(())
    }
}

impl Take<Event> for Extension {
    fn take(&self, cx: &mut Cx<'_>, message: &Inbound, event: Event) -> Result<(), HandlerError> {
        let from = message.stanza.from().map_or_else(|| cx.account().clone().into(), |from| from.to_jid());
        let is_own = message.sender == Sender::Account;
        let delay = message.stanza.get().ok().flatten();
        let by_extension = event.node().is_some_and(|node| self.0.is_followed_by_extension(node));
        let notice = Notice { from, is_own, event, delay };
        cx.react_at(&notice);
        if !by_extension {
            cx.emit(notice);
        }
        Ok(())
    }
}

stonechat_extension::register!(client: Extension);
