//! The task that takes what waits to another server.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use stonechat_stanza::Stanza;
use stonechat_stream::StreamError;
use tokio::time::{Instant, sleep_until, timeout};

use super::Federation;
use super::conversation::Conversation;
use super::failure::Failure;
use super::link::Link;
use crate::connection::LAST_WORDS;

/// A stream that ends sooner has failed, and is not opened again at once.
const STABLE: Duration = Duration::from_secs(5);
/// So many bytes are written at once.
const WRITE: usize = 64 << 10;

/// Why a stream is over.
enum End {
    /// Nothing was to be said for a while.
    Idle,
    /// It broke, or the other server has ended it. What was not written waits again.
    Lost(Failure),
}

/// Takes what waits to the other server, until nothing does.
pub(super) async fn run(federation: Arc<Federation>, link: Arc<Link>) {
    loop {
        let conversation = match federation.connect(&link.pair).await {
            Ok(conversation) => conversation,
            Err(failure) => return fail(&federation, &link, failure).await,
        };
        tracing::debug!(pair = %link.pair, "stream to another server");
        link.reached();
        let began = Instant::now();
        match pump(&federation, &link, conversation).await {
            End::Idle => {}
            End::Lost(failure) if began.elapsed() < STABLE => return fail(&federation, &link, failure).await,
            End::Lost(failure) => tracing::debug!(pair = %link.pair, %failure, "stream is over"),
        }
        if federation.retire(&link) {
            return;
        }
    }
}

/// Gives everything back to its senders.
async fn fail(federation: &Arc<Federation>, link: &Link, failure: Failure) {
    let settings = federation.settings.load_full();
    let (first, most) = (settings.federation.retry_first, settings.federation.retry_most);
    let back = link.fail(&failure, first, most, Instant::now());
    tracing::info!(pair = %link.pair, %failure, returned = back.len(), "another server is not reached");
    let Some(server) = federation.server() else { return };
    let Some(host) = server.hosts.get(link.pair.sender.as_str()) else { return };
    let error = failure.to_stanza_error();
    for stanza in back {
        if let Some(reply) = stanza.error_reply(&error) {
            host.send(reply).await;
        }
    }
}

/// What was appended to a conversation and is perhaps not written, with the bytes that each stanza takes.
#[derive(Default)]
struct InFlight {
    stanzas: VecDeque<(Stanza, usize)>,
    bytes: usize,
}

impl InFlight {
    /// Takes as much as is written at once.
    fn fill(&mut self, link: &Link, conversation: &mut Conversation) {
        while conversation.unwritten() < WRITE
            && let Some(stanza) = link.pop()
        {
            let length = conversation.write(&stanza);
            self.bytes += length;
            self.stanzas.push_back((stanza, length));
        }
    }

    /// Forgets what was written; says whether that is anything.
    fn settle(&mut self, unwritten: usize) -> bool {
        let before = self.bytes;
        while let Some((_, length)) = self.stanzas.front()
            && self.bytes - length >= unwritten
        {
            self.bytes -= length;
            self.stanzas.pop_front();
        }
        self.bytes != before
    }
}

/// Sends what waits, as far as the other server takes it, and ends the stream.
async fn farewell(link: &Link, mut flight: InFlight, mut conversation: Conversation) -> End {
    let sending = async {
        loop {
            flight.fill(link, &mut conversation);
            if conversation.unwritten() == 0 || conversation.write_turn().await.is_err() {
                return;
            }
            flight.settle(conversation.unwritten());
        }
    };
    // What it does not take in time goes back to its senders.
    let _ = timeout(LAST_WORDS, sending).await;
    flight.settle(conversation.unwritten());
    link.put_back(flight.stanzas.into_iter().map(|(stanza, _)| stanza));
    conversation.discard(Some(StreamError::system_shutdown())).await;
    End::Lost(Failure::Stopping)
}

async fn pump(federation: &Arc<Federation>, link: &Link, mut conversation: Conversation) -> End {
    let settings = federation.settings.load_full();
    let mut flight = InFlight::default();
    let mut moved = Instant::now();
    let failure = loop {
        flight.fill(link, &mut conversation);
        let is_idle = conversation.unwritten() == 0;
        let patience = if is_idle { settings.federation.idle } else { settings.write() };
        let before = conversation.unwritten();
        tokio::select! {
            heard = conversation.listen() => {
                if let Err(failure) = heard {
                    break failure;
                }
            }
            () = link.arrived(), if is_idle => moved = Instant::now(),
            () = sleep_until(moved + patience) => {
                if is_idle {
                    conversation.close(None).await;
                    return End::Idle;
                }
                break Failure::Stuck;
            }
            () = federation.stopping.cancelled() => {
                return farewell(link, flight, conversation).await;
            }
        }
        if conversation.unwritten() < before {
            moved = Instant::now();
        }
        flight.settle(conversation.unwritten());
    };
    flight.settle(conversation.unwritten());
    link.put_back(flight.stanzas.into_iter().map(|(stanza, _)| stanza));
    if !matches!(failure, Failure::Stuck | Failure::Broken(_)) {
        // The other server has ended it, and that is answered.
        tokio::spawn(async move { conversation.discard(None).await });
    }
    End::Lost(failure)
}
