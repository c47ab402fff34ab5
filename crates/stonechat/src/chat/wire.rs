//! What a message of a conversation carries: receipts (XEP-0184) and chat states (XEP-0085).

use stonechat_jid::{BareJid, Jid};
use stonechat_stanza::delay::Delay;
use stonechat_stanza::sid::StanzaId;
use stonechat_stanza::{Element, Kind, Stanza, message, payload};

use crate::stanzas;

const CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";

payload! {
    /// Asks for a receipt (XEP-0184 §5.3).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) struct Request: "urn:xmpp:receipts", "request";
}

payload! {
    /// A receipt (XEP-0184 §5.4).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) struct Received: "urn:xmpp:receipts", "received" {
        /// The id of the message.
        pub(crate) id: String => required("id"),
    }
}

/// What somebody does in a conversation (XEP-0085 §2), as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChatState {
    Active,
    Composing,
    Paused,
    Other,
}

impl ChatState {
    fn of(stanza: &Stanza) -> Option<Self> {
        let states = [("active", Self::Active), ("composing", Self::Composing), ("paused", Self::Paused)];
        let others = [("inactive", Self::Other), ("gone", Self::Other)];
        let found = states.into_iter().chain(others).find(|(name, _)| stanza.has(CHAT_STATES, name));
        found.map(|(_, state)| state)
    }

    fn element(self) -> Element {
        let name = match self {
            Self::Active => "active",
            Self::Composing => "composing",
            Self::Paused => "paused",
            Self::Other => "inactive",
        };
        Element::bare(name, CHAT_STATES)
    }
}

/// A message of a conversation with what is asked for with each: a receipt.
pub(crate) fn chat(to: &BareJid, id: &str, body: &str) -> Stanza {
    stanzas::chat(to, id, body).with(&Request).with_element(&ChatState::Active.element())
}

/// A chat state on its own (XEP-0085 §5.2).
pub(crate) fn state(to: &BareJid, state: ChatState) -> Stanza {
    Stanza::message(message::Type::Chat).with_to(Jid::from(to)).with_element(&state.element())
}

/// A receipt for a message.
pub(crate) fn receipt(to: impl Into<Jid>, kind: message::Type, id: &str) -> Stanza {
    Stanza::message(kind).with_to(to).with(&Received { id: id.to_owned() })
}

/// A message as a conversation sees it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) body: Option<String>,
    pub(crate) state: Option<ChatState>,
    pub(crate) wants_receipt: bool,
    pub(crate) receipt_for: Option<String>,
    pub(crate) archive_id: Option<String>,
    pub(crate) delay: Option<Delay>,
}

impl Seen {
    /// Reads a message; what is not valid in it is as if it were not there. `None` for what belongs to no conversation of two.
    pub(crate) fn of(stanza: &Stanza, account: &BareJid) -> Option<Self> {
        let Kind::Message(message::Type::Chat | message::Type::Normal) = stanza.kind() else { return None };
        let id: Option<StanzaId> = stanza.get().ok().flatten();
        Some(Self {
            body: stanzas::text(stanza, "body"),
            state: ChatState::of(stanza),
            wants_receipt: stanza.get::<Request>().is_ok_and(|request| request.is_some()),
            receipt_for: stanza.get::<Received>().ok().flatten().map(|received| received.id),
            // XEP-0359 §6: of the own archive only.
            archive_id: id.filter(|id| id.by.as_str() == account.as_str()).map(|id| id.id),
            delay: stanza.get().ok().flatten(),
        })
    }
}
