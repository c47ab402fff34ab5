//! From a session to the mailboxes of others, through all the extensions that stonechatd has by default.

use std::hint::black_box;

use bytes::BytesMut;
use stonechat_stanza::Stanza;
use stonechat_stream::codec::{Decoder, Frame};

use crate::common::stanzas::{MESSAGE, PING, PRESENCE, decoder, received};
use crate::common::world::{Client, DEFAULT, World, runtime, sent_to};
use crate::work::{Rounds, Work, measured};

/// Who gets presence.
const CONTACTS: usize = 50;
/// Who get a headline.
const SESSIONS: usize = 100;

pub(crate) const WORKS: &[Work] = &[
    Work {
        name: "message",
        unit: "message received, routed, taken",
        units: 1,
        rounds: 1_000,
        prepare: message,
    },
    Work { name: "full", unit: "message to a full JID", units: 1, rounds: 1_000, prepare: full },
    Work { name: "bare", unit: "message to a bare JID", units: 1, rounds: 1_000, prepare: bare },
    Work { name: "ping", unit: "ping answered by the host", units: 1, rounds: 1_000, prepare: ping },
    Work {
        name: "presence",
        unit: "delivery to one of 50 contacts",
        units: CONTACTS as u64,
        rounds: 40,
        prepare: presence,
    },
    Work {
        name: "headline",
        unit: "delivery to one of 100 sessions",
        units: SESSIONS as u64,
        rounds: 20,
        prepare: headline,
    },
];

/// A stanza that one sends and others get.
struct Scene {
    sender: Client,
    receivers: Vec<Client>,
    stanza: Stanza,
}

impl Scene {
    async fn round(&mut self) {
        self.sender.send(self.stanza.clone()).await;
        self.take();
    }

    /// Takes what has come out of the mailboxes, the sender's own among them.
    fn take(&mut self) {
        for receiver in &mut self.receivers {
            assert!(black_box(receiver.take()) > 0, "the stanza arrives");
        }
        black_box(self.sender.take());
    }
}

/// Work with the default extensions of which every round is counted.
fn rounds<S: 'static>(scene: impl AsyncFnOnce(&World) -> S, round: impl AsyncFn(&mut S) + 'static) -> Rounds {
    let (runtime, world) = (runtime(), World::new(&DEFAULT));
    let mut scene = runtime.block_on(scene(&world));
    Box::new(move |count| {
        measured(&mut || {
            runtime.block_on(async {
                for _ in 0..count {
                    round(&mut scene).await;
                }
            });
        });
    })
}

/// Romeo writes to Juliet, each with one session.
async fn lovers(world: &World, stanza: Stanza) -> Scene {
    let sender = world.online("romeo", "orchard").await;
    let receivers = vec![world.online("juliet", "balcony").await];
    Scene { sender, receivers, stanza }
}

/// The whole way of a message, without sockets.
fn message() -> Rounds {
    struct Whole(Scene, Decoder, BytesMut);
    rounds(
        async |world| Whole(lovers(world, received(MESSAGE)).await, decoder(), BytesMut::new()),
        async |Whole(scene, decoder, buffer)| {
            buffer.clear();
            buffer.extend_from_slice(black_box(MESSAGE.as_bytes()));
            let Ok(Some(Frame::Stanza(stanza))) = decoder.decode(buffer) else { panic!("it is a stanza") };
            scene.sender.send(stanza).await;
            scene.take();
        },
    )
}

fn full() -> Rounds {
    rounds(async |world| lovers(world, received(MESSAGE)).await, Scene::round)
}

fn bare() -> Rounds {
    rounds(async |world| lovers(world, sent_to(MESSAGE, "juliet@capulet.example")).await, Scene::round)
}

fn ping() -> Rounds {
    rounds(
        async |world| Scene {
            sender: world.online("romeo", "orchard").await,
            receivers: Vec::new(),
            stanza: received(PING),
        },
        Scene::round,
    )
}

fn presence() -> Rounds {
    rounds(
        async |world| {
            let mut sender = world.online("juliet", "balcony").await;
            let receivers = world.subscribers(&mut sender, CONTACTS).await;
            Scene { sender, receivers, stanza: received(PRESENCE) }
        },
        Scene::round,
    )
}

fn headline() -> Rounds {
    rounds(
        async |world| {
            let sender = world.online("romeo", "orchard").await;
            let mut receivers = Vec::with_capacity(SESSIONS);
            for number in 0..SESSIONS {
                receivers.push(world.online("juliet", &format!("session-{number}")).await);
            }
            let mut stanza = sent_to(MESSAGE, "juliet@capulet.example");
            stanza.set_kind(stonechat_stanza::Kind::Message(stonechat_stanza::message::Type::Headline));
            for receiver in &mut receivers {
                receiver.take();
            }
            Scene { sender, receivers, stanza }
        },
        Scene::round,
    )
}
