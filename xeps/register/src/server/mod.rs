//! The server's side.

mod config;
mod create;
mod limits;
mod names;
mod owner;
mod submission;
mod taken;

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{AccountCreated, AccountRemoved};
use stonechat_extension::{
    AccountError, Cx, HandlerError, InstallError, Installer, Manifest, On, Phase, React, ServerExtension,
};
use stonechat_stanza::{Element, StanzaError, iq};

use crate::{NS, STREAM_FEATURE};
pub use config::Config;
use create::{Ask, Create};
use limits::Limits;
use names::Names;
use owner::{Change, Show};
use taken::Taken;

/// The extension.
#[derive(Debug)]
pub struct Extension {
    config: Config,
    names: Names,
    limits: Limits,
    taken: Taken,
    turn: tokio::sync::Mutex<()>,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("register")
        .about("lets people change their password and, if allowed, register")
        .xep(77, "2.4");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        config.check().map_err(|problem| host.failed(problem))?;
        let (names, limits, taken) = (Names::new(&config), Limits::new(&config), Taken::new(&config, host)?);
        let open = config.allow_creation;
        let register = host.share(Self { config, names, limits, taken, turn: tokio::sync::Mutex::default() });
        host.feature(NS);
        host.react::<AccountCreated>(&register);
        host.react::<AccountRemoved>(&register);
        if open {
            host.stream_feature(Phase::BeforeAuth, Element::bare("register", STREAM_FEATURE));
            host.iq_before_auth(iq::Type::Get, &Arc::new(Ask(Arc::clone(&register))))?;
            host.iq_before_auth(iq::Type::Set, &Arc::new(Create(Arc::clone(&register))))?;
        }
        let own = On::HOST | On::OWN_ACCOUNT;
        host.iq_get_async(own, &Arc::new(Show))?;
        host.iq_set_async(own, &Arc::new(Change(register)))
    }
}

/// However an account comes to be, its name is taken.
#[async_trait]
impl React<AccountCreated> for Extension {
    async fn react(&self, _: &mut Cx<'_>, event: &AccountCreated) -> Result<(), HandlerError> {
        Ok(self.taken.created(&event.account).await?)
    }
}

#[async_trait]
impl React<AccountRemoved> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &AccountRemoved) -> Result<(), HandlerError> {
        Ok(self.taken.removed(&event.account, cx.now()).await?)
    }
}

/// What the asker is told of something that could not be done with an account.
fn refusal(cx: &Cx<'_>, error: AccountError) -> StanzaError {
    match error {
        AccountError::Exists => StanzaError::conflict(),
        AccountError::Unknown => StanzaError::registration_required(),
        AccountError::NotAcceptable(why) => StanzaError::not_acceptable().with_text(why),
        error => {
            tracing::error!(host = cx.domain(), %error, "an account could not be read or changed");
            StanzaError::internal_server_error()
        }
    }
}

stonechat_extension::register!(server: Extension);
