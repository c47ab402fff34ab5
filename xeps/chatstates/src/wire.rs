//! The payloads (XEP-0085 §3).

use stonechat_stanza::{Element, Stanza, enumeration};

/// Namespace of the payloads and of the feature (§4).
pub const NS: &str = stonechat_stanza::ns::CHATSTATES;

enumeration! {
    /// What somebody does in a conversation (§3). Each is an empty element of that name.
    pub enum State {
        /// Takes part in it.
        Active = "active",
        /// Does not look at it.
        Inactive = "inactive",
        /// Has left it.
        Gone = "gone",
        /// Writes a message.
        Composing = "composing",
        /// Has begun to write a message, and stopped.
        Paused = "paused",
    }
}

impl State {
    /// The state that a message tells. One with two of them breaks the rules (§5.5) and tells none.
    #[must_use]
    pub fn of(message: &Stanza) -> Option<Self> {
        let mut states = message.children().filter(|child| child.ns() == NS);
        let state = states.next()?.name().parse().ok()?;
        states.next().is_none().then_some(state)
    }

    /// The state as an element.
    #[must_use]
    pub fn to_element(self) -> Element {
        Element::bare(self.as_str(), NS)
    }

    /// Puts the state into a message.
    pub fn put(self, message: &mut Stanza) {
        message.push_empty(NS, self.as_str(), &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stonechat_stanza::message::Type;

    #[test]
    fn every_state_is_read_back_and_two_are_none() {
        for &state in State::ALL {
            let mut message = Stanza::message(Type::Chat);
            state.put(&mut message);
            assert_eq!(State::of(&message), Some(state));
            state.put(&mut message);
            assert_eq!(State::of(&message), None);
        }
    }
}
