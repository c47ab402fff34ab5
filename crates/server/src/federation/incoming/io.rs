//! What a stream of another server waits for, and what is written on it.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};

use tokio::time::sleep_until;

use super::super::said::MOST_WORDS;
use super::*;

impl Stream {
    pub(super) async fn event(&mut self) -> Event {
        self.note_written();
        let (paused, stuck, settles) = (self.paused_until, self.write_deadline, self.settles);
        let is_ending = self.ending.is_some();
        let until = self.ending.as_ref().map_or(self.deadline, |(_, until)| *until);
        let reads = paused.is_none() && self.words < MOST_WORDS;
        let Self { link, outgoing, answers, inward, reversing, shared, federation, .. } = self;
        let stopping = match reversing {
            // What sessions leave behind may be for who can be sent to here alone.
            Some(_) => &federation.leaving,
            None => &shared.stopping,
        };
        let event = tokio::select! {
            event = poll_fn(|cx| poll_io(cx, link, outgoing, reads)) => event,
            Some((pair, answer)) = answers.recv() => Event::Verified(pair, answer),
            due = inward.due() => Event::Due(due),
            () = wanted(reversing.as_ref()) => Event::Again,
            () = at(settles) => Event::Settled,
            () = at(stuck) => Event::Stuck,
            // Stays until the next frame, whatever else happens before.
            () = at(paused) => {
                self.paused_until = None;
                Event::Again
            }
            () = sleep_until(until) => if is_ending { Event::Again } else { Event::Late },
            () = stopping.cancelled(), if !is_ending => Event::Stopping,
        };
        let moved = self.note_written();
        match event {
            // Not all of it, but some.
            Event::Stuck if moved => Event::Again,
            event => event,
        }
    }

    /// Notes whether something was written, and until when more has to be.
    fn note_written(&mut self) -> bool {
        let moved = self.outgoing.take_moved();
        if !self.outgoing.is_pending() {
            self.words = 0;
            self.write_deadline = None;
        } else if moved || self.write_deadline.is_none() {
            self.write_deadline = Some(Instant::now() + self.settings.write());
        }
        if let Some(reversing) = &self.reversing {
            reversing.note_unwritten(self.outgoing.unwritten_own());
            if moved {
                self.note_life(Instant::now());
            }
        }
        moved
    }

    /// Takes what is to be sent back, once all that was said before is written.
    pub(super) fn write_back(&mut self) {
        if let Some(reversing) = &self.reversing
            && !self.outgoing.is_pending()
        {
            self.outgoing.say(&reversing.next());
        }
    }

    /// Waits for something, and goes on writing meanwhile: the other server may be the one that this waits for. That the connection is broken
    /// is noticed later.
    pub(super) async fn write_while<T>(&mut self, waited_for: impl Future<Output = T>) -> T {
        let Self { link, outgoing, reversing, .. } = self;
        let reversing = reversing.as_ref();
        let (mut waited_for, mut more) = (pin!(waited_for), pin!(wanted(reversing)));
        let mut was_wanted = false;
        let done = poll_fn(|cx| {
            if let Poll::Ready(done) = waited_for.as_mut().poll(cx) {
                return Poll::Ready(done);
            }
            loop {
                if outgoing.is_pending()
                    && !matches!(outgoing.poll_write(cx, &mut link.transport, None), Poll::Ready(Ok(())))
                {
                    return Poll::Pending;
                }
                let Some(reversing) = reversing else { return Poll::Pending };
                reversing.note_unwritten(0);
                let next = reversing.next();
                if !next.is_empty() {
                    outgoing.say(&next);
                } else if more.as_mut().poll(cx).is_ready() {
                    was_wanted = true;
                    more.set(wanted(Some(reversing)));
                } else {
                    return Poll::Pending;
                }
            }
        })
        .await;
        if let Some(reversing) = reversing.filter(|_| was_wanted) {
            // It may have been something else than to write.
            reversing.want();
        }
        done
    }
}

/// Writes, and reads where that is wanted.
fn poll_io(cx: &mut Context<'_>, link: &mut Link, outgoing: &mut Outgoing, reads: bool) -> Poll<Event> {
    if outgoing.is_pending() {
        match outgoing.poll_write(cx, &mut link.transport, None) {
            Poll::Ready(Ok(())) => return Poll::Ready(Event::Again),
            Poll::Ready(Err(error)) => return Poll::Ready(Event::Frame(Err(error.into()))),
            Poll::Pending => {}
        }
    }
    if !reads {
        return Poll::Pending;
    }
    link.poll_frame(cx).map(Event::Frame)
}

async fn wanted(reversing: Option<&Reversing>) {
    match reversing {
        Some(reversing) => reversing.wanted().await,
        None => pending().await,
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}
