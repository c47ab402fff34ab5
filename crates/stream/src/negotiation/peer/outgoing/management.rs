//! Stream management (XEP-0198) on a stream to another server: asked for when the pair is authorised, before the first stanza.

use stonechat_stanza::payload::{ParseError, Payload as _};
use stonechat_stanza::sm;

use super::{Action, Outgoing, Purpose, Step};
use crate::{Features, StreamError};

/// No id of a stream is longer, in bytes (XEP-0198 §3).
const LONGEST_ID: usize = 4000;

/// What is asked of stream management, where it is offered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Management {
    /// Nothing.
    #[default]
    Off,
    /// To count from zero, on a stream that can be resumed.
    Enable,
    /// To go on with an earlier stream, or else as [`Enable`](Self::Enable).
    Resume {
        /// Its id.
        id: String,
        /// How many stanzas of the other server were handled, modulo 2^32.
        handled: u32,
    },
}

/// How the other server tells which stanzas it has handled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Counting {
    /// Not at all.
    #[default]
    Off,
    /// It counts from zero.
    Anew {
        /// What the stream is resumed by, if it can be.
        id: Option<String>,
    },
    /// It goes on with the earlier stream.
    Resumed {
        /// How many stanzas it has handled of that, modulo 2^32.
        handled: u32,
    },
}

/// How stanzas are sent on a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Established {
    /// How they are acknowledged.
    pub counting: Counting,
    /// How many stanzas were handled of the stream that could not be resumed, modulo 2^32, where that is told (§5).
    pub handled_before: Option<u32>,
}

impl Outgoing {
    pub(super) fn note_features(&mut self, features: &Features) {
        self.offers_management = features.find(sm::NS, "sm").is_some();
    }

    /// The pair may send: first, its stanzas are to be counted.
    pub(super) fn authorized(&mut self) -> Option<Action> {
        self.authorized = true;
        match &self.purpose {
            Purpose::Send { management: Management::Resume { id, handled }, .. }
                if self.offers_management =>
            {
                let resume = sm::Resume { h: *handled, previd: id.clone() };
                self.step = Step::Resuming;
                self.stream.send_element(&resume.to_element());
                None
            }
            Purpose::Send { management: Management::Enable, .. } if self.offers_management => self.enable(),
            _ => self.established(Counting::Off),
        }
    }

    fn enable(&mut self) -> Option<Action> {
        self.step = Step::Enabling;
        self.stream.send_element(&sm::Enable { resume: true, max: None }.to_element());
        None
    }

    fn established(&mut self, counting: Counting) -> Option<Action> {
        self.step = Step::Established;
        self.counts = counting != Counting::Off;
        Some(Action::Established(Established { counting, handled_before: self.handled_before.take() }))
    }

    pub(super) fn management(&mut self, nonza: Result<sm::Nonza, ParseError>) -> Option<Action> {
        let Ok(nonza) = nonza else { return self.unsupported() };
        match (self.step, nonza) {
            (Step::Resuming, sm::Nonza::Resumed(sm::Resumed { h, previd })) if self.resumes(&previd) => {
                self.established(Counting::Resumed { handled: h })
            }
            (Step::Resuming, sm::Nonza::Failed(handled)) => {
                self.handled_before = handled;
                self.enable()
            }
            (Step::Enabling, sm::Nonza::Enabled(enabled)) => {
                // Some say that it can be resumed, and not by what; and what is longer than it should be is not kept (XEP-0198 §3).
                let id = enabled.id.filter(|id| enabled.resume && id.len() <= LONGEST_ID);
                self.established(Counting::Anew { id })
            }
            (Step::Enabling, sm::Nonza::Failed(_)) => self.established(Counting::Off),
            (Step::Established, sm::Nonza::Ack(sm::Ack { h })) if self.counts => {
                Some(Action::Acknowledged(h))
            }
            (Step::Established, sm::Nonza::Request) if self.counts && self.is_bidi() => {
                Some(Action::AckWanted)
            }
            // Nothing comes on this stream that would be counted.
            (Step::Established, sm::Nonza::Request) if self.counts => {
                self.stream.send_element(&sm::Ack { h: 0 }.to_element());
                None
            }
            _ => self.unsolicited(),
        }
    }

    /// Tells how many stanzas of the other server were handled, modulo 2^32: the answer to [`Action::AckWanted`], or unasked. Nothing where
    /// none are counted.
    pub fn acknowledge(&mut self, handled: u32) {
        if self.counts && self.is_bidi() && self.step == Step::Established {
            self.stream.send_element(&sm::Ack { h: handled }.to_element());
        }
    }

    fn resumes(&self, id: &str) -> bool {
        let Purpose::Send { management: Management::Resume { id: asked, .. }, .. } = &self.purpose else {
            return false;
        };
        asked == id
    }
}

/// The stream error for who acknowledges more stanzas than it was sent (XEP-0198 §6).
#[must_use]
pub fn too_high(handled: u32, sent: u32) -> StreamError {
    let text = format!("You acknowledged {handled} stanzas, but I only sent you {sent} so far.");
    StreamError::undefined_condition().with_text(text).with_application(sm::too_high(handled, sent))
}
