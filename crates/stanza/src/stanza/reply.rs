//! Answers.

use super::Stanza;
use crate::error::StanzaError;
use crate::{Kind, iq};

impl Stanza {
    /// An answer without payload: to whom it came from, from whom it was for, with the same id. To an iq
    /// it is a `result`, otherwise it is of the same kind.
    pub fn reply(&self) -> Stanza {
        let kind = match self.kind {
            Kind::Iq(_) => Kind::Iq(iq::Type::Result),
            other => other,
        };
        self.answer(kind)
    }

    /// The stanza that tells the sender of an error, without the payload that caused it. `None` where
    /// RFC 6120 §8.3.1 forbids it: an error is never answered with one, nor is the result of an iq.
    pub fn error_reply(&self, error: &StanzaError) -> Option<Stanza> {
        if self.kind.is_error() || self.kind == Kind::Iq(iq::Type::Result) {
            return None;
        }
        Some(self.answer(self.kind.to_error()).with(error))
    }

    /// The error that a stanza of type `error` carries. `None` if it is of another type, or carries none
    /// that can be understood.
    pub fn error(&self) -> Option<StanzaError> {
        if !self.kind.is_error() {
            return None;
        }
        self.get::<StanzaError>().ok().flatten()
    }

    fn answer(&self, kind: Kind) -> Stanza {
        Stanza {
            raw: self.raw.without_payload(),
            kind,
            noted: Default::default(),
            to: self.from.clone(),
            from: self.to.clone(),
            id: self.id.clone(),
            lang: Default::default(),
        }
    }
}
