//! The task that takes what waits to another server.

use std::sync::Arc;

use stonechat_stream::StreamError;
use stonechat_stream::negotiation::peer::{Counting, Established, too_high};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Federation;
use super::conversation::Conversation;
use super::failure::Failure;
use super::flight::{Flight, TooHigh};
use super::link::{Link, Parcel};
use super::persistence::{Persistence, Ran};
use super::settings::Settings;
use super::shares::Wanted;
use crate::connection::LAST_WORDS;

/// So many bytes are written at once.
const WRITE: usize = 64 << 10;

/// Takes what waits to the other server, until nothing does, or the link is given up. It begins when the stream of the link `before` is over,
/// whose place this one has.
pub(super) async fn run(
    federation: Arc<Federation>,
    link: Arc<Link>,
    wanted: Wanted,
    before: Option<Arc<Link>>,
) {
    if let Some(before) = before {
        before.is_over().await;
    }
    let mut flight = Flight::default();
    let mut persistence = Persistence::default();
    loop {
        let (ran, failure) = match federation.connect(&link.pair, flight.management(), wanted.who()).await {
            Ok((conversation, established)) => {
                let counted = established.counting != Counting::Off;
                tracing::debug!(pair = %link.pair, counted, "stream to another server");
                link.reached();
                wanted.reached();
                let mut stream = Stream::new(&federation, &link, &mut flight);
                let end = stream.run(conversation, &established).await;
                link.left();
                match end {
                    Ok(()) => (None, None),
                    Err(failure) => {
                        let (long, progressed) = (stream.began.elapsed(), stream.progressed);
                        (Some(Ran { long, counted, progressed }), Some(failure))
                    }
                }
            }
            Err(failure) => (None, Some(failure)),
        };
        flight.interrupt();
        if flight.is_empty() && (failure.is_none() || ran.is_some()) && federation.retire(&link) {
            return;
        }
        let Some(failure) = failure else { continue };
        let settings = federation.settings.load_full();
        let (most, longest) = (settings.federation.reconnect, settings.federation.retry_first);
        let Some(delay) = persistence.delay(ran, &failure, most, longest, Instant::now()) else {
            return fail(&federation, &link, flight, failure).await;
        };
        tracing::debug!(pair = %link.pair, %failure, "stream to another server is over");
        tokio::select! {
            () = sleep(delay) => {}
            () = federation.stopping.cancelled() => {
                return fail(&federation, &link, flight, Failure::Stopping).await;
            }
        }
    }
}

/// Gives everything back to its senders, unless this server stops, and has it in the store.
async fn fail(federation: &Arc<Federation>, link: &Link, flight: Flight, failure: Failure) {
    let settings = federation.settings.load_full();
    let (first, most) = (settings.federation.retry_first, settings.federation.retry_most);
    let waiting = link.fail(&failure, first, most, Instant::now());
    if matches!(failure, Failure::Stopping) {
        return;
    }
    let back: Vec<_> = flight.into_parcels().chain(waiting).collect();
    tracing::info!(pair = %link.pair, %failure, returned = back.len(), "another server is not reached");
    let Some(server) = federation.server() else { return };
    let error = failure.to_stanza_error();
    for parcel in back {
        federation.give_back(&server, parcel, &error).await;
    }
}

/// Why a stream is to be closed.
enum End {
    /// Nothing was to be said for a while, and all has arrived, or another pair has its place.
    Idle,
    /// It broke, or the other server has ended it.
    Lost(Failure),
    /// The other server has lost count.
    TooHigh(TooHigh),
    Stopping,
}

impl From<TooHigh> for End {
    fn from(error: TooHigh) -> Self {
        Self::TooHigh(error)
    }
}

/// A stream on which stanzas are sent.
struct Stream<'a> {
    federation: &'a Federation,
    link: &'a Link,
    settings: Arc<Settings>,
    flight: &'a mut Flight,
    began: Instant,
    /// When something was last written or heard, or had to be.
    moved: Instant,
    /// Something was acknowledged.
    progressed: bool,
}

impl<'a> Stream<'a> {
    fn new(federation: &'a Federation, link: &'a Link, flight: &'a mut Flight) -> Self {
        let settings = federation.settings.load_full();
        let now = Instant::now();
        Self { federation, link, settings, flight, began: now, moved: now, progressed: false }
    }

    /// Sends until there is nothing to say any more.
    ///
    /// # Errors
    /// Why the stream was lost.
    async fn run(
        &mut self,
        mut conversation: Conversation,
        established: &Established,
    ) -> Result<(), Failure> {
        let end = match self.flight.begin(established) {
            Ok(arrived) => {
                self.progressed = !arrived.is_empty();
                self.arrived(arrived);
                self.pump(&mut conversation).await
            }
            Err(error) => error.into(),
        };
        match end {
            End::Idle => {
                conversation.finish().await;
                Ok(())
            }
            End::TooHigh(TooHigh { handled, sent }) => {
                self.flight.lose_count();
                conversation.close(Some(too_high(handled, sent))).await;
                Err(Failure::Miscounted)
            }
            End::Stopping => {
                // What it does not take in time is sent after the next start.
                let _ = timeout(LAST_WORDS, self.farewell(&mut conversation)).await;
                self.settle(&conversation);
                conversation.discard(Some(StreamError::system_shutdown())).await;
                Err(Failure::Stopping)
            }
            End::Lost(failure) => {
                if !matches!(failure, Failure::Stuck | Failure::Broken(_)) {
                    // The other server has ended it, and that is answered.
                    self.federation.tasks.spawn(async move { conversation.discard(None).await });
                }
                Err(failure)
            }
        }
    }

    async fn pump(&mut self, conversation: &mut Conversation) -> End {
        loop {
            self.fill(conversation);
            let before = conversation.unwritten();
            let deadline = self.deadline(before);
            tokio::select! {
                heard = conversation.listen() => {
                    if let Err(end) = self.hear(heard) {
                        return end;
                    }
                }
                () = self.link.arrived(), if before == 0 => {}
                () = self.link.given_up() => return End::Idle,
                () = sleep_until(deadline) => {
                    let waits = before > 0 || self.flight.asked().is_some();
                    return if waits { End::Lost(Failure::Stuck) } else { End::Idle };
                }
                () = self.federation.stopping.cancelled() => return End::Stopping,
            }
            if conversation.unwritten() < before {
                self.moved = Instant::now();
            }
            self.settle(conversation);
        }
    }

    /// Until when something has to be written or heard.
    fn deadline(&self, unwritten: usize) -> Instant {
        let patience = self.settings.write();
        let writing = (unwritten > 0).then(|| self.moved + patience);
        let asked = self.flight.asked().map(|asked| asked + patience);
        let idle = || self.moved + self.settings.federation.idle;
        writing.into_iter().chain(asked).min().unwrap_or_else(idle)
    }

    /// Sends what waits, as far as the other server takes it.
    async fn farewell(&mut self, conversation: &mut Conversation) {
        loop {
            self.fill(conversation);
            let is_there = self.flight.is_empty() || !self.flight.is_counted();
            if conversation.unwritten() == 0 && is_there {
                return;
            }
            let heard = conversation.listen().await;
            if self.hear(heard).is_err() {
                return;
            }
            self.settle(conversation);
        }
    }

    /// Takes as much as is written at once.
    fn fill(&mut self, conversation: &mut Conversation) {
        let was_idle = conversation.unwritten() == 0;
        while conversation.unwritten() < WRITE
            && let Some(stanza) = self.flight.next(|| self.link.pop())
        {
            let length = conversation.write(stanza);
            self.flight.note_written(length);
        }
        if self.flight.ask(Instant::now()) {
            conversation.ask();
        }
        if was_idle && conversation.unwritten() > 0 {
            self.moved = Instant::now();
        }
    }

    fn hear(&mut self, heard: Result<Option<u32>, Failure>) -> Result<(), End> {
        let Some(handled) = heard.map_err(End::Lost)? else { return Ok(()) };
        let arrived = self.flight.acknowledge(handled)?;
        self.progressed |= !arrived.is_empty();
        self.arrived(arrived);
        self.moved = Instant::now();
        Ok(())
    }

    fn settle(&mut self, conversation: &Conversation) {
        let arrived = self.flight.settle(conversation.unwritten());
        self.arrived(arrived);
    }

    fn arrived(&self, parcels: Vec<Parcel>) {
        self.link.arrived_there(&parcels, Instant::now());
        self.federation.kept.arrived(self.link.pair.sender.as_str(), parcels);
    }
}
