//! What comes: the steps of a login, then stanzas, and what breaks the stream.

use std::time::Instant;

use stonechat_stream::StreamError;
use stonechat_stream::codec::{Decoder, Frame, Framing};

use super::super::login::{Outcome, Resumable, Session, Step};
use super::super::online::{Come, Online};
use super::super::{Error, Event, Fate};
use super::{Machine, State};

impl Machine {
    /// Does the steps of a login, and reads frames as long as they are wanted.
    pub(super) fn work(&mut self, now: Instant) {
        loop {
            self.steps(now);
            if !self.wants_input() {
                return;
            }
            let Some(link) = &mut self.link else { return };
            match link.decoder.decode(&mut link.buffer) {
                Ok(Some(frame)) => {
                    let pending = link.buffer.len();
                    self.frame(frame, pending, now);
                }
                Ok(None) => return,
                Err(error) => return self.unreadable(error.into(), now),
            }
        }
    }

    pub(super) fn steps(&mut self, now: Instant) {
        while let State::Login { attempt, .. } = &mut self.state {
            let Some(step) = attempt.next_step() else { return };
            match step {
                Step::Send(bytes) => self.out.extend_from_slice(&bytes),
                Step::StartTls => self.events.push_back(Event::StartTls),
                Step::Derive(derivation) => self.events.push_back(Event::Derive(derivation)),
                Step::Restart => self.decoder(Decoder::reset),
                Step::Authenticated => {
                    let limits = self.config.limits;
                    self.decoder(|decoder| decoder.set_limits(limits));
                }
                Step::Keys(keys) => self.keys = Some(keys),
                Step::Token(token) => {
                    self.token = token.clone();
                    self.events.push_back(Event::Token(token));
                }
                Step::Done(outcome) => self.online(outcome, now),
                Step::Fail(error) => self.offline(error, now),
            }
        }
    }

    fn decoder(&mut self, change: impl FnOnce(&mut Decoder)) {
        if let Some(link) = &mut self.link {
            change(&mut link.decoder);
        }
    }

    fn frame(&mut self, frame: Frame, pending: usize, now: Instant) {
        match &mut self.state {
            State::Login { attempt, .. } => attempt.frame(frame, pending),
            State::Online(online) => {
                let come = online.frame(frame, &mut self.outbox);
                // What came is handled, also if it is the last that does.
                self.resumable_is_at();
                match come {
                    Ok(come) => self.come(come, now),
                    Err(error) => self.broken(error, now),
                }
            }
            State::Closing { .. } => match frame {
                Frame::Close => self.end(None),
                Frame::Stanza(stanza) => self.events.push_back(Event::Stanza(stanza)),
                Frame::Nonza(nonza) => self.last_acknowledgement(&nonza),
                Frame::Open(_) => {}
            },
            _ => {}
        }
    }

    fn come(&mut self, come: Come, now: Instant) {
        match come {
            Come::Nothing => {}
            Come::Stanza(stanza) => self.events.push_back(Event::Stanza(stanza)),
            Come::Acknowledged(tickets) => {
                self.fates(tickets, Fate::Acknowledged);
                if self.leaving.is_some() && !self.outbox.has_unsent() && !self.outbox.has_unacknowledged() {
                    self.leave(now);
                }
            }
            Come::Uncounted(tickets) => self.fates(tickets, Fate::Sent),
            Come::End => {
                Framing::Tcp.write_close(&mut self.out);
                self.offline(Error::Ended, now);
            }
        }
    }

    /// The session goes on from here, if it does.
    fn resumable_is_at(&mut self) {
        let (State::Online(online), Some(jid)) = (&self.state, &self.session) else { return };
        match (&mut self.resumable, &online.id) {
            (Some(resumable), Some(id)) if resumable.id == *id => resumable.handled = online.handled,
            (resumable, Some(id)) => {
                *resumable = Some(Resumable { id: id.clone(), handled: online.handled, jid: jid.clone() });
            }
            (resumable, None) => *resumable = None,
        }
    }

    fn online(&mut self, Outcome { jid, features, session }: Outcome, now: Instant) {
        let (online, resumed) = match session {
            Session::Resumed(handled) => {
                let Some(old) = self.resumable.clone() else { return };
                match self.outbox.acknowledge(handled) {
                    Ok(tickets) => self.fates(tickets, Fate::Acknowledged),
                    Err(_) => {
                        // The two ends do not mean the same session any more.
                        self.resumable = None;
                        let error = Error::Protocol("more was acknowledged than was sent");
                        return self.tell_and_leave(&StreamError::undefined_condition(), error, now);
                    }
                }
                self.outbox.resend();
                (Online::resumed(old.id, old.handled, &self.config, now), true)
            }
            Session::New { counted, handled } => {
                if let Some(tickets) = handled.and_then(|handled| self.outbox.acknowledge(handled).ok()) {
                    self.fates(tickets, Fate::Acknowledged);
                }
                let lost = self.outbox.begin(self.config.unacknowledged);
                self.fates(lost, Fate::Unknown);
                self.resumable = None;
                (Online::new(counted, &self.config, now), false)
            }
        };
        self.session = Some(jid.clone());
        self.state = State::Online(Box::new(online));
        self.resumable_is_at();
        self.events.push_back(Event::Online { jid, resumed, features });
    }

    /// What the server sends cannot be read (RFC 6120 §4.9.3.13 and others).
    fn unreadable(&mut self, error: Error, now: Instant) {
        let told = match &error {
            Error::Xml(error) => StreamError::from(*error),
            _ => StreamError::invalid_xml(),
        };
        match &mut self.state {
            State::Login { attempt, .. } => {
                attempt.give_up(error, Some(told));
                self.steps(now);
            }
            _ => self.tell_and_leave(&told, error, now),
        }
    }

    fn broken(&mut self, error: Error, now: Instant) {
        match error {
            Error::Stream(_) => {
                Framing::Tcp.write_close(&mut self.out);
                self.offline(error, now);
            }
            error => self.tell_and_leave(&StreamError::undefined_condition(), error, now),
        }
    }

    pub(super) fn tell_and_leave(&mut self, told: &StreamError, error: Error, now: Instant) {
        Framing::Tcp.write_element(&told.to_element(), &mut self.out);
        Framing::Tcp.write_close(&mut self.out);
        match self.state {
            State::Closing { .. } => self.end(None),
            _ => self.offline(error, now),
        }
    }
}
