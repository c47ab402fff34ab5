//! The negotiation of a stream: drives the machine of `stonechat-stream` with sockets, TLS, accounts and hosts.

use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use stonechat_extension::Host;
use stonechat_extension::login::{self, Begin};
use stonechat_sasl::Channel;
use stonechat_stanza::Nonza;
use stonechat_stream::StreamError;
use stonechat_stream::codec::{Content, Framing};
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::server;
use stonechat_stream::negotiation::server::{Action, Awaits, Close, Config, HostWanted, Negotiation};
use tokio::time::{Instant, sleep_until};

use super::authenticate::{Begun, Proved};
use super::guard::Guard;
use super::link::{Link, Unreadable, after_login, before_login};
use super::outgoing::Outgoing;
use super::transport::Transport;
use crate::auth::{Authenticated, Login, Offer, Progress, Spoken};
use crate::config::{self, Kind, Listener};
use crate::shared::{Shared, State};
use crate::tls;

/// A stream under negotiation.
pub(super) struct Negotiator<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) config: &'a config::Config,
    pub(super) peer: IpAddr,
    pub(super) link: Link,
    pub(super) outgoing: Outgoing,
    /// TLS comes before the first byte.
    direct_tls: bool,
    channel: Channel,
    pub(super) machine: Negotiation,
    pub(super) login: Login<'a>,
    pub(super) host: Option<Arc<Host>>,
    /// An authentication by an extension's profile that is under way.
    pub(super) begun: Option<Begun>,
    /// Who has logged in.
    pub(super) logged_in: Option<login::Login>,
}

/// How far the negotiation came.
pub(super) enum Reached {
    /// A resource has to be bound.
    Bind(Option<String>),
    /// An element came that an extension may know.
    Element(Nonza),
    /// The client has authenticated by an extension's profile, and what it wants done with that has to be done.
    LoggedIn(Box<Proved>),
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
            // Those of other servers do not come here.
            Kind::S2s | Kind::S2sDirectTls | Kind::Component => Tls::Required,
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
            link: Link::new(transport, Content::Client, before_login(config)),
            outgoing: Outgoing::default(),
            direct_tls: listener.kind == Kind::DirectTls,
            channel: Channel::plaintext(),
            machine,
            login: Login::new(&shared.accounts, &shared.throttle, peer),
            host: None,
            begun: None,
            logged_in: None,
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
                Reached::Element(nonza) => match self.before_session(&nonza).await {
                    Some(guard) => return Some(guard),
                    None => continue,
                },
                Reached::LoggedIn(proved) => match self.complete(*proved).await {
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
    pub(super) fn end(&mut self, error: StreamError) -> Reached {
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
                let initial = initial.map(|data| data.into_vec().into());
                let begin = Begin { mechanism, initial, user_agent: None, requests: Vec::new() };
                let progress = self.login.begin(begin, Spoken::Classic).await;
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
            Action::Nonza(nonza) if self.machine.account().is_some() => {
                return Some(Reached::Element(nonza));
            }
            Action::Nonza(nonza) => return self.nonza(&nonza).await,
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
        match tls::accept(stream, &self.shared.certificates, tls::Whom::Clients).await {
            Ok(secured) => {
                let transport = Transport::Tls(Box::new(secured.stream));
                self.link = Link::new(transport, Content::Client, before_login(self.config));
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
        if wanted.account.is_some() {
            return Some(served.features.after_login(&served.host, self.config));
        }
        let offer =
            Offer::new(Arc::clone(&served.host), &served.policy, self.channel.clone(), served.decoy.clone());
        let shown = served.features.before_login(&offer, self.config);
        self.begun = None;
        self.login.offer(offer);
        Some(shown)
    }

    fn progress(&mut self, progress: Progress) {
        match progress {
            Progress::Challenge(data) => self.machine.challenge(&data),
            Progress::Success(authenticated) => {
                let Authenticated { login, data } = *authenticated;
                self.machine.success(login.account.clone(), data.as_deref());
                self.logged_in = Some(login);
            }
            Progress::Failure(failure) => self.machine.failure(failure),
        }
    }
}
