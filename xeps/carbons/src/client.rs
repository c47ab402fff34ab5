//! The client's side: what the account's other sessions receive and send comes as [`Event::Copy`].
//!
//! A copy is believed only from the own account (§11), and only about a message that the account has received or sent; whatever
//! else looks like one is dropped. Extensions that follow conversations learn of copied messages as of those that come themselves.

use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Connected, Cx, Extension as ClientExtension, Handle, Inbound, Installer, Learned, React, RequestError,
    Senders, Take, Way,
};
use stonechat_extension::{HandlerError, InstallError, Manifest};
use stonechat_stanza::class::Direction;
use stonechat_stanza::delay::Delay;
use stonechat_stanza::forward::Forwarded;
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Kind, Payload, Stanza, iq};

use crate::{Disable, Enable, NS, Received, Sent};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether a new session asks for copies by itself.
    pub enable: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { enable: true }
    }
}

/// What is told about copies.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// From here on copies come.
    Enabled,
    /// No copies will come in this session.
    Failed(RequestError),
    /// Another session has received or sent a message.
    Copy {
        /// Which of the two.
        direction: Direction,
        /// The message as that session had it.
        message: Stanza,
        /// When, where the server says so.
        delay: Option<Delay>,
    },
}

/// The client extension; it provides [`Carbons`].
#[derive(Debug)]
pub struct Extension(Config);

impl ClientExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("carbons")
        .about("gets copies of what the account's other sessions receive and send")
        .xep(280, "1.0.1");
    const CONFIG: &'static str = "# Whether a new session asks for copies by itself.\nenable = true\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.feature(NS);
        client.provide(std::sync::Arc::new(Carbons(client.handle())))?;
        let carbons = client.share(Self(config));
        client.react::<Connected>(&carbons);
        client.take::<Received>(Senders::ACCOUNT, &carbons)?;
        client.take::<Sent>(Senders::ACCOUNT, &carbons)
    }
}

impl React<Connected> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if event.resumed || !self.0.enable {
            return Ok(());
        }
        let handle = cx.handle();
        cx.spawn(async move {
            let event = match ask(&handle, &Enable).await {
                Ok(()) => Event::Enabled,
                // The next session asks anew.
                Err(RequestError::Lost) => return,
                Err(error) => Event::Failed(error),
            };
            // Nobody listens to a client that is closed.
            let _closed = handle.emit(event).await;
        });
        Ok(())
    }
}

async fn ask(handle: &Handle, what: &impl Payload) -> Result<(), RequestError> {
    handle.exchange(Stanza::iq(iq::Type::Set).with(what)).await.map(drop)
}

impl Take<Received> for Extension {
    fn take(&self, cx: &mut Cx<'_>, _: &Inbound, received: Received) -> Result<(), HandlerError> {
        copy(cx, Direction::Received, received.forwarded);
        Ok(())
    }
}

impl Take<Sent> for Extension {
    fn take(&self, cx: &mut Cx<'_>, _: &Inbound, sent: Sent) -> Result<(), HandlerError> {
        copy(cx, Direction::Sent, sent.forwarded);
        Ok(())
    }
}

fn copy(cx: &mut Cx<'_>, direction: Direction, forwarded: Forwarded) {
    let Forwarded { delay, stanza: message } = forwarded;
    if !is_of(cx.account(), direction, &message) {
        tracing::warn!("a copy of what the account has neither received nor sent");
        return;
    }
    if !message.kind().is_error() && !cx.learn(Learned { message: message.clone(), way: Way::Copy }) {
        return;
    }
    cx.emit(Event::Copy { direction, message, delay });
}

/// Whether the account can have received or sent it.
fn is_of(account: &BareJid, direction: Direction, message: &Stanza) -> bool {
    let own = |jid: Option<stonechat_stanza::jid::JidRef<'_>>| {
        jid.is_some_and(|jid| jid.bare_str() == account.as_str())
    };
    let ours = match direction {
        Direction::Received => message.to().is_none() || own(message.to()),
        Direction::Sent => own(message.from()),
    };
    ours && matches!(message.kind(), Kind::Message(_)) && message.from().is_some()
}

/// Switches copies on and off; a service of the client extension.
#[derive(Debug)]
pub struct Carbons(Handle);

impl Carbons {
    /// Asks for copies, until this session ends (§4).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn enable(&self) -> Result<(), RequestError> {
        ask(&self.0, &Enable).await
    }

    /// Asks for no more copies (§5).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn disable(&self) -> Result<(), RequestError> {
        ask(&self.0, &Disable).await
    }
}

stonechat_extension::register!(client: Extension);
