//! From a login to a session.

use std::sync::Arc;

use stonechat_extension::login::Proof;
use stonechat_extension::{Ending, Host, Mailbox, Wire};
use stonechat_jid::BareJid;
use stonechat_stanza::StanzaError;
use stonechat_stream::negotiation::server::Action;

use super::guard::Guard;
use super::negotiate::Negotiator;

impl Negotiator<'_> {
    /// Binds a resource; `None` when that failed and the client may try again, or the stream is over.
    pub(super) async fn bind(&mut self, resource: Option<String>) -> Option<Guard> {
        let (Some(host), Some(login)) = (self.host.clone(), self.logged_in.take()) else {
            self.machine.bind_failed(&StanzaError::internal_server_error());
            return None;
        };
        let bound = host.bind_login(&login, resource.as_deref(), self.mailbox()).await;
        let anonymous = login.proof == Proof::Anonymous;
        self.logged_in = Some(login);
        match bound {
            Ok(session) => {
                self.machine.bound(session.jid().clone());
                let guard = Guard::new(Arc::clone(self.shared), host, session, anonymous);
                self.begin_session(guard).await
            }
            Err(error) => {
                self.machine.bind_failed(&error.into());
                None
            }
        }
    }

    pub(super) fn mailbox(&self) -> Mailbox {
        Mailbox::new(Wire::InStream, self.config.limits.mailbox_bytes)
    }

    /// The machine was told of the session. It begins, if the machine agrees.
    pub(super) async fn begin_session(&mut self, guard: Guard) -> Option<Guard> {
        // Not before the session is there for who removes its account or host, and ends what sessions he finds.
        if let Some(ending) = self.forfeited(&guard.host, guard.session.account().jid()).await {
            guard.session.mailbox().end(ending);
        }
        let mut established = false;
        while let Some(action) = self.machine.next_action() {
            match action {
                Action::Send(bytes) => self.outgoing.say(&bytes),
                Action::Established(_) => established = true,
                _ => {}
            }
        }
        established.then_some(guard)
    }

    /// Why a client may not have a session although it has logged in: much may have happened since.
    async fn forfeited(&self, host: &Arc<Host>, account: &BareJid) -> Option<Ending> {
        let served = self.shared.hosts.get(host.domain());
        if !served.is_some_and(|served| Arc::ptr_eq(&served, host)) {
            return Some(Ending::HostGone);
        }
        let anonymous = self.logged_in.as_ref().is_some_and(|login| login.proof == Proof::Anonymous);
        if anonymous || self.login.is_up_to_date() {
            return None;
        }
        match self.shared.accounts.find(account).await {
            Ok(Some(found)) if !found.disabled => None,
            Ok(_) => Some(Ending::AccountRemoved),
            Err(error) => {
                tracing::error!(%account, %error, "an account cannot be read");
                Some(Ending::Policy("the account cannot be read now; try again later".to_owned()))
            }
        }
    }
}
