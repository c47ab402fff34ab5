//! The connection of a component.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use stonechat_jid::BareJid;
use stonechat_stanza::{Defect, StanzaError};
use stonechat_stream::StreamError;
use stonechat_stream::codec::{Content, Frame};
use stonechat_stream::negotiation::component::{Accepting, AcceptingAction};
use stonechat_stream::negotiation::server::Close;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::attached::Attached;
use super::lanes::Lane;
use super::writer::Writer;
use crate::config::Config;
use crate::connection::LAST_WORDS;
use crate::connection::Socket;
use crate::connection::link::{Link, Unreadable, after_login, before_login};
use crate::connection::rate::Rate;
use crate::connection::transport::Transport;
use crate::listener::Permit;
use crate::shared::Shared;

/// So many bytes are taken out of the queue to be written.
const WRITE: usize = 64 << 10;

/// Serves the connection of a component, from its first byte to its last.
pub(crate) async fn serve(_place: Permit, stream: Socket, peer: IpAddr, shared: Arc<Shared>) {
    let mut stream = Stream::new(stream, peer, &shared);
    let over = stream.run().await;
    let domain = stream.wanted.as_ref().map(|component| component.domain.as_str());
    tracing::info!(%peer, component = domain, reason = over.0, "the connection of a component is over");
    // Who does not listen does not have to be told.
    let _ = timeout(LAST_WORDS, stream.write_all()).await;
    let Stream { link, writer, wanted, joined, .. } = stream;
    if let (Some(component), Some(joined)) = (wanted, joined) {
        component.leave(joined.lane, writer.unwritten());
    }
    link.close().await;
}

/// The connection is over, for this reason.
struct Over(&'static str);

/// What the connection waits for.
enum Event {
    Frame(Result<Option<Frame>, Unreadable>),
    Written(std::io::Result<()>),
    /// There may be more to take or to read.
    Ready,
    Late,
    Stopping,
    Gone,
}

/// A place among the connections of a component.
struct Joined {
    lane: Lane,
    arrived: Arc<Notify>,
}

struct Stream {
    shared: Arc<Shared>,
    config: Config,
    peer: IpAddr,
    link: Link,
    writer: Writer,
    machine: Accepting,
    /// Who the other end wants to be.
    wanted: Option<Arc<Attached>>,
    /// Once it has proved that.
    joined: Option<Joined>,
    rate: Rate,
    paused_until: Option<Instant>,
    /// When it is over unless the other end has proved who it is.
    deadline: Instant,
}

impl Stream {
    fn new(stream: Socket, peer: IpAddr, shared: &Arc<Shared>) -> Self {
        let config = shared.state.load().config.clone();
        let now = Instant::now();
        Self {
            shared: Arc::clone(shared),
            peer,
            link: Link::new(Transport::Plain(stream), Content::Component, before_login(&config)),
            writer: Writer::default(),
            machine: Accepting::new(),
            wanted: None,
            joined: None,
            rate: Rate::new(config.limits.bytes_per_second, config.limits.burst_bytes, now),
            paused_until: None,
            deadline: now + config.timeouts.login,
            config,
        }
    }

    async fn run(&mut self) -> Over {
        loop {
            while let Some(action) = self.machine.next_action() {
                if let Some(over) = self.act(action).await {
                    return over;
                }
            }
            self.fill();
            match self.event().await {
                Event::Frame(Ok(Some(frame))) => self.take(frame),
                Event::Frame(Ok(None) | Err(Unreadable::Broken(_))) => return Over("it is closed"),
                Event::Frame(Err(Unreadable::Refused(error))) => self.machine.error(error.into()),
                Event::Written(Ok(())) | Event::Ready => {}
                Event::Written(Err(_)) => return Over("it is broken"),
                Event::Late if self.joined.is_some() => return Over("the component takes nothing"),
                Event::Late => self.machine.error(StreamError::connection_timeout()),
                Event::Stopping => {
                    self.fill_up_to(usize::MAX);
                    self.machine.error(StreamError::system_shutdown());
                }
                Event::Gone => self.machine.error(StreamError::host_gone()),
            }
        }
    }

    /// Takes as much of what is for the component as is written at once.
    fn fill(&mut self) {
        self.fill_up_to(WRITE);
    }

    fn fill_up_to(&mut self, bytes: usize) {
        let (Some(component), Some(joined)) = (&self.wanted, &self.joined) else { return };
        let room = bytes.saturating_sub(self.writer.left());
        component
            .take(joined.lane, room, self.writer.left() > 0)
            .into_iter()
            .for_each(|stanza| self.writer.stanza(stanza));
    }

    async fn event(&mut self) -> Event {
        let Self { link, writer, joined, wanted, machine, .. } = self;
        let late = match &joined {
            None => Some(self.deadline),
            Some(_) => writer.stuck_since().map(|since| since + self.config.timeouts.write),
        };
        let paused_until = self.paused_until;
        let reads = machine.takes_frames() && paused_until.is_none_or(|until| Instant::now() >= until);
        let has_room = writer.left() < WRITE;
        let transfer = poll_fn(|cx| {
            if let Poll::Ready(written) = writer.poll_write(cx, &mut link.transport) {
                return Poll::Ready(Event::Written(written));
            }
            match reads {
                true => poll_frame(link, cx).map(Event::Frame),
                false => Poll::Pending,
            }
        });
        let arrived = async {
            match joined {
                Some(joined) if has_room => joined.arrived.notified().await,
                _ => std::future::pending().await,
            }
        };
        let gone = async {
            match wanted {
                Some(component) => component.gone.cancelled().await,
                None => std::future::pending().await,
            }
        };
        let never = Instant::now();
        tokio::select! {
            event = transfer => event,
            () = arrived => Event::Ready,
            () = sleep_until(late.unwrap_or(never)), if late.is_some() => Event::Late,
            () = sleep_until(paused_until.unwrap_or(never)), if !reads && paused_until.is_some() => Event::Ready,
            () = self.shared.stopping.cancelled() => Event::Stopping,
            () = gone => Event::Gone,
        }
    }

    fn take(&mut self, frame: Frame) {
        let bytes = match &frame {
            Frame::Stanza(stanza) => stanza.payload_bytes().len() + 128,
            Frame::Nonza(nonza) => nonza.bytes().len(),
            Frame::Open(_) | Frame::Close => 128,
        };
        self.paused_until = self.rate.spend(bytes, Instant::now());
        self.machine.frame(frame);
    }

    async fn act(&mut self, action: AcceptingAction) -> Option<Over> {
        match action {
            AcceptingAction::Send(bytes) => self.writer.say(&bytes),
            AcceptingAction::Wanted(domain) => self.look_up(&domain),
            AcceptingAction::Established => self.join().await,
            AcceptingAction::Stanza(stanza) => {
                if let Some(component) = &self.wanted {
                    component.send(stanza).await;
                }
            }
            AcceptingAction::Misaddressed(stanza) => {
                let error = match stanza.defect() {
                    Some(Defect::MalformedTo) => StanzaError::jid_malformed(),
                    _ => StanzaError::bad_request().with_text("a stanza of a component needs `to`"),
                };
                if let Some(component) = &self.wanted {
                    component.tell(&stanza, &error);
                }
            }
            AcceptingAction::Close(close) => return Some(self.closed(&close)),
            _ => self.machine.error(StreamError::internal_server_error()),
        }
        None
    }

    fn look_up(&mut self, domain: &BareJid) {
        self.wanted = self.shared.components.get(domain);
        match &self.wanted {
            Some(component) if component.is_full() => {
                self.machine.error(StreamError::conflict().with_text("the component is connected already"));
            }
            Some(component) => self.machine.component(Some(component.secret())),
            None => {
                tracing::warn!(peer = %self.peer, %domain, "there is no such component");
                self.machine.component(None);
            }
        }
    }

    async fn join(&mut self) {
        let Some(component) = self.wanted.clone() else {
            return self.machine.error(StreamError::internal_server_error());
        };
        // Another may have come in between.
        let Some((lane, arrived)) = component.join() else {
            return self.machine.error(StreamError::conflict());
        };
        self.joined = Some(Joined { lane, arrived });
        self.link.decoder.set_limits(after_login(&self.config));
        tracing::info!(peer = %self.peer, component = %component.domain, "a component is connected");
        self.shared.hosts.component_connected(&component.domain).await;
    }

    fn closed(&self, close: &Close) -> Over {
        match close {
            Close::Error(error) if *error == StreamError::not_authorized() && self.joined.is_none() => {
                let domain = self.wanted.as_ref().map(|component| component.domain.as_str());
                tracing::warn!(peer = %self.peer, component = domain, "somebody who does not know the secret wants to be a component");
                Over("the secret is not the right one")
            }
            Close::Error(error) => {
                tracing::debug!(peer = %self.peer, %error, "the stream of a component ends with an error");
                Over("the stream ended with an error")
            }
            Close::PeerError(error) => {
                tracing::debug!(peer = %self.peer, %error, "a component ends its stream with an error");
                Over("the component ended the stream with an error")
            }
            _ => Over("the stream is at its end"),
        }
    }

    async fn write_all(&mut self) {
        let Self { link, writer, .. } = self;
        while writer.left() > 0 {
            if poll_fn(|cx| writer.poll_write(cx, &mut link.transport)).await.is_err() {
                return;
            }
        }
    }
}

/// The next frame; `None` at the end of the connection.
fn poll_frame(link: &mut Link, cx: &mut Context<'_>) -> Poll<Result<Option<Frame>, Unreadable>> {
    loop {
        let frame = link.decoder.decode(&mut link.input)?;
        link.release();
        if frame.is_some() {
            return Poll::Ready(Ok(frame));
        }
        if ready!(link.poll_read(cx))? == 0 {
            return Poll::Ready(Ok(None));
        }
    }
}
