//! What is in a message.

use std::ops::BitOr;

use memchr::memmem;

use crate::{Child, Stanza, ns};

/// A set of things that were found in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Content(u32);

impl BitOr for Content {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Content {
    /// `<body/>`, even an empty one.
    pub(super) const BODY: Self = Self(1);
    /// A body with text in it.
    const TEXT: Self = Self(1 << 1);
    const SUBJECT: Self = Self(1 << 2);
    /// Something encrypted.
    const ENCRYPTED: Self = Self(1 << 3);
    /// Keys for what is encrypted later.
    const KEYS: Self = Self(1 << 4);
    /// A link or a file.
    const ATTACHED: Self = Self(1 << 5);
    /// Changes an earlier message.
    pub(super) const CHANGE: Self = Self(1 << 6);
    /// A receipt or a marker.
    const RECEIPT: Self = Self(1 << 7);
    /// Anything in the namespaces of receipts, chat states and markers.
    pub(super) const MESSAGING: Self = Self(1 << 8);
    /// A direct invitation to a room.
    pub(super) const INVITATION: Self = Self(1 << 9);
    /// An invitation by way of the room.
    pub(super) const ROOM_INVITATION: Self = Self(1 << 10);
    /// Has to do with a room in another way.
    pub(super) const ROOM: Self = Self(1 << 11);
    /// An invitation to a call.
    pub(super) const CALLING: Self = Self(1 << 12);
    /// Anything else about a call.
    pub(super) const CALL: Self = Self(1 << 13);
    /// An event of a node.
    const EVENT: Self = Self(1 << 14);
    /// What is not known here.
    const UNKNOWN: Self = Self(1 << 15);
    /// A message that was copied.
    pub(super) const WRAPPER: Self = Self(1 << 16);
    /// Not to be copied, in the words of XEP-0280.
    pub(super) const PRIVATE: Self = Self(1 << 17);
    pub(super) const NO_COPY: Self = Self(1 << 18);
    pub(super) const NO_STORE: Self = Self(1 << 19);
    pub(super) const NO_PERMANENT_STORE: Self = Self(1 << 20);
    pub(super) const STORE: Self = Self(1 << 21);

    /// Told to a person, now.
    pub(super) const TOLD: Self = Self(
        Self::TEXT.0
            | Self::ENCRYPTED.0
            | Self::ATTACHED.0
            | Self::INVITATION.0
            | Self::ROOM_INVITATION.0
            | Self::CALLING.0,
    );
    /// Worth fetching, if nothing that is told is there.
    pub(super) const QUIET: Self =
        Self(Self::CHANGE.0 | Self::KEYS.0 | Self::CALL.0 | Self::SUBJECT.0 | Self::ROOM.0 | Self::UNKNOWN.0);
    /// Of no use when it comes late, or perhaps so.
    pub(super) const URGENT: Self = Self(
        Self::CALL.0 | Self::CALLING.0 | Self::SUBJECT.0 | Self::ROOM.0 | Self::UNKNOWN.0 | Self::WRAPPER.0,
    );
    /// Worth keeping for good.
    pub(super) const RECORD: Self =
        Self(Self::TOLD.0 | Self::KEYS.0 | Self::CHANGE.0 | Self::RECEIPT.0 | Self::CALL.0 | Self::SUBJECT.0);
    /// Worth keeping until somebody is there.
    pub(super) const LASTING: Self =
        Self(Self::RECORD.0 | Self::BODY.0 | Self::ROOM.0 | Self::EVENT.0 | Self::UNKNOWN.0);
    const HINTS: Self = Self(Self::NO_COPY.0 | Self::NO_STORE.0 | Self::NO_PERMANENT_STORE.0 | Self::STORE.0);

    pub(super) fn of(message: &Stanza) -> Self {
        let found = message.children().fold(Self::default(), |found, child| found | Self::in_child(&child));
        // Those of an error may be the original's (XEP-0334 §5).
        if message.kind().is_error() { Self(found.0 & !Self::HINTS.0) } else { found }
    }

    pub(super) const fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    fn in_child(child: &Child<'_>) -> Self {
        let name = child.name();
        match child.ns() {
            ns::CLIENT => match name {
                "body" if is_empty(child.bytes()) => Self::BODY,
                "body" => Self::BODY | Self::TEXT,
                "subject" => Self::SUBJECT,
                "thread" => Self::default(),
                _ => Self::UNKNOWN,
            },
            ns::HINTS => match name {
                "store" => Self::STORE,
                "no-store" => Self::NO_STORE,
                "no-permanent-store" => Self::NO_PERMANENT_STORE,
                "no-copy" => Self::NO_COPY,
                _ => Self::default(),
            },
            ns::CHATSTATES => Self::MESSAGING,
            ns::RECEIPTS if name == "request" => Self::MESSAGING,
            ns::MARKERS if name == "markable" => Self::MESSAGING,
            ns::RECEIPTS | ns::MARKERS => Self::MESSAGING | Self::RECEIPT,
            ns::CARBONS => match name {
                "private" => Self::PRIVATE,
                "received" | "sent" => Self::WRAPPER,
                _ => Self::default(),
            },
            // About the message, or of the moment.
            ns::SID | ns::DELAY | "urn:xmpp:fallback:0" | "urn:xmpp:reply:0" => Self::default(),
            "jabber:x:event" | "urn:xmpp:rtt:0" => Self::default(),
            // OMEMO without a payload transports keys (XEP-0384 §5.5).
            "eu.siacs.conversations.axolotl" | "urn:xmpp:omemo:1" | "urn:xmpp:omemo:2" => {
                if mentions(child, b"payload") { Self::ENCRYPTED } else { Self::KEYS }
            }
            "urn:xmpp:eme:0" | "urn:xmpp:openpgp:0" | "jabber:x:encrypted" => Self::ENCRYPTED,
            "jabber:x:oob" | "urn:xmpp:sfs:0" => Self::ATTACHED,
            "urn:xmpp:message-correct:0"
            | "urn:xmpp:reactions:0"
            | "urn:xmpp:message-retract:0"
            | "urn:xmpp:message-retract:1"
            | "urn:xmpp:message-moderate:0"
            | "urn:xmpp:message-moderate:1"
            | "urn:xmpp:fasten:0" => Self::CHANGE,
            "jabber:x:conference" if name == "x" => Self::INVITATION,
            ns::MUC_USER if name == "x" => {
                // The names of all children are looked for only in what may have the one.
                if mentions(child, b"invite") && invites(child) { Self::ROOM_INVITATION } else { Self::ROOM }
            }
            "urn:xmpp:jingle-message:0" => if_first(name, "propose"),
            "urn:xmpp:call-invites:0" => if_first(name, "invite"),
            "http://jabber.org/protocol/pubsub#event" => Self::EVENT,
            _ => Self::UNKNOWN,
        }
    }
}

fn if_first(name: &str, first: &str) -> Content {
    if name == first { Content::CALLING } else { Content::CALL }
}

/// Whether a body has nothing in it.
fn is_empty(body: &[u8]) -> bool {
    body.ends_with(b"/>") || body.ends_with(b"></body>")
}

/// Whether the word is in the element, as a name or otherwise.
fn mentions(child: &Child<'_>, word: &[u8]) -> bool {
    memmem::find(child.bytes(), word).is_some()
}

fn invites(child: &Child<'_>) -> bool {
    child.element().is_ok_and(|x| x.has_child("invite", ns::MUC_USER))
}
