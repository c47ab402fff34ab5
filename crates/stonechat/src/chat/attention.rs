//! Whether the person at the terminal looks.
//!
//! Terminals that can say so say when they get and lose the focus; with others there are only the keys. The server is told (XEP-0352), so
//! that what can wait waits while nobody looks. It has nothing to do with presence.

use jiff::{SignedDuration, Timestamp};

use super::event::Effect;
use super::model::Model;

/// Who comes back before that was not away.
const GLANCE: SignedDuration = SignedDuration::from_secs(30);
/// Who presses no key for so long does not look.
const IDLE: SignedDuration = SignedDuration::from_mins(10);

/// What is known of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attention {
    looks: bool,
    /// Since when somebody else has the focus.
    unfocused: Option<Timestamp>,
    /// When something was done last.
    last: Timestamp,
}

impl Attention {
    /// Who has just started the program looks.
    pub(super) fn at(now: Timestamp) -> Self {
        Self { looks: true, unfocused: None, last: now }
    }

    /// Whether what is on the screen may be seen: nobody else has the focus, as far as the terminal says so.
    pub(super) fn has_focus(&self) -> bool {
        self.unfocused.is_none()
    }

    fn away(&self, now: Timestamp) -> bool {
        let focused_elsewhere = self.unfocused.is_some_and(|since| now.duration_since(since) >= GLANCE);
        focused_elsewhere || now.duration_since(self.last) >= IDLE
    }

    /// Whether it looks now, where that has changed.
    fn change(&mut self, now: Timestamp) -> Option<bool> {
        let looks = !self.away(now);
        (std::mem::replace(&mut self.looks, looks) != looks).then_some(looks)
    }
}

impl Model {
    /// A key was pressed. What came while somebody else had the focus is read only now.
    pub(super) fn acted(&mut self) -> Vec<Effect> {
        self.attention.last = self.now;
        let had_focus = self.attention.unfocused.take().is_none();
        let mut effects = self.look();
        if !had_focus {
            effects.extend(self.read());
        }
        effects
    }

    /// The terminal has got the focus, or lost it.
    pub(super) fn focus(&mut self, focused: bool) -> Vec<Effect> {
        if focused {
            return self.acted();
        }
        self.attention.unfocused.get_or_insert(self.now);
        Vec::new()
    }

    /// Tells the server whether the person looks, if that has changed.
    pub(super) fn look(&mut self) -> Vec<Effect> {
        self.attention.change(self.now).map(Effect::Active).into_iter().collect()
    }
}
