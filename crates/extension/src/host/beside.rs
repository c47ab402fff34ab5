//! What is beside the host: domains that its extensions serve, components, other servers.

use std::collections::BTreeSet;
use std::sync::Arc;

use stonechat_jid::BareJid;
use stonechat_stanza::{Stanza, StanzaError};

use super::Host;
use crate::cx::{Cx, Effect, Outbox};
use crate::hosts::Hosts;
use crate::point::{ComponentConnected, FromComponent};

impl Host {
    /// Whether an extension serves the domain that this label before the host's is.
    pub(crate) fn serves(&self, label: &str) -> bool {
        self.tables.load().served(label).is_some()
    }

    /// Whether a component has this domain, connected or not. What has come from an address of such a domain was sent by the component, and
    /// by nobody else.
    #[must_use]
    pub fn is_component(&self, domain: &str) -> bool {
        self.hosts.upgrade().is_some_and(|hosts| hosts.has_component(domain))
    }

    /// The domains below the host's own that somebody of this server serves, extension or component, in alphabetical order.
    #[must_use]
    pub fn neighbors(&self) -> Vec<String> {
        let tables = self.tables();
        let own = tables.labels().map(|label| format!("{label}.{}", self.jid));
        let components = self.hosts.upgrade().map(|hosts| hosts.components()).unwrap_or_default();
        let is_below =
            |domain: &str| domain.strip_suffix(self.domain()).is_some_and(|label| label.ends_with('.'));
        let components = components.iter().filter(|domain| is_below(domain)).map(|domain| domain.to_string());
        own.chain(components).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Takes a stanza of a component that is for this host, or for the domain that this label before it is.
    pub(crate) async fn take_in(self: &Arc<Self>, label: Option<&str>, stanza: Stanza) {
        let mut out = Outbox::default();
        match label {
            None => {
                if let Some(stanza) = self.offer(stanza, &mut out).await {
                    self.carry(&self.tables(), self.local_way(&stanza), stanza, &mut out).await;
                }
            }
            Some(label) => self.serve(label, stanza, &mut out).await,
        }
        self.drain(out).await;
    }

    /// Carries a stanza for a domain that is no host.
    pub(super) async fn beside(self: &Arc<Self>, hosts: &Hosts, stanza: Stanza, out: &mut Outbox) {
        let served = stanza.to().and_then(|to| hosts.served(to.domain()));
        if let Some((host, label)) = served {
            return host.serve(&label, stanza, out).await;
        }
        let original = stanza.clone();
        if let Err(error) = hosts.elsewhere(stanza).await
            && let Some(reply) = original.error_reply(&error)
        {
            out.push(Effect::Route(reply));
        }
    }

    /// Hands a stanza to the extension that serves the domain that this label before the host's is.
    async fn serve(self: &Arc<Self>, label: &str, stanza: Stanza, out: &mut Outbox) {
        let tables = self.tables();
        let mut cx = Cx::new(self, &tables, None, out);
        // Just now it may have been unloaded.
        let Some(entry) = tables.served(label) else {
            return cx.send_error(&stanza, &StanzaError::service_unavailable());
        };
        let original = stanza.clone();
        match entry.source.wait("serve", "Serve", entry.handler.serve(&mut cx, stanza)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => cx.send_error(&original, &error),
            None => cx.send_error(&original, &StanzaError::internal_server_error()),
        }
    }

    /// Offers a stanza of a component to who claims such; gives it back when nobody took it.
    async fn offer(self: &Arc<Self>, stanza: Stanza, out: &mut Outbox) -> Option<Stanza> {
        let tables = self.tables();
        let Some(hooks) = tables.at::<FromComponent>() else { return Some(stanza) };
        let mut cx = Cx::new(self, &tables, None, out);
        hooks.offer(&mut cx, FromComponent { stanza }).await.map(|event| event.stanza)
    }

    pub(crate) async fn component_connected(self: &Arc<Self>, component: &BareJid) {
        let tables = self.tables();
        let mut out = Outbox::default();
        let event = ComponentConnected { component: component.clone() };
        Cx::new(self, &tables, None, &mut out).react_at(&event).await;
        self.drain(out).await;
    }
}
