//! A server: stream negotiation and SASL of the crates below, and stream management in its plainest form.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::BytesMut;
use stonechat_sasl::scram::{Credentials, Decoy, Hash};
use stonechat_sasl::{Channel, Mechanism, server as sasl};
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, Nonza, Stanza, message, ns};
use stonechat_stream::codec::{Content, Decoder, Frame, Framing, Limits};
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::server::{Action, Answer, Config, Host, Negotiation};
use stonechat_stream::sasl::Condition;

/// A session, with or without a connection.
#[derive(Debug, Default)]
struct Session {
    counted: bool,
    handled: u32,
    /// What was sent and is not acknowledged, and how many were.
    unacknowledged: VecDeque<u64>,
    acknowledged: u32,
}

/// The server.
pub(super) struct Peer {
    credentials: Credentials,
    context: Arc<sasl::Context>,
    session: Option<Session>,
    sessions: u32,
    /// What came of messages, by id.
    pub(super) received: Vec<String>,
    /// The names of the elements that are no stanzas and not of stream management.
    pub(super) elements: Vec<String>,
    /// Whether stream management is offered.
    pub(super) manages: bool,
    /// Whether sessions are forgotten when their connection breaks.
    pub(super) forgets: bool,
    link: Option<Link>,
}

struct Link {
    decoder: Decoder,
    buffer: BytesMut,
    negotiation: Negotiation,
    exchange: Option<sasl::Exchange>,
    established: bool,
    out: Vec<u8>,
}

impl Peer {
    pub(super) fn new() -> Self {
        let decoy = Decoy::new([1; 32], 4096).unwrap();
        let context =
            sasl::Context::new("example.com", &sasl::Policy::default(), Channel::plaintext(), decoy);
        Self {
            credentials: Credentials::generate("r0m30", &Hash::ALL, 4096).unwrap(),
            context: Arc::new(context),
            session: None,
            sessions: 0,
            received: Vec::new(),
            elements: Vec::new(),
            manages: true,
            forgets: false,
            link: None,
        }
    }

    /// A client has connected; an earlier connection is gone.
    pub(super) fn connect(&mut self) {
        let config = Config { tls: Tls::Unavailable, ..Config::new(Framing::Tcp) };
        self.link = Some(Link {
            decoder: Decoder::new(Framing::Tcp, Content::Client, Limits::authenticated()),
            buffer: BytesMut::new(),
            negotiation: Negotiation::new(config),
            exchange: None,
            established: false,
            out: Vec::new(),
        });
    }

    pub(super) fn disconnect(&mut self) {
        self.link = None;
        if self.forgets {
            self.session = None;
        }
    }

    /// Takes what the server has to say.
    pub(super) fn output(&mut self) -> Vec<u8> {
        self.link.as_mut().map(|link| std::mem::take(&mut link.out)).unwrap_or_default()
    }

    /// Sends a message, when there is a session for it.
    pub(super) fn send(&mut self, id: u64) -> bool {
        let Some(session) = &mut self.session else { return false };
        session.unacknowledged.push_back(id);
        if let Some(link) = self.link.as_mut().filter(|link| link.established) {
            write_message(id, &mut link.out);
        }
        true
    }

    pub(super) fn is_established(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.established)
    }

    /// Writes something into an established stream.
    pub(super) fn write(&mut self, xml: &str) {
        self.link.as_mut().unwrap().out.extend_from_slice(xml.as_bytes());
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let Some(mut link) = self.link.take() else { return };
        link.buffer.extend_from_slice(bytes);
        self.negotiate(&mut link);
        while let Some(frame) =
            link.decoder.decode(&mut link.buffer).expect("the client writes what can be read")
        {
            if link.established {
                self.frame(&mut link, frame);
            } else {
                link.negotiation.frame(frame, link.buffer.len());
                self.negotiate(&mut link);
            }
        }
        self.link = Some(link);
    }

    fn negotiate(&mut self, link: &mut Link) {
        while let Some(action) = link.negotiation.next_action() {
            match action {
                Action::Send(bytes) => link.out.extend_from_slice(&bytes),
                Action::HostWanted(wanted) => {
                    let mut host = Host::new(self.context.advertised().mechanisms());
                    if wanted.account.is_some() && self.manages {
                        host = host.with_features([Element::bare("sm", ns::SM)]);
                    }
                    link.negotiation.host(Some(host));
                }
                Action::Authenticate { mechanism, initial } => {
                    let mechanism: Mechanism = mechanism.parse().unwrap();
                    let exchange = sasl::Exchange::start(mechanism, Arc::clone(&self.context)).unwrap();
                    link.exchange = Some(exchange);
                    self.step(link, &initial.unwrap());
                }
                Action::Respond(data) => self.step(link, &data),
                Action::Restart => link.decoder.reset(),
                Action::Nonza(nonza) => {
                    let answer = self.resume(&nonza, &mut link.established);
                    link.negotiation.answer_nonza(answer);
                }
                Action::Bind { resource } => {
                    let resource = resource.unwrap_or_else(|| "made-up".to_owned());
                    link.negotiation.bound(format!("juliet@example.com/{resource}").parse().unwrap());
                }
                Action::Established(_) => self.establish(link),
                Action::Abort | Action::Close(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn step(&mut self, link: &mut Link, data: &[u8]) {
        let exchange = link.exchange.as_mut().unwrap();
        let mut step = exchange.step(data);
        if let sasl::Step::NeedCredentials(lookup) = step {
            assert_eq!(lookup.username, "juliet");
            step = exchange.provide(sasl::Account::found("juliet", self.credentials.clone()));
        }
        match step {
            sasl::Step::Challenge(message) => link.negotiation.challenge(&message),
            sasl::Step::Done(success) => {
                link.negotiation.success("juliet@example.com".parse().unwrap(), success.data.as_deref());
            }
            _ => link.negotiation.failure(Condition::NotAuthorized.into()),
        }
    }

    fn resume(&mut self, nonza: &Nonza, resumed: &mut bool) -> Answer {
        let element = nonza.element().unwrap();
        let id = format!("session-{}", self.sessions);
        let h: u32 = element.required_value("h").unwrap();
        let session =
            self.session.as_mut().filter(|session| session.counted && element.attr("previd") == Some(&id));
        let Some(session) = session else {
            let condition = Element::bare("item-not-found", ns::STANZAS);
            return Answer::Reply(vec![Builder::new("failed", ns::SM).child(condition).build()]);
        };
        session.acknowledge(h);
        let reply = Builder::new("resumed", ns::SM).attr("h", session.handled).attr("previd", &id).build();
        *resumed = true;
        Answer::Established { jid: "juliet@example.com/made-up".parse().unwrap(), reply: vec![reply] }
    }

    fn establish(&mut self, link: &mut Link) {
        if link.established {
            for id in &self.session.as_ref().unwrap().unacknowledged {
                write_message(*id, &mut link.out);
            }
            return;
        }
        link.established = true;
        self.sessions += 1;
        self.session = Some(Session::default());
    }

    fn frame(&mut self, link: &mut Link, frame: Frame) {
        let session = self.session.as_mut().unwrap();
        match frame {
            Frame::Stanza(stanza) => {
                if session.counted {
                    session.handled = session.handled.wrapping_add(1);
                }
                match stanza.kind() {
                    stonechat_stanza::Kind::Iq(_) => {
                        Framing::Tcp.write_stanza(&stanza.reply(), &mut link.out)
                    }
                    _ => self.received.push(stanza.id().unwrap_or_default().to_owned()),
                }
            }
            Frame::Nonza(nonza) if nonza.ns() != ns::SM => self.elements.push(nonza.name().to_owned()),
            Frame::Nonza(nonza) => match nonza.name() {
                "enable" => {
                    session.counted = true;
                    let id = format!("session-{}", self.sessions);
                    let enabled =
                        Builder::new("enabled", ns::SM).attr("id", id).attr("resume", "true").build();
                    Framing::Tcp.write_element(&enabled, &mut link.out);
                }
                "r" => {
                    let ack = Builder::new("a", ns::SM).attr("h", session.handled).build();
                    Framing::Tcp.write_element(&ack, &mut link.out);
                }
                "a" => session.acknowledge(nonza.element().unwrap().required_value("h").unwrap()),
                _ => {}
            },
            Frame::Close => Framing::Tcp.write_close(&mut link.out),
            Frame::Open(_) => panic!("a second stream"),
        }
    }
}

impl Session {
    fn acknowledge(&mut self, h: u32) {
        let more = h.wrapping_sub(self.acknowledged) as usize;
        assert!(more <= self.unacknowledged.len(), "the client acknowledges more than it was sent");
        self.unacknowledged.drain(..more);
        self.acknowledged = h;
    }
}

fn write_message(id: u64, out: &mut Vec<u8>) {
    Framing::Tcp.write_stanza(&Stanza::message(message::Type::Chat).with_id(&id.to_string()), out);
}
