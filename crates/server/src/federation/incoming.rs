//! A stream that another server has opened.

use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use stonechat_stream::StreamError;
use stonechat_stream::codec::{Content, Frame};
use stonechat_stream::dialback::{Answer, Pair};
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::client;
use stonechat_stream::negotiation::peer::{Incoming, IncomingAction, IncomingConfig, OutgoingError};
use stonechat_stream::negotiation::server::Close;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::arrivals::{Listed, Managed, Proof};
use super::failure::Failure;
use super::inward::{Due, Inward, weight};
use super::reverse::{Counting, Reversing};
use super::settings::Settings;
use super::{Federation, explain, not_spoken_with};
use crate::config::{Kind, Listener, Policy};
use crate::connection::features;
use crate::connection::link::{Link, Unreadable, after_login, before_login};
use crate::connection::outgoing::Outgoing;
use crate::connection::rate::Rate;
use crate::connection::transport::Transport;
use crate::connection::{LAST_WORDS, Socket};
use crate::listener::Permit;
use crate::shared::Shared;
use crate::tls;
use back::Ending;

mod back;
mod io;
mod management;
mod policy;

/// Serves one stream of another server, from its first byte to its last.
pub(crate) async fn serve(
    _place: Permit,
    stream: Socket,
    peer: IpAddr,
    listener: Listener,
    shared: Arc<Shared>,
) {
    let mut stream = Stream::new(stream, peer, listener.kind, &shared);
    let over = stream.run(listener.kind == Kind::S2sDirectTls).await;
    tracing::debug!(%peer, reason = over.0, "stream of another server is over");
    stream.drop_uncounted();
    let Stream { mut link, mut outgoing, inward, reversing, listed, .. } = stream;
    // Who sends on it goes another way. Who goes on with it does not have to wait for the rest.
    drop(reversing);
    drop((inward, listed));
    if outgoing.is_pending() {
        // Who does not listen does not have to be told.
        let _ = timeout(LAST_WORDS, outgoing.write(&mut link.transport, None)).await;
    }
    link.close().await;
}

/// The stream is over, for this reason.
struct Over(&'static str);

/// What the stream waits for.
enum Event {
    Frame(Result<Option<Frame>, Unreadable>),
    /// There may be something to do.
    Again,
    /// The other server takes nothing.
    Stuck,
    Verified(Pair, Answer),
    Due(Due),
    /// The other server has not asked for stanzas to be counted.
    Settled,
    Late,
    Stopping,
}

struct Stream {
    shared: Arc<Shared>,
    federation: Arc<Federation>,
    settings: Arc<Settings>,
    peer: IpAddr,
    link: Link,
    outgoing: Outgoing,
    /// Bytes of the machine's that are not written, at the most.
    words: usize,
    /// Until when some of what is to be written has to be.
    write_deadline: Option<Instant>,
    machine: Incoming,
    /// What the other server has shown.
    shown: Vec<CertificateDer<'static>>,
    /// The version of TLS.
    tls: &'static str,
    /// What the next pair that may send has proved itself by.
    proof: Proof,
    listed: Listed,
    /// Domains that this was found to be a good certificate for.
    certified: Vec<String>,
    rate: Rate,
    paused_until: Option<Instant>,
    /// When it is over unless something comes.
    deadline: Instant,
    verified: mpsc::Sender<(Pair, Answer)>,
    answers: mpsc::Receiver<(Pair, Answer)>,
    inward: Inward,
    /// The direction back, where there is one.
    reversing: Option<Reversing>,
    /// Until when the other server may ask for stanzas to be counted before anything is sent back.
    settles: Option<Instant>,
    /// This side is about to end it, by this time.
    ending: Option<(Ending, Instant)>,
}

impl Stream {
    fn new(stream: Socket, peer: IpAddr, kind: Kind, shared: &Arc<Shared>) -> Self {
        let federation = Arc::clone(&shared.federation);
        let settings = federation.settings.load_full();
        let (config, limits) = (settings.server.clone(), settings.server.limits.clone());
        let machine = Incoming::new(IncomingConfig {
            tls: if kind == Kind::S2sDirectTls { Tls::Established } else { Tls::Required },
            max_pairs: settings.federation.pairs_per_stream,
            default_host: config.hosts.keys().next().cloned(),
        });
        let now = Instant::now();
        let (verified, answers) = mpsc::channel(1);
        Self {
            shared: Arc::clone(shared),
            peer,
            link: Link::new(Transport::Plain(stream), Content::Server, before_login(&config)),
            outgoing: Outgoing::default(),
            words: 0,
            write_deadline: None,
            machine,
            shown: Vec::new(),
            tls: explain::tls_version(None),
            proof: Proof::Certificate,
            listed: Listed::new(&federation, peer),
            certified: Vec::new(),
            rate: Rate::new(limits.bytes_per_second, limits.burst_bytes, now),
            paused_until: None,
            deadline: now + config.timeouts.login,
            verified,
            answers,
            inward: Inward::new(&shared.journal),
            reversing: None,
            settles: None,
            ending: None,
            federation,
            settings,
        }
    }

    async fn run(&mut self, direct_tls: bool) -> Over {
        if direct_tls && self.handshake().await.is_err() {
            return Over("the TLS handshake failed");
        }
        loop {
            if let Some(over) = self.check_reverse() {
                return over;
            }
            if let Some(over) = self.end_if_left().await {
                return over;
            }
            while let Some(action) = self.machine.next_action() {
                if let Some(over) = self.act(action).await {
                    return over;
                }
            }
            self.proof = Proof::Certificate;
            self.write_back();
            match self.event().await {
                Event::Frame(Ok(Some(frame))) => self.take(frame),
                Event::Frame(Ok(None) | Err(Unreadable::Broken(_))) => {
                    return Over("the connection is closed");
                }
                Event::Frame(Err(Unreadable::Refused(error))) => self.machine.error(error.into()),
                Event::Again => {}
                Event::Stuck => return Over("the connection is broken"),
                Event::Verified(pair, answer) => {
                    self.proof = Proof::Dialback;
                    self.machine.verified(&pair, answer);
                }
                Event::Due(Due::Durable(handled)) => self.machine.acknowledge(handled),
                Event::Due(Due::Taken) => {
                    if !self.write_uncounted().await {
                        return Over("the connection is broken");
                    }
                    self.reverse_over(Failure::Broken(
                        "the server goes on over another connection".to_owned(),
                    ));
                    self.machine.error(StreamError::conflict());
                }
                Event::Settled => self.settle_reverse(Counting::Off),
                Event::Stopping => self.begin_to_end(Ending::Stopping),
                Event::Late if self.machine.is_authorized() => self.begin_to_end(Ending::Quiet),
                Event::Late => self.machine.error(StreamError::connection_timeout()),
            }
        }
    }

    fn take(&mut self, frame: Frame) {
        let now = Instant::now();
        self.paused_until = self.rate.spend(weight(&frame), now);
        self.note_life(now);
        let pending = self.link.input.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
        self.machine.frame(frame, pending);
    }

    /// Something was said, in either direction.
    fn note_life(&mut self, now: Instant) {
        if self.machine.is_authorized() && self.ending.is_none() {
            self.deadline = now + self.settings.federation.idle * 2;
        }
    }

    async fn act(&mut self, action: IncomingAction) -> Option<Over> {
        match action {
            IncomingAction::Send(bytes) => {
                self.words += bytes.len();
                self.outgoing.say(&bytes);
            }
            IncomingAction::StartTls => {
                let proceeded = self.outgoing.write(&mut self.link.transport, None).await;
                if proceeded.is_err() || self.handshake().await.is_err() {
                    return Some(Over("the TLS handshake failed"));
                }
                self.machine.tls_established();
            }
            IncomingAction::HostWanted(wanted) => self.offer(&wanted),
            IncomingAction::Restart => self.link.decoder.reset(),
            IncomingAction::Verify { pair, stream, key } => self.verify(pair, stream, key),
            IncomingAction::Judge { pair, stream, key } => {
                let answer = self.federation.judge(&pair, &stream, &key);
                self.machine.judged(&pair, &stream, answer);
            }
            IncomingAction::Authorized(pair) => {
                tracing::debug!(%pair, peer = %self.peer, "another server may send");
                self.link.decoder.set_limits(after_login(&self.settings.server));
                self.deadline = Instant::now() + self.settings.federation.idle * 2;
                self.listed.add(pair, self.proof, self.tls);
            }
            // The policy may have become another since the stream began.
            IncomingAction::Stanza(stanza) | IncomingAction::Misaddressed { stanza, .. }
                if !self.still_speaks_with(&stanza) =>
            {
                self.machine.error(not_spoken_with());
            }
            IncomingAction::Stanza(stanza) => {
                self.listed.count(&stanza, stanza.to().map(|to| to.domain()).unwrap_or_default());
                let shared = Arc::clone(&self.shared);
                if self.write_while(shared.hosts.from_peer(stanza)).await {
                    self.inward.count();
                } else {
                    self.machine.error(StreamError::host_gone());
                }
            }
            IncomingAction::Misaddressed { stanza, target } => {
                self.listed.count(&stanza, target.as_str());
                if let Some(host) = self.shared.hosts.get(target.as_str()) {
                    self.write_while(host.from_peer(stanza)).await;
                }
                self.inward.count();
            }
            IncomingAction::Enable(enable) => {
                self.enable(enable);
                self.note_management();
            }
            IncomingAction::Resume(resume) => {
                self.resume(resume).await;
                self.note_management();
            }
            IncomingAction::AckWanted => self.inward.owe(),
            IncomingAction::Bidirectional(pair) => self.turn_around(pair),
            IncomingAction::Acknowledged(handled) => self.acknowledged(handled),
            IncomingAction::Close(close) => {
                if matches!(close, Close::Finished) {
                    self.inward.forget(&self.federation.resumable);
                }
                self.write_uncounted().await;
                self.reverse_over(Failure::Stream(OutgoingError::Stream(match close {
                    Close::PeerError(error) => client::Error::Refused(error),
                    _ => client::Error::Closed,
                })));
                return Some(Over("it was closed"));
            }
            _ => self.machine.error(StreamError::internal_server_error()),
        }
        None
    }

    fn note_management(&mut self) {
        if self.machine.counts() {
            let can_resume = self.inward.is_held();
            self.listed.manage(if can_resume { Managed::Resumable } else { Managed::Acknowledged });
        }
    }

    async fn handshake(&mut self) -> Result<(), ()> {
        let transport = mem::replace(&mut self.link.transport, Transport::Gone);
        let Transport::Plain(stream) = transport else { return Err(()) };
        let shaken = tls::accept(stream, &self.shared.certificates, tls::Whom::Servers);
        let secured = match timeout(self.settings.server.timeouts.login, shaken).await {
            Ok(Ok(secured)) => secured,
            Ok(Err(error)) => {
                tracing::debug!(peer = %self.peer, %error, "TLS handshake with another server failed");
                return Err(());
            }
            Err(_) => return Err(()),
        };
        let transport = Transport::Tls(Box::new(secured.stream));
        self.link = Link::new(transport, Content::Server, before_login(&self.settings.server));
        self.link.input = secured.input;
        self.shown = secured.shown;
        self.tls = explain::tls_version(secured.version);
        Ok(())
    }
}
