//! The actions that wait for the driver, and the one place where a negotiation writes XML.

use std::collections::VecDeque;

use stonechat_stanza::{Element, Stanza};

use crate::StreamHeader;
use crate::codec::Framing;

/// An action enum that has a variant for bytes to send.
pub(super) trait Sends {
    fn send(bytes: Vec<u8>) -> Self;
    fn sent(&mut self) -> Option<&mut Vec<u8>>;
}

/// Actions in order. On TCP what is sent one after the other becomes one piece, so that a header and its
/// features leave in one packet; on a WebSocket every element is a message of its own (RFC 7395 §3.3.3).
#[derive(Debug)]
pub(super) struct Queue<A> {
    framing: Framing,
    actions: VecDeque<A>,
}

impl<A: Sends> Queue<A> {
    pub(super) fn new(framing: Framing) -> Self {
        Self { framing, actions: VecDeque::new() }
    }

    pub(super) fn next(&mut self) -> Option<A> {
        self.actions.pop_front()
    }

    pub(super) fn push(&mut self, action: A) {
        self.actions.push_back(action);
    }

    pub(super) fn open(&mut self, header: &StreamHeader) {
        self.framing.write_open(header, self.bytes());
    }

    pub(super) fn element(&mut self, element: &Element) {
        self.framing.write_element(element, self.bytes());
    }

    /// An element that is written already.
    pub(super) fn written(&mut self, bytes: &[u8]) {
        self.bytes().extend_from_slice(bytes);
    }

    pub(super) fn stanza(&mut self, stanza: &Stanza) {
        self.framing.write_stanza(stanza, self.bytes());
    }

    pub(super) fn close(&mut self) {
        self.framing.write_close(self.bytes());
    }

    /// Where the next bytes belong.
    fn bytes(&mut self) -> &mut Vec<u8> {
        let join =
            self.framing == Framing::Tcp && self.actions.back_mut().is_some_and(|last| last.sent().is_some());
        if !join {
            self.actions.push_back(A::send(Vec::new()));
        }
        self.actions.back_mut().and_then(Sends::sent).expect("the last action sends, as was just seen to")
    }
}
