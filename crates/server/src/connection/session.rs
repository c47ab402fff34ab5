//! A session: stanzas in, stanzas out, in one task.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use stonechat_extension::{Ending, Host, Mailbox, Session};
use stonechat_stanza::{Kind, Stanza, iq};
use stonechat_stream::codec::{Frame, Nonza};
use stonechat_stream::{StreamError, session};
use tokio::time::Instant;

use super::Established;
use super::end::End;
use super::guard::Guard;
use super::link::Link;
use super::outgoing::Outgoing;
use super::rate::Rate;
use super::timer::{Due, Timer};
use super::transport::Transport;
use crate::config::Config;

/// A session at work.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    link: &'a mut Link,
    outgoing: &'a mut Outgoing,
    host: &'a Arc<Host>,
    session: &'a Arc<Session>,
    timer: Timer,
    rate: Rate,
}

/// What a session was waiting for.
enum Event {
    /// So many bytes came; 0 at the end.
    Received(usize),
    /// Everything is written, and there is more to write or a reason to end.
    Mailbox,
    Due(Due),
    Broken(io::Error),
}

impl<'a> Stream<'a> {
    pub(super) fn new(established: &'a mut Established, config: &Config) -> Self {
        let Established { guard, link } = established;
        let Guard { host, session, outgoing, .. } = guard;
        let now = Instant::now();
        let rate = Rate::new(config.limits.bytes_per_second, config.limits.burst_bytes, now);
        let timer = Timer::new(&config.timeouts, now);
        Self { link, outgoing, host, session, timer, rate }
    }

    /// Runs until the session has to end. What was read during the negotiation comes first.
    pub(super) async fn run(&mut self) -> End {
        if let Err(end) = self.route().await {
            return end;
        }
        loop {
            match self.next().await {
                Event::Received(0) => return End::Broken(None),
                Event::Received(bytes) => {
                    let now = Instant::now();
                    self.timer.received(now);
                    if let Some(until) = self.rate.spend(bytes, now) {
                        self.timer.pause_until(until);
                    }
                    if let Err(end) = self.route().await {
                        return end;
                    }
                }
                Event::Mailbox => {
                    if let Some(ending) = self.session.mailbox().ending() {
                        return End::Ended(ending);
                    }
                }
                Event::Due(due) => {
                    if let Some(end) = self.due(&due) {
                        return end;
                    }
                }
                Event::Broken(error) => return error.into(),
            }
        }
    }

    /// Writes what there is, and waits for what comes next. One write for all that has gathered.
    async fn next(&mut self) -> Event {
        let Self { link, outgoing, session, timer, .. } = self;
        let mailbox = session.mailbox();
        poll_fn(|cx| {
            match outgoing.poll_write(cx, &mut link.transport, Some(mailbox)) {
                Poll::Ready(Ok(())) => {
                    let moved = outgoing.take_moved();
                    timer.written(moved);
                    if moved {
                        timer.asked(mailbox.unanswered_for());
                    }
                    if mailbox.poll_ready(cx).is_ready() {
                        return Poll::Ready(Event::Mailbox);
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Event::Broken(error)),
                Poll::Pending => timer.stuck(outgoing.take_moved()),
            }
            if timer.paused_until.is_none()
                && let Poll::Ready(read) = link.poll_read(cx)
            {
                return Poll::Ready(read.map_or_else(Event::Broken, Event::Received));
            }
            timer.poll(cx).map(Event::Due)
        })
        .await
    }

    fn due(&mut self, due: &Due) -> Option<End> {
        match due {
            Due::Quiet => self.outgoing.release(self.session.mailbox()),
            Due::Ping => self.outgoing.say(b" "),
            Due::Idle => return Some(End::Silent),
            Due::Stuck => return Some(End::Stuck),
            Due::Unanswered => {
                let unanswered = self.session.mailbox().unanswered_for();
                if unanswered.is_some_and(|unanswered| unanswered >= self.timer.patience()) {
                    return Some(End::Silent);
                }
                self.timer.asked(unanswered);
            }
            Due::Nothing => {}
        }
        // Who reads nothing is not waited for when the session has to end anyway, nor told so when another waits for what it leaves.
        match self.session.mailbox().ending() {
            Some(ending) if self.timer.is_stuck() => Some(match ending {
                Ending::Conflict => End::Stuck,
                ending => End::Ended(ending),
            }),
            _ => None,
        }
    }

    /// Carries the stanzas that were read to where they go. Nothing is read meanwhile, but written: the client may be the one
    /// that its own stanzas wait for.
    async fn route(&mut self) -> Result<(), End> {
        let routed = self.route_frames().await;
        self.link.release();
        routed
    }

    async fn route_frames(&mut self) -> Result<(), End> {
        let Self { link, outgoing, host, session, .. } = self;
        let Link { transport, input, decoder } = &mut **link;
        let Some(first) = decoder.decode(input)? else { return Ok(()) };
        // Boxed, once for all that was read, as its state is several times that of an idle session. It is made where it stays:
        // to make it first and then the room for it would be to copy it.
        let mut routing = Box::into_pin(Box::write(Box::new_uninit(), async {
            let mut next = Some(first);
            while let Some(frame) = next {
                match frame {
                    // Not by way of another future, as each moves it twice.
                    Frame::Stanza(stanza) if !is_answered(host, session, &stanza)? => {
                        host.from_client(session, stanza).await?;
                    }
                    Frame::Stanza(_) => {}
                    other => take(host, session, other).await?,
                }
                next = decoder.decode(input)?;
            }
            Ok(())
        }));
        match poll_fn(|cx| Poll::Ready(routing.as_mut().poll(cx))).await {
            Poll::Ready(routed) => routed,
            Poll::Pending => write_while(routing, outgoing, transport, session.mailbox()).await,
        }
    }
}

/// Waits for the routing to end, and writes what comes for our own client meanwhile.
async fn write_while(
    mut routing: Pin<Box<impl Future<Output = Result<(), End>>>>,
    outgoing: &mut Outgoing,
    transport: &mut Transport,
    mailbox: &Mailbox,
) -> Result<(), End> {
    poll_fn(|cx| {
        if let Poll::Ready(routed) = routing.as_mut().poll(cx) {
            return Poll::Ready(routed);
        }
        // That the connection is broken or the session has to end is noticed when the routing is done.
        while matches!(outgoing.poll_write(cx, transport, Some(mailbox)), Poll::Ready(Ok(())))
            && mailbox.ending().is_none()
            && mailbox.poll_ready(cx).is_ready()
        {}
        Poll::Pending
    })
    .await
}

/// Answers the request for a session of RFC 3921, which does nothing; says whether it was one.
fn is_answered(host: &Arc<Host>, session: &Arc<Session>, stanza: &Stanza) -> Result<bool, End> {
    if stanza.kind() != Kind::Iq(iq::Type::Set) || session.has_ended() {
        return Ok(false);
    }
    let Some(answer) = session::answer(stanza) else { return Ok(false) };
    let pushed = session.mailbox().push(&answer).map_err(|_| End::Stuck);
    host.handled(session, stanza.kind());
    pushed.map(|()| true)
}

/// Takes a frame that is no stanza.
async fn take(host: &Arc<Host>, session: &Arc<Session>, frame: Frame) -> Result<(), End> {
    match frame {
        // What a client had sent before it learnt that its session is over is nobody's.
        _ if session.has_ended() => Ok(()),
        Frame::Nonza(nonza) => take_nonza(host, session, &nonza).await,
        Frame::Stanza(_) => Ok(()),
        Frame::Close => Err(End::Closed),
        Frame::Open(_) => Err(End::Error(StreamError::bad_format())),
    }
}

async fn take_nonza(host: &Arc<Host>, session: &Arc<Session>, nonza: &Nonza) -> Result<(), End> {
    let element = nonza.element().map_err(|_| End::Error(StreamError::invalid_xml()))?;
    if let Some(error) = StreamError::from_element(&element) {
        return Err(End::PeerError(error));
    }
    if host.nonza(session, &element).await {
        return Ok(());
    }
    Err(End::Error(StreamError::unsupported_stanza_type()))
}
