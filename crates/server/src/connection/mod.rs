//! A connection: one task that negotiates, and then both reads and writes.

mod authenticate;
mod before_session;
mod binding;
mod buffers;
mod end;
pub(crate) mod features;
mod guard;
pub(crate) mod link;
mod negotiate;
pub(crate) mod outgoing;
pub(crate) mod rate;
mod session;
mod socket;
mod timer;
pub(crate) mod transport;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use stonechat_extension::Ending;
use stonechat_stream::codec::Framing;
use tokio::time::timeout;

use crate::config::Listener;
use crate::listener::Permit;
use crate::shared::{Shared, State};
use end::End;
pub(crate) use features::Features;
use guard::Guard;
use link::Link;
use negotiate::Negotiator;
use session::Stream;
pub use socket::Duplex;
pub(crate) use socket::Socket;
use transport::Transport;

/// How long the last words may take.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(5);

/// A connection with a session.
struct Established {
    guard: Guard,
    link: Link,
}

/// Serves one connection, from its first byte to its last.
///
/// Boxes keep what only the beginning or the end needs, and what would be moved about, out of the task of a session that idles.
pub(crate) async fn serve(
    _place: Permit,
    stream: Socket,
    peer: IpAddr,
    listener: Listener,
    shared: Arc<Shared>,
) {
    let state = shared.state.load_full();
    let negotiated = Box::pin(negotiate(Transport::Plain(stream), peer, listener, &shared, &state)).await;
    let Some(mut established) = negotiated else { return };
    let session = &established.guard.session;
    if shared.stopping.is_cancelled() {
        session.mailbox().end(Ending::Shutdown);
    }
    tracing::debug!(%peer, session = %session.jid(), "session begins");
    let end = Stream::new(&mut established, &state.config).run().await;
    Box::pin(finish(established, end)).await;
}

async fn negotiate(
    transport: Transport,
    peer: IpAddr,
    listener: Listener,
    shared: &Arc<Shared>,
    state: &State,
) -> Option<Box<Established>> {
    let mut negotiator = Negotiator::new(transport, peer, &listener, shared, state);
    let guard = negotiator.run().await;
    let Negotiator { mut link, mut outgoing, .. } = negotiator;
    if let Some(mut guard) = guard {
        guard.outgoing = outgoing;
        return Some(Box::new(Established { guard, link }));
    }
    if outgoing.is_pending() {
        // Who does not listen does not have to be told.
        let _ = timeout(LAST_WORDS, outgoing.write(&mut link.transport, None)).await;
    }
    link.close().await;
    None
}

async fn finish(established: Box<Established>, end: End) {
    let Established { mut guard, mut link } = *established;
    tracing::debug!(session = %guard.session.jid(), reason = %end, "session ends");
    if end.can_write() {
        let last_words = last_words(&end, &mut guard, &mut link);
        // Who does not listen does not have to be told.
        let _ = timeout(LAST_WORDS, last_words).await;
    }
    guard.end(end.may_resume()).await;
    link.close().await;
}

async fn last_words(end: &End, guard: &mut Guard, link: &mut Link) -> std::io::Result<()> {
    let Guard { session, outgoing, .. } = guard;
    let mailbox = end.empties_mailbox().then(|| session.mailbox());
    outgoing.write(&mut link.transport, mailbox).await?;
    let mut bytes = Vec::new();
    if let Some(error) = end.stream_error() {
        Framing::Tcp.write_element(&error.to_element(), &mut bytes);
    }
    Framing::Tcp.write_close(&mut bytes);
    outgoing.say(&bytes);
    outgoing.write(&mut link.transport, None).await
}
