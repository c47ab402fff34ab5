//! The client's side: [`Registration`] is the service of the extension.
//!
//! The own account's password is changed and the account cancelled at its server (§3.2, §3.3); with services, such as gateways, one registers
//! with their fields or with their form (§3.1, §4). An account is created before there is a session: [`asked`] and [`create`].
//!
//! ```no_run
//! # use stonechat_extension::client::{RequestError, Tables};
//! use stonechat_xep_register::client::Registration;
//!
//! # async fn run(tables: &Tables) -> Result<(), RequestError> {
//! let registration = tables.service::<Registration>().expect("the extension is installed");
//! registration.change_password("newpass").await?;
//! # Ok(())
//! # }
//! ```

mod account;

use std::sync::{Arc, OnceLock};

use stonechat_extension::client::{
    Connected, Cx, Extension as ClientExtension, Handle, Installer, Query as Request, React, RequestError,
};
use stonechat_extension::{HandlerError, InstallError, Manifest, NoConfig};
use stonechat_stanza::forms::Form;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{ParseError, Stanza, StanzaError, iq};

use crate::Query;
pub use account::{CreateError, asked, create, is_offered};

/// The client extension; it provides [`Registration`].
#[derive(Debug)]
pub struct Extension(Arc<OnceLock<BareJid>>);

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("register").about("changes the password, and registers with services").xep(77, "2.4");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let account = Arc::new(OnceLock::new());
        client.provide(Arc::new(Registration { handle: client.handle(), account: Arc::clone(&account) }))?;
        let registration = client.share(Self(account));
        client.react::<Connected>(&registration);
        Ok(())
    }
}

impl React<Connected> for Extension {
    /// Whose password it is, is known from here on.
    fn react(&self, cx: &mut Cx<'_>, _: &Connected) -> Result<(), HandlerError> {
        self.0.get_or_init(|| cx.account().clone());
        Ok(())
    }
}

impl Request for Query {
    const KIND: iq::Type = iq::Type::Get;
    type Answer = Self;

    fn read(result: &Stanza) -> Result<Self, ParseError> {
        result.get()?.ok_or_else(|| ParseError::missing_child("iq", "query"))
    }
}

/// Registers, changes the password, and cancels; a service of the client extension.
#[derive(Debug)]
pub struct Registration {
    handle: Handle,
    account: Arc<OnceLock<BareJid>>,
}

impl Registration {
    /// Changes the password of the own account (§3.3). The new one counts from the next login on.
    ///
    /// # Errors
    /// [`RequestError`]; [`RequestError::NotSent`] before there was a session. With [`RequestError::Lost`] and [`RequestError::Timeout`] it
    /// may have been changed.
    pub async fn change_password(&self, password: &str) -> Result<(), RequestError> {
        let account = self.account()?;
        let username = account.local().unwrap_or_default();
        self.set(server(account)?, &Query::submit(username, password)).await
    }

    /// Cancels the own account (§3.2): all that is kept of it is lost. Servers end the session with the answer or in its place, so that
    /// [`RequestError::Lost`] may well be success.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn cancel_account(&self) -> Result<(), RequestError> {
        let server = server(self.account()?)?;
        self.set(server, &Query::remove()).await
    }

    /// What a service wants to know of who registers, and whether we are registered (§3.1.1). Where there is a form, that counts (§4).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn fields(&self, service: Jid) -> Result<Query, RequestError> {
        self.handle.request(Some(service), &Query::default()).await
    }

    /// Registers with a service, its fields filled out (§3.1.1).
    ///
    /// # Errors
    /// [`RequestError`]; `conflict` when the name is taken, `not-acceptable` when something is missing.
    pub async fn register(&self, service: Jid, fields: &Query) -> Result<(), RequestError> {
        self.set(service, fields).await
    }

    /// Registers with a service, its form filled out (§4).
    ///
    /// # Errors
    /// As [`register`](Self::register); [`RequestError::NotSent`] when what is filled out does not fit the form that was asked for.
    pub async fn submit(&self, service: Jid, form: &Form, submission: Form) -> Result<(), RequestError> {
        form.check(&submission).map_err(|error| RequestError::NotSent(error.into()))?;
        self.set(service, &Query { form: Some(submission), ..Query::default() }).await
    }

    /// Cancels the registration with a service (§3.2).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn cancel(&self, service: Jid) -> Result<(), RequestError> {
        self.set(service, &Query::remove()).await
    }

    fn account(&self) -> Result<&BareJid, RequestError> {
        let none = || StanzaError::not_acceptable().with_text("there was no session yet");
        self.account.get().ok_or_else(|| RequestError::NotSent(none()))
    }

    async fn set(&self, to: Jid, query: &Query) -> Result<(), RequestError> {
        self.handle.exchange(Stanza::iq(iq::Type::Set).with_to(to).with(query)).await.map(drop)
    }
}

fn server(account: &BareJid) -> Result<Jid, RequestError> {
    account.domain().parse().map_err(|_| RequestError::NotSent(StanzaError::jid_malformed()))
}

stonechat_extension::register!(client: Extension);
