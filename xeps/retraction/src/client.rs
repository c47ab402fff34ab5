//! The client's side: it tells which messages are taken back, by whom they may be.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Authors, Cx, Extension as ClientExtension, Installer, Learned, Observe, Outbound, React, Way,
};
use stonechat_extension::{HandlerError, InstallError, Manifest};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::sid::{OriginId, StanzaId};
use stonechat_stanza::{Kind, Stanza, message};

use crate::{RETRACT, RETRACT_0, Retraction};

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

/// A message is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retracted {
    /// With whom the conversation is.
    pub peer: BareJid,
    /// Who takes it back, the occupant in a room: has to be who has written the message.
    pub author: Jid,
    /// The id of the message, or of the older version its origin id; in a room the one that the room has given.
    pub id: String,
    /// Whether the message is remembered, and by the same author.
    pub verified: bool,
    /// How it came.
    pub way: Way,
}

/// The client extension.
#[derive(Debug)]
pub struct Extension(Mutex<Authors>);

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("retraction").about("tells which messages are taken back").xep(424, "0.4.2");
    const CONFIG: &'static str =
        "# Of how many messages it is remembered who has written them.\nremembered = 1000\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.feature(RETRACT);
        client.feature(RETRACT_0);
        let retraction = client.share(Self(Mutex::new(Authors::new(config.remembered))));
        client.observe::<Outbound>(&retraction);
        client.react::<Learned>(&retraction);
        Ok(())
    }
}

/// By what a message may be named: in a room by the room's id alone.
fn ids(message: &Stanza, peer: &BareJid) -> Vec<String> {
    if message.kind() == Kind::Message(message::Type::Groupchat) {
        let ids = message.children().filter_map(|child| child.parse::<StanzaId>().ok());
        return ids.filter(|id| id.by.as_str() == peer.as_str()).map(|id| id.id).collect();
    }
    let origin = message.get::<OriginId>().ok().flatten().map(|origin| origin.id);
    let mut ids: Vec<_> = message.id().map(str::to_owned).into_iter().chain(origin).collect();
    ids.dedup();
    ids
}

impl Observe<Outbound> for Extension {
    fn observe(&self, cx: &mut Cx<'_>, event: &Outbound) {
        let (Kind::Message(_), Some(to)) = (event.stanza.kind(), event.stanza.to()) else { return };
        // What is said in a room has its id when it comes back.
        let peer = to.to_bare();
        if event.stanza.kind() != Kind::Message(message::Type::Groupchat) {
            for id in ids(&event.stanza, &peer) {
                self.0.lock().learn(&peer, &id, cx.account().clone().into());
            }
        }
    }
}

impl React<Learned> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Learned) -> Result<(), HandlerError> {
        let Some(peer) = event.peer(cx.account()) else { return Ok(()) };
        let author = event.author(cx.account());
        let mut authors = self.0.lock();
        let Some(retraction) = Retraction::of(&event.message) else {
            for id in ids(&event.message, &peer) {
                authors.learn(&peer, &id, author.clone());
            }
            return Ok(());
        };
        let id = retraction.id().to_owned();
        let verified = match authors.is_by(&peer, &id, &author) {
            Some(false) => {
                tracing::debug!(%author, "a retraction of somebody else's message");
                return Ok(());
            }
            known => known == Some(true),
        };
        cx.emit(Retracted { peer, author, id, verified, way: event.way });
        Ok(())
    }
}

stonechat_extension::register!(client: Extension);
