//! The task that takes what waits to another server.

use std::sync::Arc;

use stonechat_stream::negotiation::peer::Management;
use tokio::time::{Instant, sleep};

use super::Federation;
use super::failure::Failure;
use super::flight::Flight;
use super::link::Link;
use super::persistence::{Persistence, Ran};
use super::pump::Pump;
use super::resumable::Followed;
use super::shares::Wanted;
use super::status::Opener;

/// What a link remembers from one stream to the next.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) flight: Flight,
    /// What came on the last stream of our own that was for both directions.
    pub(super) followed: Option<Followed>,
    /// That one broke, and what the other server has sent on it may not have come; it may be unable to open a stream itself.
    pub(super) owes: bool,
    /// When a stream of the other server was lost.
    lost: Option<Instant>,
}

impl Memory {
    /// What the next stream of our own begins with. What is told in it to be handled is durable.
    async fn management(&self, federation: &Federation) -> Management {
        let Some(id) = self.flight.id() else { return Management::Enable };
        let followed = self.followed.as_ref().filter(|followed| followed.id() == id);
        let handled = match followed {
            Some(followed) => followed.handled(),
            None => federation.resumable.handled(id).unwrap_or_default(),
        };
        if let Some(server) = federation.server() {
            server.journal.settled().await;
        }
        self.flight.management(handled)
    }

    /// A stream is over.
    fn left(&mut self, opener: Opener, failure: Option<&Failure>) {
        self.lost = None;
        if opener == Opener::Them {
            self.lost = failure.is_some_and(Failure::is_a_cut).then(Instant::now);
            // Nobody has to ask about it.
            if self.flight.is_empty() {
                self.flight = Flight::default();
            }
        }
    }
}

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
    let mut memory = Memory::default();
    let mut persistence = Persistence::default();
    loop {
        let management = memory.management(&federation).await;
        let needs = memory.flight.needs();
        let way = federation.way(&link, needs, management, wanted.who(), memory.lost).await;
        let (ran, failure) = match way {
            Ok(way) => {
                let opener = way.opener();
                tracing::debug!(pair = %link.pair, ?opener, "stream to another server");
                link.reached(opener);
                wanted.reached();
                memory.owes = false;
                let mut pump = Pump::new(&federation, &link, &mut memory);
                let end = pump.run(way).await;
                let ran = pump.ran();
                link.left();
                memory.left(opener, end.as_ref().err());
                match end {
                    Ok(()) => (None, None),
                    Err(failure) => (Some(ran), Some(failure)),
                }
            }
            Err(failure) => (None, Some(failure)),
        };
        memory.flight.interrupt();
        let is_over = failure.is_none() || ran.is_some();
        let owes = memory.owes && !link.is_given_up();
        if memory.flight.is_empty() && !owes && is_over && federation.retire(&link) {
            return;
        }
        let Some(failure) = failure else { continue };
        if ran.is_none() && failure.is_out_of_reach() && federation.can_use_theirs(&link) {
            // It has come, does not go on with the stream that it is to be asked about, and cannot be asked.
            memory.flight.lose_count();
            continue;
        }
        let Some(delay) = delay(&federation, &mut persistence, ran, &failure) else {
            if give_up(&federation, &link, &mut memory, failure).await {
                return;
            }
            continue;
        };
        tracing::debug!(pair = %link.pair, %failure, "stream to another server is over");
        tokio::select! {
            () = sleep(delay) => {}
            () = link.way_changed() => {}
            () = federation.stopping.cancelled() => {
                return fail(&federation, &link, memory.flight, Failure::Stopping).await;
            }
        }
    }
}

fn delay(
    federation: &Federation,
    persistence: &mut Persistence,
    ran: Option<Ran>,
    failure: &Failure,
) -> Option<std::time::Duration> {
    let settings = federation.settings.load_full();
    let (most, longest) = (settings.federation.reconnect, settings.federation.retry_first);
    persistence.delay(ran, failure, most, longest, Instant::now())
}

/// The other server is not reached. Whether that is all: it may have come to us, or is about to, or nothing waits for it.
async fn give_up(
    federation: &Arc<Federation>,
    link: &Arc<Link>,
    memory: &mut Memory,
    failure: Failure,
) -> bool {
    memory.owes = false;
    if !matches!(failure, Failure::Stopping) && federation.has_come(link).await {
        // What is under way is sent again, as nobody can be asked how far it was.
        memory.flight.lose_count();
        return false;
    }
    let failure = if federation.stopping.is_cancelled() { Failure::Stopping } else { failure };
    if memory.flight.is_empty() && !matches!(failure, Failure::Stopping) && link.is_idle() {
        return federation.retire(link);
    }
    fail(federation, link, std::mem::take(&mut memory.flight), failure).await;
    // It may have come meanwhile, which is not to be forgotten.
    if federation.can_use_theirs(link) {
        link.look_again(true);
    }
    true
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
