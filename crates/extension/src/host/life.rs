//! The life of sessions and accounts.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::BoxFuture;
use stonechat_jid::BareJid;
use stonechat_stanza::{Kind, Stanza, StanzaError, message};
use stonechat_store::Owner;

use super::Host;
use super::deliver::is_of;
use super::succession::Unread;
use crate::accounts::AccountError;
use crate::cx::{Cx, Outbox};
use crate::mailbox::{Ending, Left, Mailbox};
use crate::numbering::random;
use crate::point::{AccountCreated, AccountRemoved, Point, SessionBound, SessionClosed, SessionUnavailable};
use crate::session::Session;

/// Why a resource could not be bound (RFC 6120 §7.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The resource that the client asked for is no resource (`bad-request`).
    #[error("that is no resourcepart")]
    Malformed,
    /// The account has as many sessions as it may (`resource-constraint`).
    #[error("too many sessions")]
    TooMany,
}

impl From<BindError> for StanzaError {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Malformed => Self::bad_request(),
            BindError::TooMany => Self::resource_constraint(),
        }
    }
}

impl Host {
    /// Adds a session with the resource that the client asked for, or with one that cannot be guessed (RFC 6120 §7.6, §7.7).
    /// A session that had the resource ends with [`Ending::Conflict`]: it is out of the table when this returns, and its connection has
    /// still to write what it can and to call [`Host::close_with`]. The messages that it gives there come to the new session before those
    /// that others send to it, if they come within [`Limits::mailbox_wait`](crate::Limits::mailbox_wait).
    ///
    /// # Errors
    /// [`BindError`].
    pub async fn bind(
        self: &Arc<Self>,
        account: &BareJid,
        resource: Option<&str>,
        mailbox: Mailbox,
        peer: Option<std::net::IpAddr>,
    ) -> Result<Arc<Session>, BindError> {
        self.bind_with(account, resource, mailbox, peer, |_| ()).await
    }

    /// As [`Host::bind`]; `prepare` sees the session before the extensions do.
    pub(super) async fn bind_with(
        self: &Arc<Self>,
        account: &BareJid,
        resource: Option<&str>,
        mailbox: Mailbox,
        peer: Option<std::net::IpAddr>,
        prepare: impl FnOnce(&Session) + Send,
    ) -> Result<Arc<Session>, BindError> {
        let jid = match resource {
            Some(resource) if !resource.is_empty() => account.with_resource(resource),
            _ => account.with_resource(&random()),
        };
        let jid = jid.map_err(|_| BindError::Malformed)?;
        let most = self.limits.sessions_per_account;
        let wire = mailbox.wire();
        let limit = mailbox.limit();
        let added = match self.table.add(jid.clone(), mailbox, peer, most) {
            Err(_) if self.make_room(account).await => {
                self.table.add(jid, Mailbox::new(wire, limit), peer, most)
            }
            added => added,
        };
        let (session, replaced) = added.map_err(|_| BindError::TooMany)?;
        prepare(&session);
        if let Some(old) = replaced {
            self.replaced(&old).await;
        }
        self.fire(Some(&session), &SessionBound).await;
        Ok(session)
    }

    /// Ends a session: takes it out of the table, tells the extensions, and sees to the messages that were not written
    /// to its connection. `unwritten` are those that the caller took out of the mailbox and could not write; what is
    /// still in the mailbox follows them. Of a session that another has replaced the messages go to that one. The second time it sees to
    /// those only.
    pub async fn close_with(self: &Arc<Self>, session: &Arc<Session>, unwritten: Vec<Stanza>) {
        let mut out = Outbox::default();
        let first = !session.ended.swap(true, Ordering::AcqRel);
        if first {
            self.table.remove(session);
        }
        let unread = match session.mailbox().shut() {
            Left::Unread(letters) => {
                let left = letters.iter().filter_map(|bytes| Stanza::parse(bytes).ok());
                let all = unwritten.into_iter().chain(left);
                all.map(|stanza| Unread { number: 0, since: None, stanza }).collect()
            }
            // What was not written was not acknowledged either.
            Left::Unacknowledged(kept) => kept.iter().filter_map(Unread::of).collect(),
        };
        if first {
            self.gone(session, &mut out).await;
        }
        let unread = self.bequeath(session, unread, &mut out).await;
        if !unread.is_empty() {
            // For an account that is no more, or was nowhere kept, nothing is stored.
            let kept = session.mailbox().ending() != Some(Ending::AccountRemoved)
                && !matches!(self.has_account(session.account().jid()).await, Ok(false));
            for Unread { number, since, stanza } in unread {
                out.set_left(session, number, since);
                self.unread(session, stanza, kept, &mut out).await;
            }
        }
        session.let_successor_go();
        self.drain(out).await;
        if let Some(numbering) = session.numbering() {
            numbering.forget();
            numbering.journal.note(session, false);
        }
    }

    /// Tells the extensions that a session has ended.
    pub(super) async fn gone(self: &Arc<Self>, session: &Arc<Session>, out: &mut Outbox) {
        let tables = self.tables();
        let mut cx = Cx::new(self, &tables, Some(session), out);
        cx.set_unavailable(None).await;
        cx.react_at(&SessionClosed).await;
    }

    /// A session has become available, or shown itself to somebody, while it was being ended by another task, which may have told that it
    /// is unavailable before this was told: it is told again.
    pub(super) async fn gone_for_sure(self: &Arc<Self>, session: &Arc<Session>) {
        session.set_presence(None);
        self.fire(Some(session), &SessionUnavailable { presence: None }).await;
    }

    /// As [`Host::close_with`], when nothing was taken out of the mailbox that could not be written.
    pub async fn close(self: &Arc<Self>, session: &Arc<Session>) {
        self.close_with(session, Vec::new()).await;
    }

    /// A stanza that was in a mailbox when the session ended. Messages that would be stored for an account without sessions are, if the
    /// account is `kept`, and requests get an error; nothing else is missed by anybody.
    async fn unread(self: &Arc<Self>, session: &Arc<Session>, stanza: Stanza, kept: bool, out: &mut Outbox) {
        let account = session.account().jid();
        // What is made from what is stored has not got lost.
        if is_of(&stanza, account) {
            return;
        }
        match stanza.kind() {
            Kind::Message(message::Type::Normal | message::Type::Chat) if kept => {
                self.undelivered(account.clone(), Some(session), stanza, out).await;
            }
            Kind::Iq(_) | Kind::Message(message::Type::Normal | message::Type::Chat) => {
                if let Some(reply) = stanza.error_reply(&StanzaError::service_unavailable()) {
                    out.push(crate::cx::Effect::Route(reply));
                }
            }
            Kind::Message(_) | Kind::Presence(_) => {}
        }
    }

    /// Has the reactions to an event of a session's or an account's life run.
    pub(super) async fn fire<P: Point>(self: &Arc<Self>, session: Option<&Arc<Session>>, event: &P) {
        let tables = self.tables();
        let mut out = Outbox::default();
        Cx::new(self, &tables, session, &mut out).react_at(event).await;
        self.drain(out).await;
    }

    /// Creates an account and tells the extensions. What is left of an earlier one of that name, whose removal was cut short, is
    /// erased before.
    ///
    /// # Errors
    /// See [`Accounts::create`](crate::Accounts::create); and [`AccountError::Failed`] when old data could not be erased.
    pub async fn create_account(
        self: &Arc<Self>,
        account: &BareJid,
        password: &str,
    ) -> Result<(), AccountError> {
        {
            let _alone = self.changing_accounts.lock().await;
            if self.accounts.exists(account).await? {
                return Err(AccountError::Exists);
            }
            self.erase(account).await?;
            self.accounts.create(account, password).await?;
        }
        self.created(account).await;
        Ok(())
    }

    /// Tells the extensions of a new account.
    pub(crate) async fn created(self: &Arc<Self>, account: &BareJid) {
        self.fire(None, &AccountCreated { account: account.clone() }).await;
    }

    async fn erase(&self, account: &BareJid) -> Result<(), AccountError> {
        // What is still to be written of it is not to come back.
        self.journal.appended().await;
        let erased = self.store.erase(&Owner::account(account.as_str())).await;
        erased.map_err(|error| AccountError::Failed(error.to_string()))
    }

    /// Changes the password of an account. Its sessions stay: a login that has succeeded is not undone by a change of what the next one
    /// needs. Who wants them gone, because somebody else knew the old password, ends them with [`Mailbox::end`].
    ///
    /// # Errors
    /// See [`Accounts::set_password`](crate::Accounts::set_password).
    pub async fn set_password(&self, account: &BareJid, password: &str) -> Result<(), AccountError> {
        self.accounts.set_password(account, password).await
    }

    /// Removes an account: nobody can log in any more, its sessions end, the extensions are told, its data is erased.
    /// Says whether there was one.
    ///
    /// # Errors
    /// See [`Accounts::remove`](crate::Accounts::remove); and [`AccountError::Failed`] when the data could not be erased.
    pub async fn remove_account(self: &Arc<Self>, account: &BareJid) -> Result<bool, AccountError> {
        if !self.accounts.remove(account).await? {
            return Ok(false);
        }
        self.bury(account).await?;
        Ok(true)
    }

    /// As an effect: what goes wrong is logged.
    pub(super) async fn removed(self: &Arc<Self>, account: &BareJid) {
        if let Err(error) = self.bury(account).await {
            tracing::error!(host = %self.jid, %account, %error, "an account was not removed whole");
        }
    }

    /// What follows when nobody can log in to an account any more. What waits in the mailboxes of its sessions is left there for the
    /// connections to write, as the answer to who asked for the removal may be among it.
    // Boxed, as the removal may be what follows from a stanza, and stanzas follow from the removal.
    fn bury<'a>(self: &'a Arc<Self>, account: &'a BareJid) -> BoxFuture<'a, Result<(), AccountError>> {
        Box::pin(async move {
            for session in self.account(account.as_str()).map(|live| live.sessions()).unwrap_or_default() {
                session.mailbox().end(Ending::AccountRemoved);
                if session.ended.swap(true, Ordering::AcqRel) {
                    continue;
                }
                self.table.remove(&session);
                session.mailbox().seal();
                let mut out = Outbox::default();
                self.gone(&session, &mut out).await;
                self.drain(out).await;
                if session.is_detached() {
                    self.close(&session).await;
                }
            }
            self.fire(None, &AccountRemoved { account: account.clone() }).await;
            let _alone = self.changing_accounts.lock().await;
            // Who created it anew meanwhile has erased what was there.
            if self.accounts.exists(account).await? {
                return Ok(());
            }
            self.erase(account).await
        })
    }
}
