//! What is to become of a message: whether it is archived, copied, stored, pushed, or may wait.
//!
//! Messages without a body are as common as those with one: receipts, states, markers, reactions, calls. Every extension that keeps
//! or passes on messages has to tell those that matter from those of the moment, and all have to agree, or what one of them stores
//! would never be told by another. So there is one function, [`Class::of`], and everything else is asked of what it gives.
//!
//! | found in the message | archived | stored offline | pushed | may wait |
//! |---|---|---|---|---|
//! | text; a file or link (XEP-0066, 0447); something encrypted (XEP-0384, 0373, 0027, 0380) | yes | yes | important | no |
//! | an invitation to a room (XEP-0045, 0249) or to a call (XEP-0353, 0482) | yes | yes | important | no |
//! | how a call goes on (XEP-0353, 0482) | yes | yes | quietly | no |
//! | a subject alone | yes | yes | quietly | no |
//! | a correction (XEP-0308), reaction (XEP-0444), retraction or moderation (XEP-0424, 0425, 0422), whatever else is there | yes | yes | quietly | yes |
//! | keys without content (XEP-0384) | yes | yes | quietly | yes |
//! | a receipt (XEP-0184), a marker (XEP-0333) | yes | yes | no | yes |
//! | what nobody here has heard of; what a room says to one of its people | no | yes | quietly | no |
//! | an event of a pubsub node (XEP-0060, 0163) | no | yes | no | yes |
//! | an empty body | no | yes | no | yes |
//! | chat states (XEP-0085), message events (XEP-0022), text while it is typed (XEP-0301) | no | no | no | yes |
//! | nothing but words about the message: hints, ids, delays, a thread, a request for a receipt, fallbacks, what it answers | no | no | no | yes |
//!
//! The line that is highest counts, except that a correction, a reaction or a retraction is quiet although it has a text for those who
//! do not know it. The type counts before the table, and the hints of XEP-0334 before what was found; each question says how.
//!
//! ```
//! use stonechat_stanza::Stanza;
//! use stonechat_stanza::class::{Class, Push};
//!
//! let message = Stanza::parse(b"<message type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>")?;
//! let class = Class::of(&message);
//! assert!(class.is_archived() && class.is_stored() && class.may_wait());
//! assert_eq!(class.push(), Push::No);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod content;
#[cfg(test)]
mod tests;

use crate::{Kind, Stanza, message};
use content::Content;

/// Whether a message that reaches nobody wakes the account's phones (XEP-0357).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Push {
    /// Not at all.
    No,
    /// It should be fetched, but is nothing to show or to ring for.
    Quiet,
    /// Somebody wants to know it now.
    Important,
}

/// Which way a message goes, seen from one of the two accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To the account.
    Received,
    /// From one of the account's sessions to somebody else.
    Sent,
}

/// What is known of a message after one look at each of its children. Two words, no allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// `None` for presence and iq, to which nothing here applies.
    kind: Option<message::Type>,
    found: Content,
    from_full: bool,
    to_full: bool,
}

impl Class {
    /// Looks at a stanza. Nothing is true of one that is no message.
    #[must_use]
    pub fn of(stanza: &Stanza) -> Self {
        let (kind, found) = match stanza.kind() {
            Kind::Message(kind) => (Some(kind), Content::of(stanza)),
            _ => (None, Content::default()),
        };
        Self {
            kind,
            found,
            from_full: stanza.from().is_some_and(|from| from.is_full()),
            to_full: stanza.to().is_some_and(|to| to.is_full()),
        }
    }

    /// Whether it belongs into the archives of the two accounts (XEP-0313 §6.1.1): of type `chat` or `normal`, and something a person or
    /// their clients will ask for later.
    ///
    /// `<no-store/>` and `<no-permanent-store/>` forbid it, `<store/>` asks for it (XEP-0334 §4).
    #[must_use]
    pub fn is_archived(&self) -> bool {
        self.is_personal()
            && !self.found.any(Content::NO_STORE | Content::NO_PERMANENT_STORE)
            && self.found.any(Content::RECORD | Content::STORE)
    }

    /// Whether it belongs into the archive of a room that it was sent to (XEP-0313 §6.1.2): `groupchat` that says, changes or marks
    /// something, the subject among it. Hints count as in [`is_archived`](Self::is_archived).
    #[must_use]
    pub fn is_archived_by_room(&self) -> bool {
        self.kind == Some(message::Type::Groupchat)
            && !self.found.any(Content::NO_STORE | Content::NO_PERMANENT_STORE)
            && self.found.any(Content::RECORD | Content::STORE)
    }

    /// Whether its type is one that is stored for an account that nobody is there for: `chat` or `normal` (XEP-0160 §3).
    #[must_use]
    pub fn is_personal(&self) -> bool {
        matches!(self.kind, Some(message::Type::Chat | message::Type::Normal))
    }

    /// Whether it asks not to be stored, not even until somebody is there (XEP-0334 §4.2). An error does not ask (§5).
    #[must_use]
    pub fn forbids_storing(&self) -> bool {
        self.found.any(Content::NO_STORE)
    }

    /// Whether it is stored for an account that nobody is there for (XEP-0160 §3). What nobody has heard of is: everything is stored
    /// that is not known to be of the moment, or new kinds of messages without a body would vanish.
    ///
    /// The type counts before the hints, as RFC 6121 §8.5.2.2.1 leaves no choice about it; `<no-store/>` before `<store/>`, and that
    /// before the payload. `<no-permanent-store/>` is about archives (XEP-0334 §4.1).
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.is_personal() && !self.forbids_storing() && self.found.any(Content::LASTING | Content::STORE)
    }

    /// Whether it wakes phones. Of `headline`s and errors none does.
    #[must_use]
    pub fn push(&self) -> Push {
        if !self.is_personal() && self.kind != Some(message::Type::Groupchat) {
            return Push::No;
        }
        match () {
            () if self.is_important() => Push::Important,
            () if self.found.any(Content::QUIET) => Push::Quiet,
            () => Push::No,
        }
    }

    /// Whether it may be held back while the client is inactive (XEP-0352), as nobody misses it. All `headline`s may, errors may not.
    /// A wrapper of a copied message (XEP-0280) may not: what is in it has a class of its own.
    #[must_use]
    pub fn may_wait(&self) -> bool {
        match self.kind {
            None | Some(message::Type::Error) => false,
            Some(message::Type::Headline) => !self.found.any(Content::CALL | Content::CALLING),
            Some(_) => !self.is_important() && !self.found.any(Content::URGENT),
        }
    }

    /// Whether it is copied to the other sessions of the account (XEP-0280 §6.1). `answers_copied` is asked about errors only: whether
    /// the one at hand answers a message that was to be copied.
    ///
    /// Never copied are messages with `<private/>` (§6.1) or the hint `<no-copy/>` (§9, XEP-0334 §4.3), group chat, private messages that
    /// a room has sent to each of the account's sessions in it, and wrappers: those that the server makes are no messages of anybody,
    /// and a forged one is not spread.
    #[must_use]
    pub fn is_copied(&self, direction: Direction, answers_copied: impl FnOnce() -> bool) -> bool {
        let found = self.found;
        let Some(kind) = self.kind else { return false };
        if kind == message::Type::Groupchat || found.any(Content::PRIVATE | Content::WRAPPER) {
            return false;
        }
        if kind == message::Type::Error {
            // Payloads of an error may be those of the original (XEP-0334 §5).
            return answers_copied();
        }
        if found.any(Content::NO_COPY) {
            return false;
        }
        if found.any(Content::ROOM) && !found.any(Content::ROOM_INVITATION) {
            match direction {
                // "received from a full JID"; one to a room's own bare JID would have been sent to its owner.
                Direction::Received if self.from_full => return false,
                Direction::Sent if self.to_full => return true,
                Direction::Received | Direction::Sent => {}
            }
        }
        kind == message::Type::Chat
            || (kind == message::Type::Normal && found.any(Content::BODY))
            || found.any(Content::MESSAGING | Content::INVITATION | Content::ROOM_INVITATION)
    }

    fn is_important(&self) -> bool {
        self.found.any(Content::TOLD) && !self.found.any(Content::CHANGE)
    }
}
