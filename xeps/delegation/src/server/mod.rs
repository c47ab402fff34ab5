//! The server's side: it forwards, and takes the answers.

mod answer;
mod config;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stonechat_extension::point::ComponentConnected;
use stonechat_extension::{
    Answered, Claim, Cx, HandlerError, Host, InstallError, Installer, Manifest, React, Request, Select,
    ServerExtension,
};
use stonechat_stanza::forward::Forwarded;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Kind, Stanza, StanzaError, iq, message};
use tokio::sync::Semaphore;

use crate::{Delegated, Delegation, NS};
pub use config::{Config, Entry};

/// How long a component may take for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The extension.
#[derive(Debug)]
pub struct Extension {
    entries: Vec<(BareJid, Entry)>,
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
        let delegation = host.share(Self { entries, requests });
        host.feature(NS);
        host.claim::<Request>(Select::IQS, &delegation);
        host.react::<ComponentConnected>(&delegation);
        Ok(())
    }
}

/// Tells a component what is delegated to it (§4.2).
#[async_trait]
impl React<ComponentConnected> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &ComponentConnected) -> Result<(), HandlerError> {
        let own = self.entries.iter().filter(|(component, _)| *component == event.component);
        let delegated: Vec<Delegated> = own
            .map(|(_, entry)| Delegated {
                namespace: entry.namespace.clone(),
                attributes: entry.attributes.clone(),
            })
            .collect();
        if delegated.is_empty() {
            return Ok(());
        }
        let from = cx.host().jid().clone();
        let told = Stanza::message(message::Type::Normal).with_from(from).with_to(event.component.clone());
        cx.send(told.with(&Delegation { delegated, forwarded: None }));
        Ok(())
    }
}

#[async_trait]
impl Claim<Request> for Extension {
    fn wants(&self, _: &Cx<'_>, event: &Request) -> bool {
        self.component(event).is_some()
    }

    async fn claim(&self, cx: &mut Cx<'_>, event: Request) -> Result<Option<Request>, StanzaError> {
        let Some(component) = self.component(&event) else { return Ok(Some(event)) };
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
    fn component(&self, event: &Request) -> Option<&BareJid> {
        // Of somebody who may not know whether the account exists, the server speaks as of nobody.
        let to = event.stanza.to()?;
        if event.account.as_ref().is_some_and(|account| account.as_str() != to.as_str()) {
            return None;
        }
        let child = event.stanza.children().next()?;
        let (component, entry) = self.entries.iter().find(|(_, entry)| entry.namespace == child.ns())?;
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
