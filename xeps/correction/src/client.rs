//! The client's side: it tells which messages are corrected, by whom they may be.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Authors, Cx, Extension as ClientExtension, Installer, Learned, Observe, Outbound, React, Way,
};
use stonechat_extension::{HandlerError, InstallError, Manifest};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Kind, Stanza, message, ns};

use crate::{NS, Replace};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Of how many messages it is remembered who has written them.
    pub remembered: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { remembered: 1000 }
    }
}

/// A message is corrected.
#[derive(Debug, Clone)]
pub struct Corrected {
    /// With whom the conversation is.
    pub peer: BareJid,
    /// Who corrects, the occupant in a room: has to be who has written the original.
    pub author: Jid,
    /// The id of the original.
    pub original: String,
    /// What takes its place. The application gets it as a message, too, when it comes live.
    pub message: Stanza,
    /// Whether the original is remembered, and by the same author.
    pub verified: bool,
    /// How it came.
    pub way: Way,
}

/// The client extension.
#[derive(Debug)]
pub struct Extension(Mutex<Authors>);

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("correction").about("tells which messages are corrected").xep(308, "1.2.1");
    const CONFIG: &'static str =
        "# Of how many messages it is remembered who has written them.\nremembered = 1000\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.feature(NS);
        let correction = client.share(Self(Mutex::new(Authors::new(config.remembered))));
        client.observe::<Outbound>(&correction);
        client.react::<Learned>(&correction);
        Ok(())
    }
}

fn is_text(stanza: &Stanza) -> bool {
    matches!(stanza.kind(), Kind::Message(kind) if kind != message::Type::Error)
        && stanza.has(ns::CLIENT, "body")
}

impl Observe<Outbound> for Extension {
    fn observe(&self, cx: &mut Cx<'_>, event: &Outbound) {
        let message = &event.stanza;
        // What is said in a room comes back from it, with the occupant's address.
        if !is_text(message) || message.kind() == Kind::Message(message::Type::Groupchat) {
            return;
        }
        if let (Some(to), Some(id)) = (message.to(), message.id()) {
            self.0.lock().learn(&to.to_bare(), id, cx.account().clone().into());
        }
    }
}

impl React<Learned> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Learned) -> Result<(), HandlerError> {
        let Some(peer) = event.peer(cx.account()) else { return Ok(()) };
        let author = event.author(cx.account());
        let mut authors = self.0.lock();
        let Ok(Some(Replace { id: original })) = event.message.get::<Replace>() else {
            if let (true, Some(id)) = (is_text(&event.message), event.message.id()) {
                authors.learn(&peer, id, author);
            }
            return Ok(());
        };
        let verified = match authors.is_by(&peer, &original, &author) {
            Some(false) => {
                tracing::debug!(%author, "a correction of somebody else's message");
                return Ok(());
            }
            known => known == Some(true),
        };
        let (message, way) = (event.message.clone(), event.way);
        cx.emit(Corrected { peer, author, original, message, verified, way });
        Ok(())
    }
}

stonechat_extension::register!(client: Extension);
