//! The client's side.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Add, Closed, Connected, Cx, Extension as ClientExtension, Handle, Installer, Learned, Outbound, React,
};
use stonechat_extension::{HandlerError, InstallError, Manifest};
use stonechat_stanza::hints::Store;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::message::Type;
use stonechat_stanza::sid::StanzaId;
use stonechat_stanza::{Element, Kind, Payload as _, Stanza, ns};
use stonechat_xep_roster::client::{Audience, Roster};

use crate::{Displayed, Markable, NS};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether our messages ask for markers.
    pub request: bool,
    /// Who gets markers: they tell what we read, and that we are there (§8). Those in rooms go to all of the room, unless it is nobody.
    pub answer: Audience,
}

impl Default for Config {
    fn default() -> Self {
        Self { request: true, answer: Audience::Contacts }
    }
}

/// A conversation was read up to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// With whom the conversation is.
    pub peer: BareJid,
    /// Who has read it: the peer, an occupant of the room, or the own account on another device.
    pub by: Jid,
    /// The id of the message.
    pub id: String,
}

#[derive(Debug)]
struct Shared {
    config: Config,
    account: OnceLock<BareJid>,
    roster: OnceLock<Arc<Roster>>,
}

/// The client extension; it provides [`Markers`].
#[derive(Debug)]
pub struct Extension(Arc<Shared>);

impl ClientExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("markers")
        .about("asks for, gives and tells markers of what was read")
        .xep(333, "1.0.0");
    const CONFIG: &'static str = "# Whether our messages ask for markers.\n\
        request = true\n\
        # Who gets markers, which tell what we read: nobody, contacts (who may see our presence), everyone.\n\
        answer = \"contacts\"\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.feature(NS);
        let shared = Arc::new(Shared { config, account: OnceLock::new(), roster: OnceLock::new() });
        client.provide(Arc::new(Markers { handle: client.handle(), shared: Arc::clone(&shared) }))?;
        let markers = client.share(Self(shared));
        client.add(&markers);
        client.react::<Connected>(&markers);
        client.react::<Learned>(&markers);
        Ok(())
    }
}

impl Add for Extension {
    /// §4.1; a marker never asks for one.
    fn add(&self, _: &Cx<'_>, event: &Outbound) -> Vec<Element> {
        let message = &event.stanza;
        let is_content = matches!(message.kind(), Kind::Message(Type::Chat | Type::Normal | Type::Groupchat))
            && message.has(ns::CLIENT, "body");
        let asks = self.0.config.request && is_content && !message.children().any(|child| child.ns() == NS);
        asks.then(|| Markable.to_element()).into_iter().collect()
    }
}

impl React<Connected> for Extension {
    /// Whom the service needs is known from here on.
    fn react(&self, cx: &mut Cx<'_>, _: &Connected) -> Result<(), HandlerError> {
        self.0.account.get_or_init(|| cx.account().clone());
        if let Some(roster) = cx.service::<Roster>() {
            self.0.roster.get_or_init(|| roster);
        }
        Ok(())
    }
}

impl React<Learned> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Learned) -> Result<(), HandlerError> {
        if let (Ok(Some(Displayed { id })), Some(peer)) =
            (event.message.get::<Displayed>(), event.peer(cx.account()))
        {
            let by = event.author(cx.account());
            cx.emit(Read { peer, by, id });
        }
        Ok(())
    }
}

/// Tells what was read; a service of the client extension.
#[derive(Debug)]
pub struct Markers {
    handle: Handle,
    shared: Arc<Shared>,
}

impl Markers {
    /// Tells that all up to this message was displayed, if that is to be told: the message asks, is somebody else's (§6), can be referred
    /// to, and its author is of the audience. Says whether it was told. To be called for the last message alone when several were
    /// displayed (§4.2). Cancel safe.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn displayed(&self, message: &Stanza) -> Result<bool, Closed> {
        let Some(marker) = self.shared.marker(message) else { return Ok(false) };
        self.handle.send(marker).await?;
        Ok(true)
    }
}

impl Shared {
    fn marker(&self, message: &Stanza) -> Option<Stanza> {
        let from = message.from()?;
        let bare = from.to_bare();
        let account = self.account.get()?;
        if bare == *account || !message.has(NS, Markable::NAME) {
            return None;
        }
        let (kind, to, id) = match message.kind() {
            Kind::Message(Type::Groupchat) if self.config.answer != Audience::Nobody => {
                // §5: the room's id and no other.
                let ids = message.children().filter_map(|child| child.parse::<StanzaId>().ok());
                let id = ids.into_iter().find(|id| id.by.as_str() == bare.as_str())?.id;
                (Type::Groupchat, bare.into(), id)
            }
            Kind::Message(kind @ (Type::Chat | Type::Normal)) => {
                let allowed = self.config.answer.has(&bare, self.roster.get().map(Arc::as_ref));
                (kind, allowed.then(|| from.to_jid())?, message.id()?.to_owned())
            }
            _ => return None,
        };
        Some(Stanza::message(kind).with_to(to).with(&Displayed { id }).with(&Store))
    }
}

stonechat_extension::register!(client: Extension);
