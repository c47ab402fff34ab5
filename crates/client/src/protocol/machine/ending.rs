//! How connections, and the client, end.

use std::time::Instant;

use stonechat_stanza::Nonza;
use stonechat_stream::codec::Framing;

use super::super::login::Step;
use super::super::{Error, Event, Fate, wire};
use super::{Machine, State};

impl Machine {
    /// Closes the stream in an orderly way, when all that is queued was given out and, where that is counted, acknowledged: a server need
    /// not say more of a stream that is closed (RFC 6120 §4.4). It waits for no longer than
    /// [`Config::close_time`](super::super::Config::close_time), and then as long for the server to close the stream, too.
    pub fn close(&mut self, now: Instant) {
        match &mut self.state {
            State::Online(online) => {
                let waits = online.counts() && (self.outbox.has_unsent() || self.outbox.has_unacknowledged());
                self.leaving.get_or_insert(now + self.config.close_time);
                if !waits {
                    self.leave(now);
                }
            }
            State::Login { attempt, .. } => {
                attempt.give_up(Error::Ended, None);
                while let Some(step) = attempt.next_step() {
                    if let Step::Send(bytes) = step {
                        self.out.extend_from_slice(&bytes);
                    }
                }
                self.events.push_back(Event::Disconnect);
                self.end(None);
            }
            State::Closing { .. } | State::Closed => {}
            State::Idle | State::Connecting | State::Waiting { .. } => self.end(None),
        }
    }

    /// Closes a stream with a session.
    pub(super) fn leave(&mut self, now: Instant) {
        let State::Online(online) = &mut self.state else { return };
        online.acknowledge();
        while online.has_output(&self.outbox) {
            for ticket in online.output(&mut self.outbox, &mut self.out) {
                self.events.push_back(Event::Fate(ticket, Fate::Sent));
            }
        }
        Framing::Tcp.write_close(&mut self.out);
        self.state = State::Closing { until: now + self.config.close_time };
    }

    /// What is still acknowledged while the stream ends.
    pub(super) fn last_acknowledgement(&mut self, nonza: &Nonza) {
        let acknowledged =
            nonza.parse::<wire::Ack>().ok().and_then(|ack| self.outbox.acknowledge(ack.h).ok());
        self.fates(acknowledged.unwrap_or_default(), Fate::Acknowledged);
    }

    /// The connection is gone, or is to go.
    pub(super) fn offline(&mut self, error: Error, now: Instant) {
        if let State::Online(online) = &self.state {
            self.waits.ended(now.saturating_duration_since(online.since));
        }
        if !matches!(self.state, State::Connecting) {
            self.events.push_back(Event::Disconnect);
        }
        self.link = None;
        let resumable = self.resumable.is_some();
        if !resumable {
            // Nobody will ever know.
            let lost = self.outbox.begin(self.config.unacknowledged);
            self.fates(lost, Fate::Unknown);
        }
        if self.leaving.is_some() {
            return self.end(None);
        }
        if error.is_final() || self.config.reconnect.is_none() {
            self.events.push_back(Event::Offline { error: error.clone(), resumable: false, retry: None });
            return self.end(Some(error));
        }
        let wait = self.waits.next();
        self.state = State::Waiting { until: now + wait };
        self.events.push_back(Event::Offline { error, resumable, retry: Some(wait) });
    }

    pub(super) fn end(&mut self, error: Option<Error>) {
        if matches!(self.state, State::Closing { .. }) {
            self.events.push_back(Event::Disconnect);
        }
        self.link = None;
        self.state = State::Closed;
        let (unknown, unsent) = self.outbox.end();
        self.fates(unknown, Fate::Unknown);
        self.fates(unsent, Fate::Unsent);
        self.events.push_back(Event::Closed(error));
    }
}
