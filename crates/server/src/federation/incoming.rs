//! A stream that another server has opened.

use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, UnixTime};
use stonechat_net::Service;
use stonechat_net::certificate::judge;
use stonechat_stanza::StanzaError;
use stonechat_stream::StreamError;
use stonechat_stream::codec::{Content, Frame};
use stonechat_stream::dialback::{Answer, Pair};
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::peer::{HostWanted, Incoming, IncomingAction, IncomingConfig, Offer};
use stonechat_stream::negotiation::server::Close;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::arrivals::{Listed, Managed, Proof};
use super::settings::Settings;
use super::{Federation, explain};
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
use management::Management;

mod management;

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
    let Stream { mut link, mut outgoing, management, listed, .. } = stream;
    // Who goes on with it does not have to wait for the rest.
    drop((management, listed));
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
    Verified(Pair, Answer),
    /// So many stanzas were handled, and all that they have led to is durable.
    Durable(u32),
    /// The other server goes on over another connection.
    Taken,
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
    machine: Incoming,
    /// What the other server has shown.
    shown: Vec<CertificateDer<'static>>,
    /// The version of TLS.
    tls: &'static str,
    /// What the next pair that may send has proved itself by.
    proof: Proof,
    listed: Listed,
    rate: Rate,
    paused_until: Option<Instant>,
    /// When it is over unless something comes.
    deadline: Instant,
    verified: mpsc::Sender<(Pair, Answer)>,
    answers: mpsc::Receiver<(Pair, Answer)>,
    management: Management,
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
            machine,
            shown: Vec::new(),
            tls: explain::tls_version(None),
            proof: Proof::Certificate,
            listed: Listed::new(&federation, peer),
            rate: Rate::new(limits.bytes_per_second, limits.burst_bytes, now),
            paused_until: None,
            deadline: now + config.timeouts.login,
            verified,
            answers,
            management: Management::new(&shared.journal),
            federation,
            settings,
        }
    }

    async fn run(&mut self, direct_tls: bool) -> Over {
        if direct_tls && self.handshake().await.is_err() {
            return Over("the TLS handshake failed");
        }
        loop {
            while let Some(action) = self.machine.next_action() {
                if let Some(over) = self.act(action).await {
                    return over;
                }
            }
            self.proof = Proof::Certificate;
            // Whoever reads none of the little that is said here is not worth waiting for.
            let written = self.outgoing.write(&mut self.link.transport, None);
            if !matches!(timeout(self.settings.write(), written).await, Ok(Ok(()))) {
                return Over("the connection is broken");
            }
            match self.event().await {
                Event::Frame(Ok(Some(frame))) => self.take(frame),
                Event::Frame(Ok(None) | Err(Unreadable::Broken(_))) => {
                    return Over("the connection is closed");
                }
                Event::Frame(Err(Unreadable::Refused(error))) => self.machine.error(error.into()),
                Event::Verified(pair, answer) => {
                    self.proof = Proof::Dialback;
                    self.machine.verified(&pair, answer);
                }
                Event::Durable(handled) => self.machine.acknowledge(handled),
                Event::Taken => self.machine.error(StreamError::conflict()),
                Event::Stopping => {
                    self.acknowledge_all().await;
                    self.machine.error(StreamError::system_shutdown());
                }
                Event::Late if self.machine.is_authorized() => {
                    self.acknowledge_all().await;
                    self.machine.finish();
                }
                Event::Late => self.machine.error(StreamError::connection_timeout()),
            }
        }
    }

    async fn event(&mut self) -> Event {
        // Stays until the next frame, whatever else happens before.
        let paused_until = self.paused_until;
        let frame = async {
            if let Some(until) = paused_until {
                sleep_until(until).await;
            }
            self.link.frame().await
        };
        tokio::select! {
            frame = frame => Event::Frame(frame),
            Some((pair, answer)) = self.answers.recv() => Event::Verified(pair, answer),
            event = self.management.event() => event,
            () = sleep_until(self.deadline) => Event::Late,
            () = self.shared.stopping.cancelled() => Event::Stopping,
        }
    }

    fn take(&mut self, frame: Frame) {
        let now = Instant::now();
        let bytes = match &frame {
            Frame::Stanza(stanza) => stanza.payload_bytes().len() + 128,
            Frame::Nonza(nonza) => nonza.bytes().len(),
            Frame::Open(_) | Frame::Close => 128,
        };
        self.paused_until = self.rate.spend(bytes, now);
        if self.machine.is_authorized() {
            self.deadline = now + self.settings.federation.idle * 2;
        }
        let pending = self.link.input.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
        self.machine.frame(frame, pending);
    }

    async fn act(&mut self, action: IncomingAction) -> Option<Over> {
        match action {
            IncomingAction::Send(bytes) => self.outgoing.say(&bytes),
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
                let answer = self.judge(&pair, &stream, &key);
                self.machine.judged(&pair, &stream, answer);
            }
            IncomingAction::Authorized(pair) => {
                tracing::debug!(%pair, peer = %self.peer, "another server may send");
                self.link.decoder.set_limits(after_login(&self.settings.server));
                self.deadline = Instant::now() + self.settings.federation.idle * 2;
                self.listed.add(pair, self.proof, self.tls);
            }
            // The policy may have become another since the stream began.
            IncomingAction::Stanza(stanza) if !self.federation.still_speaks_with(&stanza) => {
                self.machine.error(not_spoken_with());
            }
            IncomingAction::Stanza(stanza) => {
                self.listed.count(&stanza, stanza.to().map(|to| to.domain()).unwrap_or_default());
                if self.shared.hosts.from_peer(stanza).await {
                    self.management.count();
                } else {
                    self.machine.error(StreamError::host_gone());
                }
            }
            IncomingAction::Misaddressed { stanza, target } => {
                self.listed.count(&stanza, target.as_str());
                if let Some(host) = self.shared.hosts.get(target.as_str()) {
                    host.from_peer(stanza).await;
                }
                self.management.count();
            }
            IncomingAction::Enable(enable) => {
                self.enable(enable);
                self.note_management();
            }
            IncomingAction::Resume(resume) => {
                self.resume(resume).await;
                self.note_management();
            }
            IncomingAction::AckWanted => self.management.owe(),
            IncomingAction::Close(close) => {
                if matches!(close, Close::Finished) {
                    self.management.forget(&self.federation.resumable);
                }
                return Some(Over("it was closed"));
            }
            _ => self.machine.error(StreamError::internal_server_error()),
        }
        None
    }

    fn note_management(&mut self) {
        if self.machine.counts() {
            let can_resume = self.management.is_held();
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

    /// Whether the certificate is that of a domain, and good.
    fn is_certified(&self, domain: &str) -> bool {
        let Some(roots) = &self.settings.roots else { return false };
        match judge(&self.shown, domain, Service::Server, roots, UnixTime::now()) {
            Ok(()) => true,
            Err(why) => {
                tracing::debug!(peer = %self.peer, domain, %why, "another server's certificate does not do");
                false
            }
        }
    }

    /// What is offered to who says to be a domain.
    fn offer(&mut self, wanted: &HostWanted) {
        if !self.shared.hosts.has(wanted.to.as_str()) {
            return self.machine.host(None);
        }
        let Some(from) = wanted.from.as_ref().filter(|_| wanted.secure) else {
            return self.machine.host(Some(Offer::default()));
        };
        if let Err(error) = self.may_speak(from.as_str()) {
            return self.machine.error(error);
        }
        let external = self.is_certified(from.as_str());
        let policy = self.settings.federation.policy_for(from.as_str());
        let features = vec![features::limits(&self.settings.server, true)];
        self.machine.host(Some(Offer {
            external,
            dialback: external || policy == Policy::Dialback,
            management: true,
            features,
        }));
    }

    fn may_speak(&self, domain: &str) -> Result<(), StreamError> {
        if self.shared.hosts.has(domain) {
            return Err(StreamError::not_authorized().with_text("that domain is served here"));
        }
        if self.settings.federation.policy_for(domain) == Policy::Refuse {
            return Err(not_spoken_with());
        }
        Ok(())
    }

    /// Finds out whether a pair is to be let through.
    fn verify(&mut self, pair: Pair, stream: String, key: String) {
        let refused = |error: StanzaError| Answer::Error(Box::new(error));
        if !self.shared.hosts.has(pair.target.as_str()) {
            return self.machine.verified(&pair, refused(StanzaError::item_not_found()));
        }
        if self.may_speak(pair.sender.as_str()).is_err() {
            return self.machine.verified(&pair, refused(StanzaError::not_acceptable()));
        }
        // Nobody has to be asked about who has proved it.
        if self.is_certified(pair.sender.as_str()) {
            return self.machine.verified(&pair, Answer::Valid);
        }
        if self.settings.federation.policy_for(pair.sender.as_str()) != Policy::Dialback {
            let error = StanzaError::not_authorized().with_text("a certificate is required");
            return self.machine.verified(&pair, refused(error));
        }
        let (federation, verified) = (Arc::clone(&self.federation), self.verified.clone());
        let who = self.peer.to_string();
        self.federation.tasks.spawn(async move {
            let answer = match federation.ask(&pair, stream, key, &who).await {
                Ok(answer) => told(answer),
                Err(failure) => {
                    tracing::info!(%pair, %failure, "a dialback key cannot be verified");
                    // The condition alone: the cause is no business of theirs.
                    refused(failure.to_stanza_error().condition.into())
                }
            };
            if answer == Answer::Invalid {
                tracing::warn!(%pair, "a server speaks for a domain that does not know it");
            }
            // The stream may be over.
            let _ = verified.send((pair, answer)).await;
        });
    }

    /// Whether a key is our own side's (XEP-0220 §2.2.2).
    fn judge(&self, pair: &Pair, stream: &str, key: &str) -> Answer {
        if !self.shared.hosts.has(pair.sender.as_str()) {
            return Answer::Error(Box::new(StanzaError::item_not_found()));
        }
        if self.federation.secret.is_key(pair, stream, key) { Answer::Valid } else { Answer::Invalid }
    }
}

fn not_spoken_with() -> StreamError {
    StreamError::policy_violation().with_text("this server does not speak with that domain")
}

/// XEP-0220 §2.5: what the authoritative server cannot say is passed on as one condition.
fn told(answer: Answer) -> Answer {
    match answer {
        Answer::Error(_) => Answer::Error(Box::new(StanzaError::remote_server_not_found())),
        answer => answer,
    }
}
