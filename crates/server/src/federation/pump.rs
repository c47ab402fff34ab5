//! A stream to another server at work: what waits is sent, and what comes on it is heard.

use std::sync::Arc;

use stonechat_stream::StreamError;
use stonechat_stream::negotiation::peer::{OutgoingError, too_high};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::Federation;
use super::carrier::{Carrier, Way};
use super::conversation::{Conversation, Heard};
use super::failure::Failure;
use super::flight::TooHigh;
use super::inward::{Due, Inward};
use super::link::{Link, Parcel};
use super::outgoing::Memory;
use super::persistence::Ran;
use super::reverse;
use super::settings::Settings;
use crate::connection::LAST_WORDS;
use crate::connection::rate::Rate;

mod begin;
mod hear;

/// So many bytes are written at once.
const WRITE: usize = 64 << 10;

/// Why a stream is not sent on any more.
enum End {
    /// Nothing was to be said for a while, another pair has its place, or the policy for the domain has become a stricter one.
    Idle,
    /// It broke, or the other server has ended it.
    Lost(Failure),
    /// The other server goes on over a stream of its own.
    Taken,
    /// The other server has lost count.
    TooHigh(TooHigh),
    /// It sends what it may not.
    Refused(StreamError),
    /// The task of the stream wants to end it.
    Leave,
    Stopping,
}

impl From<TooHigh> for End {
    fn from(error: TooHigh) -> Self {
        Self::TooHigh(error)
    }
}

/// A stream on which stanzas are sent.
pub(super) struct Pump<'a> {
    federation: &'a Arc<Federation>,
    link: &'a Link,
    settings: Arc<Settings>,
    memory: &'a mut Memory,
    /// What comes on a stream of our own.
    inward: Inward,
    rate: Rate,
    paused_until: Option<Instant>,
    began: Instant,
    /// When something was last written or heard, or had to be.
    moved: Instant,
    /// When bytes last left, or had to begin to: what is heard of who does not listen does not count.
    wrote: Instant,
    /// How many bytes had left then, and whether some waited.
    written: u64,
    waits: bool,
    /// The other server acknowledges what it gets, or what it has not got was not written.
    counted: bool,
    /// Something was acknowledged.
    progressed: bool,
}

impl<'a> Pump<'a> {
    pub(super) fn new(federation: &'a Arc<Federation>, link: &'a Link, memory: &'a mut Memory) -> Self {
        let settings = federation.settings.load_full();
        let (now, limits) = (Instant::now(), &settings.server.limits);
        Self {
            federation,
            link,
            memory,
            inward: Inward::new(federation.kept.journal()),
            rate: Rate::new(limits.bytes_per_second, limits.burst_bytes, now),
            paused_until: None,
            began: now,
            moved: now,
            wrote: now,
            written: 0,
            waits: false,
            counted: false,
            progressed: false,
            settings,
        }
    }

    /// What it was good for.
    pub(super) fn ran(&self) -> Ran {
        Ran { long: self.began.elapsed(), counted: self.counted, progressed: self.progressed }
    }

    /// Sends until there is nothing to say any more.
    ///
    /// # Errors
    /// Why the stream was lost.
    pub(super) async fn run(&mut self, way: Way) -> Result<(), Failure> {
        let (mut carrier, begun) = self.begin(way).await;
        let end = match begun {
            Ok(()) => self.pump(&mut carrier).await,
            Err(error) => error.into(),
        };
        // What is not counted and was written last does not come again.
        self.settle(&carrier);
        match end {
            End::Idle => self.finish(&mut carrier).await,
            // What it does not take in time is sent over the next, or after the next start.
            End::Stopping | End::Leave => self.farewell(&mut carrier).await,
            _ => {}
        }
        // The other server may ask how far it was; nothing more is taken.
        self.inward.begin(None);
        match carrier {
            Carrier::Ours { conversation, .. } => self.end_ours(end, *conversation).await,
            Carrier::Theirs { reverse, epoch } => self.end_theirs(end, &reverse, epoch),
        }
    }

    async fn end_ours(&mut self, end: End, conversation: Conversation) -> Result<(), Failure> {
        match end {
            End::Idle | End::Leave => {
                conversation.close(None).await;
                Ok(())
            }
            End::Taken => {
                conversation.discard(Some(StreamError::conflict())).await;
                Err(Failure::Broken("the server goes on over a stream of its own".to_owned()))
            }
            // What is not written goes another way, in these cases as well.
            End::TooHigh(TooHigh { handled, sent }) => {
                self.memory.flight.lose_count();
                conversation.discard(Some(too_high(handled, sent))).await;
                Err(Failure::Miscounted)
            }
            End::Refused(error) => {
                conversation.discard(Some(error)).await;
                Err(Failure::Stream(OutgoingError::Unsolicited))
            }
            End::Stopping => {
                conversation.discard(Some(StreamError::system_shutdown())).await;
                Err(Failure::Stopping)
            }
            End::Lost(failure) => {
                self.memory.owes = failure.is_a_cut()
                    && self.memory.followed.as_ref().is_some_and(|followed| followed.handled() > 0);
                if !matches!(failure, Failure::Stuck | Failure::Broken(_)) {
                    // The other server has ended it, and that is answered.
                    self.federation.tasks.spawn(async move { conversation.discard(None).await });
                }
                Err(failure)
            }
        }
    }

    /// The stream of the other server is left; it ends only for a reason of its own.
    fn end_theirs(
        &mut self,
        end: End,
        reverse: &reverse::Reverse,
        epoch: reverse::Epoch,
    ) -> Result<(), Failure> {
        let ended = match end {
            End::Idle | End::Leave | End::Taken | End::Refused(_) => Ok(()),
            End::TooHigh(too_high) => {
                self.memory.flight.lose_count();
                reverse.end(epoch, reverse::End::TooHigh(too_high));
                Err(Failure::Miscounted)
            }
            End::Stopping => Err(Failure::Stopping),
            End::Lost(failure) => {
                if matches!(failure, Failure::Stuck) {
                    reverse.end(epoch, reverse::End::Stuck);
                }
                Err(failure)
            }
        };
        reverse.leave(epoch, ended.is_ok() && self.memory.flight.is_empty());
        ended
    }

    async fn pump(&mut self, carrier: &mut Carrier) -> End {
        loop {
            if !self.fill(carrier) && carrier.unwritten() == 0 {
                return End::Idle;
            }
            self.note_written(carrier);
            let before = carrier.unwritten();
            let (deadline, link, paused) = (self.deadline(), self.link, self.paused_until);
            tokio::select! {
                heard = carrier.listen(paused.is_none()) => {
                    if let Err(end) = self.hear(carrier, heard).await {
                        return end;
                    }
                }
                due = self.inward.due() => match due {
                    Due::Taken => return End::Taken,
                    Due::Durable(handled) => carrier.acknowledge(handled),
                },
                () = link.arrived(), if before == 0 => {}
                () = link.given_up() => return End::Idle,
                () = sleep_until(paused.unwrap_or(deadline)), if paused.is_some() => self.paused_until = None,
                () = sleep_until(deadline) => {
                    self.note_written(carrier);
                    if self.deadline() <= Instant::now() {
                        let waits = self.waits || self.memory.flight.asked().is_some();
                        return if waits { End::Lost(Failure::Stuck) } else { End::Idle };
                    }
                }
                () = self.federation.stopping.cancelled() => return End::Stopping,
            }
            self.settle(carrier);
        }
    }

    /// Notes when bytes last left, or had to begin to.
    fn note_written(&mut self, carrier: &Carrier) {
        let (written, now) = (carrier.written(), Instant::now());
        if written > self.written {
            self.moved = now;
        }
        if written > self.written || !self.waits {
            self.wrote = now;
        }
        (self.written, self.waits) = (written, carrier.has_to_write());
    }

    /// Until when something has to be written or heard.
    fn deadline(&self) -> Instant {
        let patience = self.settings.write();
        let writing = self.waits.then(|| self.wrote + patience);
        let asked = self.memory.flight.asked().map(|asked| asked + patience);
        let idle = || self.moved + self.settings.federation.idle;
        writing.into_iter().chain(asked).min().unwrap_or_else(idle)
    }

    /// Sends what waits, as far as the other server takes it in time.
    async fn farewell(&mut self, carrier: &mut Carrier) {
        // On a stream of the other server's that one's task ends it, and tells exactly what was written.
        let patience = if matches!(carrier, Carrier::Theirs { .. }) { LAST_WORDS * 3 } else { LAST_WORDS };
        let until = Instant::now() + patience;
        loop {
            // What it does not take goes another way, or back.
            self.fill(carrier);
            let is_there = self.memory.flight.is_empty() || !self.memory.flight.is_counted();
            if carrier.unwritten() == 0 && is_there {
                break;
            }
            let Some(heard) = self.listen_until(carrier, until).await else { return };
            let is_over = !matches!(self.hear(carrier, heard).await, Ok(()) | Err(End::Leave));
            self.settle(carrier);
            if is_over {
                return;
            }
        }
        self.acknowledge_all(carrier).await;
    }

    /// What is heard until then; nothing is read of who has sent too fast.
    async fn listen_until(
        &mut self,
        carrier: &mut Carrier,
        until: Instant,
    ) -> Option<Result<Heard, Failure>> {
        // Who always has something to say is not heard longer for that.
        if Instant::now() >= until {
            return None;
        }
        let paused = self.paused_until.filter(|paused| *paused < until);
        match timeout_at(paused.unwrap_or(until), carrier.listen(self.paused_until.is_none())).await {
            Ok(heard) => Some(heard),
            Err(_) => {
                self.paused_until = paused.is_none().then_some(until);
                paused.map(|_| Ok(Heard::Nothing))
            }
        }
    }

    /// Takes as much as is written at once; nothing, and false, where the policy for the domain has become one that the stream is not good
    /// enough for.
    fn fill(&mut self, carrier: &mut Carrier) -> bool {
        if !self.federation.trusts(self.link.pair.target.as_str(), carrier.is_certified()) {
            return false;
        }
        let was_idle = carrier.unwritten() == 0;
        self.ask(carrier);
        while carrier.unwritten() < WRITE
            && let Some(stanza) = self.memory.flight.next(|| self.link.pop())
        {
            let length = carrier.write(stanza);
            self.memory.flight.note_written(length);
        }
        self.ask(carrier);
        if was_idle && carrier.unwritten() > 0 {
            self.moved = Instant::now();
        }
        true
    }

    /// Asks what has arrived, if it is to be asked. Who answers without reading is not asked for ever.
    fn ask(&mut self, carrier: &mut Carrier) {
        if carrier.unwritten() < WRITE && self.memory.flight.ask(Instant::now()) {
            carrier.ask();
        }
    }

    fn settle(&mut self, carrier: &Carrier) {
        let arrived = self.memory.flight.settle(carrier.unwritten());
        self.arrived(arrived);
    }

    fn arrived(&self, parcels: Vec<Parcel>) {
        self.link.arrived_there(&parcels, Instant::now());
        self.federation.kept.arrived(self.link.pair.sender.as_str(), parcels);
    }
}
