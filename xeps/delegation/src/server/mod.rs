//! The server's side: it forwards, and takes the answers.

mod answer;
mod config;
mod nested;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stonechat_extension::disco::Disco;
use stonechat_extension::point::ComponentConnected;
use stonechat_extension::{
    Answered, Claim, Cx, HandlerError, Host, InstallError, Installer, Manifest, Map, React, Request, Select,
    ServerExtension,
};
use stonechat_stanza::forward::Forwarded;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Child, Kind, Stanza, StanzaError, iq, message, ns};
use tokio::sync::Semaphore;

use crate::{Delegated, Delegation, INFO_OF_NODES, ITEMS_OF_ACCOUNTS, NS};
pub use config::{Config, Entry};
use nested::Nested;

/// How long a component may take for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The extension.
#[derive(Debug)]
pub struct Extension {
    entries: Vec<(BareJid, Entry)>,
    nested: Arc<Nested>,
    /// How many more requests may wait for their answers.
    requests: Arc<Semaphore>,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("delegation")
        .about("has components answer requests, where it is configured")
        .xep(355, "0.5");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let entries = config.check().map_err(|problem| host.failed(problem))?;
        if entries.is_empty() {
            return Ok(());
        }
        let requests = Arc::new(Semaphore::new(config.requests));
        let delegation = host.share(Self { entries, nested: Arc::default(), requests });
        host.feature(NS);
        host.claim::<Request>(Select::IQS, &delegation);
        host.react::<ComponentConnected>(&delegation);
        host.map::<Disco>(&delegation);
        Ok(())
    }
}

/// Tells a component what is delegated to it (§4.2), and asks it what that makes the server able to do (§9, note 2).
#[async_trait]
impl React<ComponentConnected> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &ComponentConnected) -> Result<(), HandlerError> {
        let own = self.entries.iter().filter(|(component, _)| *component == event.component);
        let own = own.map(|(_, entry)| entry);
        let delegated: Vec<Delegated> = own
            .clone()
            .map(|Entry { namespace, attributes, .. }| Delegated {
                namespace: namespace.clone(),
                attributes: attributes.clone(),
            })
            .collect();
        if delegated.is_empty() {
            return Ok(());
        }
        let from = cx.host().jid().clone();
        let told = Stanza::message(message::Type::Normal).with_from(from).with_to(event.component.clone());
        cx.send(told.with(&Delegation { delegated, forwarded: None }));
        let namespaces = own.map(|entry| entry.namespace.clone()).filter(|namespace| !is_special(namespace));
        let (nested, component, namespaces) =
            (Arc::clone(&self.nested), event.component.clone(), namespaces.collect::<Vec<_>>());
        cx.then(move |cx| {
            let host = Arc::clone(cx.host());
            tokio::spawn(async move {
                for namespace in namespaces {
                    nested.ask(&host, &component, &namespace).await;
                }
            });
        });
        Ok(())
    }
}

#[async_trait]
impl Claim<Request> for Extension {
    fn wants(&self, cx: &Cx<'_>, event: &Request) -> bool {
        self.component(cx, event).is_some()
    }

    async fn claim(&self, cx: &mut Cx<'_>, event: Request) -> Result<Option<Request>, StanzaError> {
        let Some(component) = self.component(cx, &event) else { return Ok(Some(event)) };
        if !cx.host().is_component(component.as_str()) {
            return Err(StanzaError::service_unavailable());
        }
        let permit = Arc::clone(&self.requests).try_acquire_owned();
        let permit = permit.map_err(|_| StanzaError::resource_constraint())?;
        let from = Jid::from(cx.host().jid().clone());
        let (host, component, request) = (Arc::clone(cx.host()), component.clone(), event.stanza);
        tokio::spawn(async move {
            let answer = forward(&host, from, component, request).await;
            drop(permit);
            if let Some(answer) = answer {
                host.send(answer).await;
            }
        });
        Ok(None)
    }
}

impl Extension {
    /// Who answers a request; `None` for the server itself.
    fn component(&self, cx: &Cx<'_>, event: &Request) -> Option<&BareJid> {
        // Of somebody who may not know whether the account exists, the server speaks as of nobody.
        let to = event.stanza.to()?;
        if event.account.as_ref().is_some_and(|account| account.as_str() != to.as_str()) {
            return None;
        }
        let child = event.stanza.children().next()?;
        let name = match child.ns() {
            ns::DISCO_INFO => INFO_OF_NODES,
            ns::DISCO_ITEMS => ITEMS_OF_ACCOUNTS,
            namespace if is_special(namespace) => return None,
            namespace => namespace,
        };
        let (component, entry) = self.entries.iter().find(|(_, entry)| entry.namespace == name)?;
        if is_special(name) && !is_left_to_others(cx, event, &child) {
            return None;
        }
        // §4.3.1.
        if event.stanza.from().is_some_and(|from| from.domain() == component.as_str()) {
            return None;
        }
        if !entry.attributes.is_empty() {
            let element = child.element().ok()?;
            // §4.3, N.B.₃.
            if entry.attributes.iter().any(|name| element.attr(name.as_str()).is_none()) {
                return None;
            }
        }
        Some(component)
    }
}

/// Whether this is the name of some requests of service discovery, and no namespace (§7.2.4, §7.2.5).
fn is_special(namespace: &str) -> bool {
    [INFO_OF_NODES, ITEMS_OF_ACCOUNTS].contains(&namespace)
}

/// Whether a request of service discovery is about an account, and the server does not answer it where another does: about a node that it does
/// not know, or about the items of the account itself.
fn is_left_to_others(cx: &Cx<'_>, event: &Request, query: &Child<'_>) -> bool {
    let (Some(asker), Ok(element)) = (event.stanza.from(), query.element()) else { return false };
    if event.account.is_none() || event.stanza.kind() != Kind::Iq(iq::Type::Get) {
        return false;
    }
    let Some(node) = element.attr("node").filter(|node| !node.is_empty()) else {
        return query.ns() == ns::DISCO_ITEMS;
    };
    let (account, node) = (event.account.clone(), Some(node.to_owned()));
    let mut about = Disco { on: event.on, account, node, asker: asker.to_jid(), info: None };
    cx.map_at(&mut about).is_ok() && about.info.is_none()
}

impl Map<Disco> for Extension {
    fn map(&self, cx: &Cx<'_>, event: &mut Disco) -> Result<(), StanzaError> {
        if event.node.is_none() {
            for (component, entry) in &self.entries {
                let is_there = cx.host().is_component(component.as_str());
                self.nested.nest(event, &entry.namespace, is_there);
            }
        }
        Ok(())
    }
}

/// Forwards a request to a component, and gives what the asker gets (§4.3); `None` when nothing is to be said.
async fn forward(host: &Arc<Host>, from: Jid, component: BareJid, request: Stanza) -> Option<Stanza> {
    let forwarded = Delegation { delegated: Vec::new(), forwarded: Some(Forwarded::new(request.clone())) };
    let asked = Stanza::iq(iq::Type::Set).with_from(from).with_to(component.clone()).with(&forwarded);
    let answer = match host.ask(asked, PATIENCE).await {
        Answered::Result(answer) => answer::unwrap(&request, &answer),
        _ => None,
    };
    match answer {
        Some(answer) => Some(answer),
        None => {
            tracing::debug!(host = host.domain(), %component, "a component has not answered a request that is delegated to it");
            request.error_reply(&StanzaError::service_unavailable())
        }
    }
}

/// Whether a request can be answered by this: of type `result` or `error`.
pub(crate) const fn is_answer(kind: Kind) -> bool {
    matches!(kind, Kind::Iq(iq::Type::Result | iq::Type::Error))
}

stonechat_extension::register!(server: Extension);
