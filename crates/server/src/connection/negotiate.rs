//! The negotiation of a stream: drives the machine of `stonechat-stream` with sockets, TLS, accounts and hosts.

use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use stonechat_extension::{Begun, Ending, Host, Mailbox, Phase, Wire};
use stonechat_jid::BareJid;
use stonechat_sasl::Channel;
use stonechat_stanza::{Nonza, StanzaError};
use stonechat_stream::StreamError;
use stonechat_stream::codec::Framing;
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::server;
use stonechat_stream::negotiation::server::{Action, Answer, Awaits, Close, Config, HostWanted, Negotiation};
use tokio::time::{Instant, sleep_until};

use super::features;
use super::guard::Guard;
use super::link::{Link, Unreadable, after_login, before_login};
use super::outgoing::Outgoing;
use super::transport::Transport;
use crate::auth::{Login, Progress};
use crate::config::{self, Kind, Listener};
use crate::shared::{Shared, State};
use crate::tls;

/// A stream under negotiation.
pub(super) struct Negotiator<'a> {
    shared: &'a Arc<Shared>,
    config: &'a config::Config,
    peer: IpAddr,
    pub(super) link: Link,
    pub(super) outgoing: Outgoing,
    /// TLS comes before the first byte.
    direct_tls: bool,
    channel: Channel,
    machine: Negotiation,
    login: Login<'a>,
    host: Option<Arc<Host>>,
    anonymous: bool,
}

/// How far the negotiation came.
enum Reached {
    /// A resource has to be bound.
    Bind(Option<String>),
    /// An element came that an extension may know.
    Element(Nonza),
    /// The stream is over; what was said may still have to be written.
    Over(Option<Close>),
}

impl<'a> Negotiator<'a> {
    pub(super) fn new(
        transport: Transport,
        peer: IpAddr,
        listener: &Listener,
        shared: &'a Arc<Shared>,
        state: &'a State,
    ) -> Self {
        let config = &state.config;
        let tls = match listener.kind {
            Kind::DirectTls => Tls::Established,
            Kind::Starttls if !listener.plaintext => Tls::Required,
            Kind::Starttls if shared.certificates.is_empty() => Tls::Unavailable,
            Kind::Starttls => Tls::Optional,
        };
        let machine = Negotiation::new(Config {
            tls,
            default_host: state.default_host(),
            max_failures: config.authentication.failures_per_stream,
            ..Config::new(Framing::Tcp)
        });
        Self {
            shared,
            config,
            peer,
            link: Link::new(transport, before_login(config)),
            outgoing: Outgoing::default(),
            direct_tls: listener.kind == Kind::DirectTls,
            channel: Channel::plaintext(),
            machine,
            login: Login::new(&shared.accounts, &shared.throttle, peer),
            host: None,
            anonymous: false,
        }
    }

    /// Negotiates until a resource is bound; `None` when the stream is over. However it goes, it takes no longer than
    /// `timeouts.login`, except that a resource which is being bound is bound.
    pub(super) async fn run(&mut self) -> Option<Guard> {
        let deadline = Instant::now() + self.config.timeouts.login;
        let stopping = &self.shared.stopping;
        loop {
            let reached = tokio::select! {
                reached = self.drive() => reached,
                () = sleep_until(deadline) => {
                    let error = StreamError::connection_timeout().with_text("the login took too long");
                    self.end(error)
                }
                () = stopping.cancelled() => self.end(StreamError::system_shutdown()),
            };
            match reached {
                Reached::Bind(resource) => match self.bind(resource).await {
                    Some(guard) => return Some(guard),
                    None => continue,
                },
                Reached::Element(nonza) => match self.element(&nonza).await {
                    Some(guard) => return Some(guard),
                    None => continue,
                },
                Reached::Over(close) => {
                    tracing::debug!(peer = %self.peer, ?close, "stream over before a session");
                    return None;
                }
            }
        }
    }

    /// Ends the stream with an error. What was being done is given up.
    fn end(&mut self, error: StreamError) -> Reached {
        self.machine.error(error);
        let mut close = None;
        while let Some(action) = self.machine.next_action() {
            match action {
                Action::Send(bytes) => self.outgoing.say(&bytes),
                Action::Close(reason) => close = Some(reason),
                _ => {}
            }
        }
        Reached::Over(close)
    }

    async fn drive(&mut self) -> Reached {
        if mem::take(&mut self.direct_tls) && self.handshake().await.is_err() {
            return Reached::Over(None);
        }
        loop {
            while let Some(action) = self.machine.next_action() {
                if let Some(reached) = self.act(action).await {
                    return reached;
                }
            }
            if self.outgoing.write(&mut self.link.transport, None).await.is_err() {
                return Reached::Over(None);
            }
            match self.machine.awaits() {
                Awaits::Frame => match self.link.frame().await {
                    Ok(Some(frame)) => {
                        // Some clients end each element with a newline, which can be taken for nothing else.
                        let pending =
                            self.link.input.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
                        self.machine.frame(frame, pending);
                    }
                    Err(Unreadable::Refused(error)) => self.machine.error(error.into()),
                    Ok(None) | Err(Unreadable::Broken(_)) => return Reached::Over(None),
                },
                // Whatever the machine waits for was answered, so it has something to do, or is at its end.
                _ => return self.end(StreamError::internal_server_error()),
            }
        }
    }

    async fn act(&mut self, action: Action) -> Option<Reached> {
        match action {
            Action::Send(bytes) => self.outgoing.say(&bytes),
            Action::StartTls => {
                let proceeded = self.outgoing.write(&mut self.link.transport, None).await;
                if proceeded.is_err() || self.handshake().await.is_err() {
                    return Some(Reached::Over(None));
                }
                self.machine.tls_established();
            }
            Action::HostWanted(wanted) => {
                let host = self.offer(&wanted);
                self.machine.host(host);
            }
            Action::Authenticate { mechanism, initial } => {
                let progress = self.login.begin(&mechanism, initial).await;
                self.progress(progress);
            }
            Action::Respond(data) => {
                let progress = self.login.respond(&data).await;
                self.progress(progress);
            }
            Action::Abort => self.login.forget(),
            Action::Restart => {
                self.link.decoder.reset();
                self.link.decoder.set_limits(after_login(self.config));
            }
            Action::Iq(stanza) => {
                let answer = match &self.host {
                    Some(host) => host.iq_before_auth(stanza, Some(self.peer)).await,
                    None => None,
                };
                self.machine.answer_iq(answer.as_ref());
            }
            Action::Nonza(nonza) => return Some(Reached::Element(nonza)),
            Action::Bind { resource } => return Some(Reached::Bind(resource)),
            Action::Close(close) => return Some(Reached::Over(Some(close))),
            // Established comes of `bound` only, and is taken where that is called.
            _ => return Some(self.end(StreamError::internal_server_error())),
        }
        None
    }

    /// Shakes hands. Nothing that came in the clear is left: the machine saw to it.
    async fn handshake(&mut self) -> Result<(), ()> {
        let transport = mem::replace(&mut self.link.transport, Transport::Gone);
        let Transport::Plain(stream) = transport else { return Err(()) };
        match tls::accept(stream, &self.shared.certificates).await {
            Ok(secured) => {
                let transport = Transport::Tls(Box::new(secured.stream));
                self.link = Link::new(transport, before_login(self.config));
                self.link.input = secured.input;
                self.channel = secured.channel;
                Ok(())
            }
            Err(error) => {
                tracing::debug!(peer = %self.peer, %error, "TLS handshake failed");
                Err(())
            }
        }
    }

    /// Who serves a domain, and what is offered at this stage of the stream.
    fn offer(&mut self, wanted: &HostWanted) -> Option<server::Host> {
        let state = self.shared.state.load();
        let served = state.hosts.get(wanted.to.as_str())?;
        self.host = Some(Arc::clone(&served.host));
        let logged_in = wanted.account.is_some();
        let phase = if logged_in { Phase::AfterAuth } else { Phase::BeforeAuth };
        let tables = served.host.tables();
        let features = tables.stream_features(phase).cloned();
        let features = features.chain([features::limits(self.config, logged_in)]).collect::<Vec<_>>();
        if logged_in {
            return Some(server::Host::default().with_features(features));
        }
        let domain = served.host.domain();
        let (mechanisms, bindings) =
            self.login.offer(domain, &served.policy, self.channel.clone(), served.decoy.clone());
        Some(server::Host::new(mechanisms).with_channel_bindings(bindings).with_features(features))
    }

    fn progress(&mut self, progress: Progress) {
        match progress {
            Progress::Challenge(data) => self.machine.challenge(&data),
            Progress::Success { account, data, anonymous } => {
                self.anonymous = anonymous;
                self.machine.success(account, data.as_deref());
            }
            Progress::Failure(failure) => self.machine.failure(failure),
        }
    }

    /// Has an element handled that negotiation does not know; `None` when the stream goes on as before, or is over.
    async fn element(&mut self, nonza: &Nonza) -> Option<Guard> {
        let begun = match (self.host.clone(), self.machine.account().cloned(), nonza.element()) {
            (Some(host), Some(account), Ok(element)) if !self.anonymous => host
                .before_session(&account, &element, Some(self.peer))
                .await
                .map(|begun| (host, account, begun)),
            _ => None,
        };
        let (host, account, session, reply) = match begun {
            None => {
                self.machine.answer_nonza(Answer::Unsupported);
                return None;
            }
            Some((_, _, Begun::Replied(reply))) => {
                self.machine.answer_nonza(Answer::Reply(vec![reply]));
                return None;
            }
            Some((host, account, Begun::Session(session, reply))) => (host, account, session, reply),
        };
        let jid = session.jid().clone();
        // From here on it is detached again whatever happens.
        let guard = Guard::new(Arc::clone(self.shared), host, session, false);
        self.machine.answer_nonza(Answer::Established { jid, reply: vec![reply] });
        self.established(guard, &account).await
    }

    /// Binds a resource; `None` when that failed and the client may try again, or the stream is over.
    async fn bind(&mut self, resource: Option<String>) -> Option<Guard> {
        let (Some(host), Some(account)) = (self.host.clone(), self.machine.account().cloned()) else {
            self.machine.bind_failed(&StanzaError::internal_server_error());
            return None;
        };
        let mailbox = Mailbox::new(Wire::InStream, self.config.limits.mailbox_bytes);
        match host.bind(&account, resource.as_deref(), mailbox, Some(self.peer)).await {
            Ok(session) => {
                self.machine.bound(session.jid().clone());
                let guard = Guard::new(Arc::clone(self.shared), host, session, self.anonymous);
                self.established(guard, &account).await
            }
            Err(error) => {
                self.machine.bind_failed(&error.into());
                None
            }
        }
    }

    /// A session begins, if its account still may have one.
    async fn established(&mut self, guard: Guard, account: &BareJid) -> Option<Guard> {
        // Not before the session is there for who removes its account or host, and ends what sessions he finds.
        if let Some(ending) = self.forfeited(&guard.host, account).await {
            guard.session.mailbox().end(ending);
        }
        let mut established = false;
        while let Some(action) = self.machine.next_action() {
            match action {
                Action::Send(bytes) => self.outgoing.say(&bytes),
                Action::Established(_) => established = true,
                _ => {}
            }
        }
        established.then_some(guard)
    }

    /// Why a client may not have a session although it has logged in: much may have happened since.
    async fn forfeited(&self, host: &Arc<Host>, account: &BareJid) -> Option<Ending> {
        let served = self.shared.hosts.get(host.domain());
        if !served.is_some_and(|served| Arc::ptr_eq(&served, host)) {
            return Some(Ending::HostGone);
        }
        if self.anonymous || self.login.is_up_to_date() {
            return None;
        }
        match self.shared.accounts.find(account).await {
            Ok(Some(found)) if !found.disabled => None,
            Ok(_) => Some(Ending::AccountRemoved),
            Err(error) => {
                tracing::error!(%account, %error, "an account cannot be read");
                Some(Ending::Policy("the account cannot be read now; try again later".to_owned()))
            }
        }
    }
}
