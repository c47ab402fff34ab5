//! The client's side: it tells who reacts.

use stonechat_extension::client::{Cx, Extension as ClientExtension, Installer, Learned, React, Way};
use stonechat_extension::{HandlerError, InstallError, Manifest, NoConfig};
use stonechat_stanza::delay::Delay;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::time::DateTime;

use crate::{NS, Reactions};

/// Somebody has reacted to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reacted {
    /// With whom the conversation is that has the message.
    pub peer: BareJid,
    /// Who reacts: their earlier reactions to the message are replaced, and nobody else's (§4.2).
    pub by: Jid,
    /// To what, and how.
    pub reactions: Reactions,
    /// When, where it came late: it does not count if a newer one of theirs does (§4.2).
    pub delayed: Option<DateTime>,
    /// How it came.
    pub way: Way,
}

/// The client extension.
#[derive(Debug)]
pub struct Extension;

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("reactions").about("tells who reacts to messages").xep(444, "0.2.1");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.feature(NS);
        let reactions = client.share(Self);
        client.react::<Learned>(&reactions);
        Ok(())
    }
}

impl React<Learned> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Learned) -> Result<(), HandlerError> {
        let Some(peer) = event.peer(cx.account()) else { return Ok(()) };
        let mut all = event.message.children().filter(|child| child.is(NS, "reactions"));
        // §4.1: one that breaks the rules, or is there twice, says nothing.
        if let (Some(Ok(reactions)), None) = (all.next().map(|one| one.parse::<Reactions>()), all.next()) {
            let delayed = event.message.get::<Delay>().ok().flatten().map(|delay| delay.stamp);
            let by = event.author(cx.account());
            cx.emit(Reacted { peer, by, reactions, delayed, way: event.way });
        }
        Ok(())
    }
}

stonechat_extension::register!(client: Extension);
