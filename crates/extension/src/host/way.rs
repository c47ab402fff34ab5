//! Finding out whom a stanza is for.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use stonechat_jid::BareJid;
use stonechat_stanza::{Kind, Stanza, StanzaError, iq, message};

use super::Host;
use super::deliver::bounce;
use crate::cx::Outbox;
use crate::hosts::Hosts;
use crate::session::Account;
use crate::tables::Tables;

/// Where a stanza goes.
pub(super) enum Way {
    /// To nobody, or it is there already.
    Ends,
    /// Back to who has sent it.
    Back,
    /// To the host, which answers such a request, for itself or for an account.
    Answer(iq::Type, Option<BareJid>),
    /// To an account, with its live state if it is connected; or to one of its sessions, if the address is full.
    Account { live: Option<Arc<Account>>, full: bool },
    /// To another host of this server.
    Other(Arc<Host>),
    /// To a domain that is no host.
    Beside(Arc<Hosts>),
}

impl Host {
    /// Carries a stanza on its way.
    pub(super) async fn carry(
        self: &Arc<Self>,
        tables: &Arc<Tables>,
        way: Way,
        stanza: Stanza,
        out: &mut Outbox,
    ) {
        match way {
            Way::Account { live, full } => self.to_account(tables, live, full, stanza, out).await,
            Way::Answer(kind, account) => self.answer(tables, kind, stanza, account, out).await,
            Way::Back => bounce(&stanza, &StanzaError::service_unavailable(), out),
            Way::Ends => {}
            Way::Other(host) => host.carry_boxed(stanza, out).await,
            Way::Beside(hosts) => self.beside(&hosts, stanza, out).await,
        }
    }

    /// Boxed, as a future cannot contain itself.
    fn carry_boxed<'a>(self: &'a Arc<Self>, stanza: Stanza, out: &'a mut Outbox) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.carry(&self.tables(), self.local_way(&stanza), stanza, out).await })
    }

    /// Finds out whom a stanza is for.
    pub(super) fn way(&self, stanza: &Stanza) -> Way {
        let Some(to) = stanza.to() else {
            tracing::warn!(host = %self.jid, "a stanza without `to` was dropped");
            return Way::Ends;
        };
        if to.domain() == self.domain() {
            return self.local_way(stanza);
        }
        let Some(hosts) = self.hosts.upgrade() else { return Way::Ends };
        match hosts.get(to.domain()) {
            Some(other) => Way::Other(other),
            None => Way::Beside(hosts),
        }
    }

    /// The way of a stanza for this host's domain. An answer that somebody waits for is handed over here.
    pub(super) fn local_way(&self, stanza: &Stanza) -> Way {
        let Some(to) = stanza.to() else { return Way::Ends };
        let full = to.resource().is_some();
        if !full && self.asked.take(stanza) {
            return Way::Ends;
        }
        match (to.local(), stanza.kind()) {
            (None, kind) => to_host(kind, full),
            (Some(_), Kind::Iq(kind @ (iq::Type::Get | iq::Type::Set))) if !full => {
                Way::Answer(kind, Some(to.to_bare()))
            }
            (Some(_), _) => Way::Account { live: self.table.get(to.bare_str()), full },
        }
    }
}

/// RFC 6120 §10.5.2 and §10.5.3: the domain itself.
const fn to_host(kind: Kind, full: bool) -> Way {
    match kind {
        Kind::Iq(kind @ (iq::Type::Get | iq::Type::Set)) if !full => Way::Answer(kind, None),
        Kind::Iq(iq::Type::Get | iq::Type::Set)
        | Kind::Message(message::Type::Normal | message::Type::Chat | message::Type::Groupchat) => Way::Back,
        Kind::Iq(_) | Kind::Message(_) | Kind::Presence(_) => Way::Ends,
    }
}
