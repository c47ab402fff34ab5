//! The two machines against each other, over bytes that are cut anywhere.

use std::collections::VecDeque;

use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::codec::{Content, Decoder, Limits};
use crate::negotiation::{client, server};
use crate::sasl;

/// One direction of a connection and the decoder at its end.
struct Pipe {
    framing: Framing,
    /// On a WebSocket the messages, on TCP pieces without meaning.
    pieces: VecDeque<Vec<u8>>,
    buffer: BytesMut,
    decoder: Decoder,
}

impl Pipe {
    fn new(framing: Framing) -> Self {
        let decoder = Decoder::new(framing, Content::Client, Limits::unauthenticated());
        Self { framing, pieces: VecDeque::new(), buffer: BytesMut::new(), decoder }
    }

    /// Moves at most `cut` bytes, or a message, to the end of the pipe; `false` if there is nothing left.
    fn flow(&mut self, cut: usize) -> bool {
        let Some(mut piece) = self.pieces.pop_front() else { return false };
        if self.framing == Framing::Tcp && piece.len() > cut {
            self.pieces.push_front(piece.split_off(cut));
        }
        self.buffer.extend_from_slice(&piece);
        true
    }

    fn frame(&mut self) -> Option<(Frame, usize)> {
        let frame = self.decoder.decode(&mut self.buffer).expect("the machines write well-formed XML")?;
        Some((frame, self.buffer.len()))
    }

    fn reset(&mut self) {
        self.decoder.reset();
    }
}

/// How the people behind the machines behave.
#[derive(Debug, Clone)]
struct Scene {
    framing: Framing,
    tls: Tls,
    /// Attempts with a wrong password before the right one.
    mistakes: u8,
    /// Whether the mechanism has a challenge.
    challenge: bool,
    /// Attempts to bind that are refused.
    conflicts: u8,
    resource: Option<String>,
    cuts: Vec<usize>,
}

struct Play {
    scene: Scene,
    client: client::Negotiation,
    server: server::Negotiation,
    to_server: Pipe,
    to_client: Pipe,
    sessions: (Option<FullJid>, Option<FullJid>),
    /// Why it ended without a session.
    ended: Option<(client::Error, Option<server::Close>)>,
}

impl Play {
    fn run(scene: Scene, client_tls: Tls) -> Self {
        let Scene { framing, tls, .. } = scene;
        let mut play = Self {
            client: client::Negotiation::new(client::Config {
                framing,
                tls: client_tls,
                ..client::Config::new(&juliet())
            }),
            server: server::Negotiation::new(server::Config { tls, ..server::Config::new(framing) }),
            to_server: Pipe::new(framing),
            to_client: Pipe::new(framing),
            scene,
            sessions: (None, None),
            ended: None,
        };
        let cuts = play.scene.cuts.clone();
        let mut cuts = cuts.iter().copied().cycle();
        play.client_acts();
        while play.to_server.flow(cuts.next().unwrap_or(1)) || play.to_client.flow(cuts.next().unwrap_or(1)) {
            while let Some((frame, pending)) = play.to_server.frame() {
                play.server.frame(frame, pending);
                play.server_acts();
            }
            while let Some((frame, pending)) = play.to_client.frame() {
                play.client.frame(frame, pending);
                play.client_acts();
            }
        }
        play
    }

    fn server_acts(&mut self) {
        while let Some(action) = self.server.next_action() {
            match action {
                server::Action::Send(bytes) => self.to_client.pieces.push_back(bytes),
                server::Action::StartTls => {
                    assert!(self.to_server.buffer.is_empty());
                    self.to_server.reset();
                    self.server.tls_established();
                }
                server::Action::HostWanted(wanted) => {
                    let known = wanted.to == "im.example.com";
                    self.server.host(known.then(|| server::Host::new(["TEST"])));
                }
                server::Action::Authenticate { initial, .. } if self.scene.challenge && initial.is_none() => {
                    self.server.challenge(b"who?");
                }
                server::Action::Authenticate { initial: data, .. } => self.check(data.as_deref()),
                server::Action::Respond(data) => self.check(Some(&data)),
                server::Action::Restart => self.to_server.reset(),
                server::Action::Bind { .. } if self.scene.conflicts > 0 => {
                    self.scene.conflicts -= 1;
                    self.server.bind_failed(&stonechat_stanza::StanzaError::conflict());
                }
                server::Action::Bind { resource } => {
                    let resource = resource.unwrap_or_else(|| "made-by-the-server".to_owned());
                    self.server.bound(juliet().with_resource(&resource).unwrap());
                }
                server::Action::Established(jid) => self.sessions.1 = Some(jid),
                server::Action::Close(close) => {
                    let (_, server) = self.ended.get_or_insert((client::Error::Closed, None));
                    *server = Some(close);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn check(&mut self, password: Option<&[u8]>) {
        match password {
            Some(b"right") => self.server.success(juliet(), Some(b"proof")),
            _ => self.server.failure(sasl::Condition::NotAuthorized.into()),
        }
    }

    fn client_acts(&mut self) {
        while let Some(action) = self.client.next_action() {
            match action {
                client::Action::Send(bytes) => self.to_server.pieces.push_back(bytes),
                client::Action::StartTls => {
                    self.to_client.reset();
                    self.client.tls_established();
                }
                client::Action::Authenticate(_) | client::Action::Failure(_) => {
                    let password = self.password();
                    let initial = (!self.scene.challenge).then_some(password);
                    self.client.authenticate("TEST", initial);
                }
                client::Action::Challenge(data) => {
                    assert_eq!(&*data, b"who?");
                    let password = self.password();
                    if self.scene.mistakes > 0 {
                        self.scene.mistakes -= 1;
                    }
                    self.client.respond(password);
                }
                client::Action::Success(data) => {
                    assert_eq!(data.as_deref(), Some(&b"proof"[..]));
                    self.client.accept();
                }
                client::Action::Restart => self.to_client.reset(),
                client::Action::Authenticated(_) | client::Action::BindFailed(_) => {
                    self.client.bind(self.scene.resource.as_deref());
                }
                client::Action::Established(jid) => self.sessions.0 = Some(jid),
                client::Action::Close(error) => {
                    let (client, _) = self.ended.get_or_insert((client::Error::Closed, None));
                    *client = error;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// What the user types; without a challenge every attempt is a mistake less.
    fn password(&mut self) -> &'static [u8] {
        if self.scene.mistakes == 0 {
            return b"right";
        }
        if !self.scene.challenge {
            self.scene.mistakes -= 1;
        }
        b"wrong"
    }
}

fn scene() -> impl Strategy<Value = Scene> {
    (
        prop_oneof![
            Just((Framing::Tcp, Tls::Established)),
            Just((Framing::Tcp, Tls::Required)),
            Just((Framing::Tcp, Tls::Optional)),
            Just((Framing::Tcp, Tls::Unavailable)),
            Just((Framing::WebSocket, Tls::Established)),
            Just((Framing::WebSocket, Tls::Unavailable)),
        ],
        0..4u8,
        any::<bool>(),
        0..3u8,
        proptest::option::of("[a-z0-9&<>'äöü]{1,4}( [a-z0-9\"&<>]{1,4})?"),
        proptest::collection::vec(1..90usize, 1..12),
    )
        .prop_map(|((framing, tls), mistakes, challenge, conflicts, resource, cuts)| Scene {
            framing,
            tls,
            mistakes,
            challenge,
            conflicts,
            resource,
            cuts,
        })
}

proptest! {
    #[test]
    fn the_machines_agree_however_the_bytes_are_cut(scene in scene()) {
        let wish = scene.resource.clone();
        let tls = scene.tls;
        let play = Play::run(scene, tls);
        prop_assert_eq!(&play.ended, &None);
        let (client, server) = play.sessions;
        let client = client.expect("the client has a session");
        prop_assert_eq!(Some(&client), server.as_ref());
        let expected = juliet().with_resource(wish.as_deref().unwrap_or("made-by-the-server")).unwrap();
        prop_assert_eq!(client, expected);
        prop_assert_eq!(play.client.is_secure(), play.server.is_secure());
        prop_assert_eq!(play.client.is_secure(), tls != Tls::Unavailable);
    }
}

fn quiet(framing: Framing, tls: Tls) -> Scene {
    Scene { framing, tls, mistakes: 0, challenge: false, conflicts: 0, resource: None, cuts: vec![1] }
}

#[test]
fn each_byte_alone_is_enough() {
    let play = Play::run(quiet(Framing::Tcp, Tls::Required), Tls::Required);
    assert!(play.sessions.0.is_some() && play.sessions.0 == play.sessions.1);
}

#[test]
fn too_many_wrong_passwords_end_both_sides() {
    let scene = Scene { mistakes: 4, ..quiet(Framing::Tcp, Tls::Established) };
    let play = Play::run(scene, Tls::Established);
    let (client, server) = play.ended.expect("it is over");
    let policy = |error: &StreamError| error.condition == crate::Condition::PolicyViolation;
    assert!(matches!(&server, Some(server::Close::Error(error)) if policy(error)), "{server:?}");
    assert!(matches!(&client, client::Error::Refused(error) if policy(error)), "{client:?}");
}

#[test]
fn a_client_that_wants_tls_leaves_a_server_that_has_none() {
    let play = Play::run(quiet(Framing::Tcp, Tls::Unavailable), Tls::Required);
    let (client, server) = play.ended.expect("it is over");
    assert_eq!(client, client::Error::TlsUnavailable);
    assert_eq!(server, Some(server::Close::Finished));
}

#[test]
fn a_client_without_tls_is_not_let_in_where_it_is_required() {
    let play = Play::run(quiet(Framing::Tcp, Tls::Required), Tls::Unavailable);
    let (client, server) = play.ended.expect("it is over");
    assert_eq!(client, client::Error::UnsupportedFeature);
    assert_eq!(server, Some(server::Close::PeerError(StreamError::unsupported_feature())));
}
