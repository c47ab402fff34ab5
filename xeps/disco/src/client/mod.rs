//! The client's side (XEP-0030, XEP-0115): [`Disco`] is the service of the extension.
//!
//! What the client is and can do is what its extensions declare. Whoever asks gets it, and its presence has the string that stands for it.
//! What a string of another client stands for is asked once, checked (§5.4), and then known for all clients that have it. When it is
//! wrong it counts for the one that was asked, and for nobody else. All of it is bounded.
//!
//! ```no_run
//! # use stonechat_extension::client::{RequestError, Tables};
//! use stonechat_xep_disco::client::Disco;
//!
//! # async fn run(tables: &Tables) -> Result<(), RequestError> {
//! let disco = tables.service::<Disco>().expect("the extension is installed");
//! let server = disco.info("example.com".parse().expect("an address"), None).await?;
//! println!("it has archives: {}", server.has("urn:xmpp:mam:2"));
//! let romeo = disco.of(&"romeo@example.net/orchard".parse().expect("an address")).await?;
//! println!("his client knows corrections: {}", romeo.has("urn:xmpp:message-correct:0"));
//! # Ok(())
//! # }
//! ```

mod cache;
mod service;

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Add, Answer, Connected, Cx, Extension as ClientExtension, Inbound, Installer, Observe, Outbound, React,
    Senders,
};
use stonechat_extension::disco::Identity;
use stonechat_extension::{HandlerError, InstallError, Manifest, Reply};
use stonechat_stanza::presence::Type;
use stonechat_stanza::{Element, Kind, Payload as _, StanzaError, ns};

use crate::{Caps, Feature, INFO, ITEMS, Info, InfoQuery, Items, ItemsQuery, verification, wire};
pub use service::Disco;
use service::Shared;

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// The type of the client: `pc`, `console`, `bot`, or another of the registry.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of the client for people.
    pub name: String,
    /// What names the software, best a web page (XEP-0115 §4).
    pub node: String,
    /// Of how many verified capabilities it is remembered what they stand for.
    pub most_capabilities: usize,
    /// Of how many sessions it is remembered which capabilities they have.
    pub most_sessions: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kind: "pc".to_owned(),
            name: "Stonechat".to_owned(),
            node: "https://github.com/stonechat/stonechat".to_owned(),
            most_capabilities: 1000,
            most_sessions: 10_000,
        }
    }
}

/// The client extension; it provides a [`Disco`].
#[derive(Debug)]
pub struct Extension {
    node: String,
    shared: Arc<Shared>,
    /// What is told, and the string for it: everything is declared when the first of it is needed.
    told: OnceLock<(Info, Option<Caps>)>,
}

impl ClientExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("disco")
        .about("tells what the client can do, and asks others")
        .xep(30, "2.5.0")
        .xep(115, "1.6.0")
        .xep(128, "1.0.1");
    const CONFIG: &'static str = "# The type of the client: pc, console, bot, or another of the registry.\n\
        type = \"pc\"\n\
        # The name of the client for people.\n\
        name = \"Stonechat\"\n\
        # What names the software, best a web page.\n\
        node = \"https://github.com/stonechat/stonechat\"\n\
        # Of how many verified capabilities it is remembered what they stand for.\n\
        most-capabilities = 1000\n\
        # Of how many sessions it is remembered which capabilities they have.\n\
        most-sessions = 10000\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        for feature in [INFO, ITEMS, ns::CAPS] {
            client.feature(feature);
        }
        let name = Some(config.name).filter(|name| !name.is_empty());
        client.identity(Identity { category: "client".to_owned(), kind: config.kind, name });
        let shared = Arc::new(Shared::new(config.most_capabilities, config.most_sessions));
        client.provide(Arc::new(Disco::new(client.handle(), Arc::clone(&shared))))?;
        let disco = client.share(Self { node: config.node, shared, told: OnceLock::new() });
        client.add(&disco);
        client.observe::<Inbound>(&disco);
        client.react::<Connected>(&disco);
        client.iq_get::<InfoQuery>(Senders::ANYONE, &disco)?;
        client.iq_get::<ItemsQuery>(Senders::ANYONE, &disco)
    }
}

impl Extension {
    fn told(&self, cx: &Cx<'_>) -> &(Info, Option<Caps>) {
        self.told.get_or_init(|| {
            let known = cx.tables().info();
            let identity = |known: &Identity| wire::Identity {
                category: known.category.clone(),
                kind: known.kind.clone(),
                lang: None,
                name: known.name.clone(),
            };
            let info = Info {
                node: None,
                identities: known.identities.iter().map(identity).collect(),
                features: known.features.iter().map(|var| Feature { var: var.clone() }).collect(),
                forms: known.forms.clone(),
            };
            let caps = verification(&info).map(|ver| Caps {
                hash: Some("sha-1".to_owned()),
                node: self.node.clone(),
                ver,
            });
            (info, caps)
        })
    }
}

impl Add for Extension {
    /// §8.1: every available presence says it.
    fn add(&self, cx: &Cx<'_>, event: &Outbound) -> Vec<Element> {
        let says = event.stanza.kind() == Kind::Presence(Type::Available) && !event.stanza.has(ns::CAPS, "c");
        says.then(|| self.told(cx).1.as_ref().map(Caps::to_element)).flatten().into_iter().collect()
    }
}

impl Answer<InfoQuery> for Extension {
    fn answer(&self, cx: &mut Cx<'_>, _: &Inbound, query: InfoQuery) -> Result<Reply, StanzaError> {
        let (info, caps) = self.told(cx);
        let is_ours = |node: &String| {
            caps.as_ref()
                .is_some_and(|caps| node.split_once('#') == Some((caps.node.as_str(), caps.ver.as_str())))
        };
        match query.node {
            Some(node) if !is_ours(&node) => Err(StanzaError::item_not_found()),
            node => Ok(Reply::with(&Info { node, ..info.clone() })),
        }
    }
}

impl Answer<ItemsQuery> for Extension {
    /// A client has no items (XEP-0030 §4.1).
    fn answer(&self, _: &mut Cx<'_>, _: &Inbound, query: ItemsQuery) -> Result<Reply, StanzaError> {
        match query.node {
            Some(_) => Err(StanzaError::item_not_found()),
            None => Ok(Reply::with(&Items::default())),
        }
    }
}

impl Observe<Inbound> for Extension {
    fn observe(&self, _: &mut Cx<'_>, event: &Inbound) {
        let Some(from) = event.stanza.from() else { return };
        match event.stanza.kind() {
            Kind::Presence(Type::Available) => {
                let caps = event.stanza.get::<Caps>().ok().flatten();
                self.shared.has(from.to_jid(), caps);
            }
            Kind::Presence(Type::Unavailable) => self.shared.has(from.to_jid(), None),
            _ => {}
        }
    }
}

impl React<Connected> for Extension {
    fn react(&self, _: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if !event.resumed {
            self.shared.forget_sessions();
        }
        Ok(())
    }
}

stonechat_extension::register!(client: Extension);
