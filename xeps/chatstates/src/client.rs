//! The client's side.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Add, Closed, Connected, Cx, Extension as ClientExtension, Handle, Installer, Learned, Outbound, React,
    Way,
};
use stonechat_extension::{HandlerError, InstallError, Manifest};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::message::Type;
use stonechat_stanza::{Element, Kind, Stanza, ns};

use crate::{NS, State};

/// Of so many conversations it is remembered what was told.
const MOST_PEERS: usize = 1000;

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether we tell what we do (§5.2, §8).
    pub send: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { send: true }
    }
}

/// Somebody tells what they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who: a session of the peer, or an occupant of a room.
    pub from: Jid,
    /// What they do.
    pub state: State,
}

/// What is known of a conversation.
#[derive(Debug, Default, Clone, Copy)]
struct Talk {
    /// Whether the peer knows chat states; `None` while it has not replied.
    knows: Option<bool>,
    /// What we told last.
    told: Option<State>,
}

#[derive(Debug)]
struct Talks {
    send: bool,
    known: Mutex<HashMap<BareJid, Talk>>,
}

impl Talks {
    fn with<T>(&self, peer: &BareJid, then: impl FnOnce(&mut Talk) -> T) -> T {
        let mut known = self.known.lock();
        if known.len() >= MOST_PEERS && !known.contains_key(peer) {
            // Whichever it is: it is learned again with the peer's next message.
            if let Some(other) = known.keys().next().cloned() {
                known.remove(&other);
            }
        }
        then(known.entry(peer.clone()).or_default())
    }
}

/// The client extension; it provides [`ChatStates`].
#[derive(Debug)]
pub struct Extension(Arc<Talks>);

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("chatstates").about("tells who is typing, and that we are").xep(85, "2.1");
    const CONFIG: &'static str = "# Whether we tell what we do.\nsend = true\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.feature(NS);
        let talks = Arc::new(Talks { send: config.send, known: Mutex::default() });
        client.provide(Arc::new(ChatStates { handle: client.handle(), talks: Arc::clone(&talks) }))?;
        let states = client.share(Self(talks));
        client.add(&states);
        client.react::<Learned>(&states);
        client.react::<Connected>(&states);
        Ok(())
    }
}

impl Add for Extension {
    /// §5.1: a message with content says that we take part, unless the peer has replied without any state.
    fn add(&self, _: &Cx<'_>, event: &Outbound) -> Vec<Element> {
        let message = &event.stanza;
        let Some(peer) = message.to().map(|to| to.to_bare()) else { return Vec::new() };
        if !self.0.send || !is_chat(message) || message.children().any(|child| child.ns() == NS) {
            return Vec::new();
        }
        let tells = self.0.with(&peer, |talk| {
            talk.told = Some(State::Active);
            talk.knows != Some(false)
        });
        tells.then(|| State::Active.to_element()).into_iter().collect()
    }
}

/// Whether it is content of a conversation of two.
fn is_chat(message: &Stanza) -> bool {
    message.kind() == Kind::Message(Type::Chat) && message.has(ns::CLIENT, "body")
}

impl React<Learned> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Learned) -> Result<(), HandlerError> {
        let message = &event.message;
        // What somebody did a while ago is of no interest.
        if event.way != Way::Live || event.is_own(cx.account()) || message.has(ns::DELAY, "delay") {
            return Ok(());
        }
        let (Some(from), Some(peer)) = (message.from(), event.peer(cx.account())) else { return Ok(()) };
        let state = State::of(message);
        if message.kind() == Kind::Message(Type::Chat) && (state.is_some() || is_chat(message)) {
            self.0.with(&peer, |talk| talk.knows = Some(state.is_some()));
        }
        if let Some(state) = state {
            cx.emit(Event { from: from.to_jid(), state });
        }
        Ok(())
    }
}

impl React<Connected> for Extension {
    /// A new session has told nothing.
    fn react(&self, _: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if !event.resumed {
            self.0.known.lock().clear();
        }
        Ok(())
    }
}

/// Tells peers what we do; a service of the client extension.
#[derive(Debug)]
pub struct ChatStates {
    handle: Handle,
    talks: Arc<Talks>,
}

impl ChatStates {
    /// Tells `peer` what we do in the conversation with them, if it is to be told: not when the peer has not shown to know chat states,
    /// not twice in a row, not when the configuration says so. Says whether it was told. Cancel safe, but what was not sent counts as told.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn set(&self, peer: &BareJid, state: State) -> Result<bool, Closed> {
        let tells = self.talks.send
            && self
                .talks
                .with(peer, |talk| talk.knows == Some(true) && talk.told.replace(state) != Some(state));
        if tells {
            let mut message = Stanza::message(Type::Chat).with_to(peer.clone());
            state.put(&mut message);
            self.handle.send(message).await?;
        }
        Ok(tells)
    }
}

stonechat_extension::register!(client: Extension);
