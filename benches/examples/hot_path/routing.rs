//! From a session to the mailboxes of others, through all the extensions that stonechatd has by default.

use std::hint::black_box;

use bytes::BytesMut;
use stonechat_stream::codec::{Decoder, Frame};

use crate::common::scenes::{self, Scene};
use crate::common::stanzas::{MESSAGE, decoder};
use crate::common::world::{DEFAULT, World, runtime};
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

/// The whole way of a message, without sockets.
fn message() -> Rounds {
    struct Whole(Scene, Decoder, BytesMut);
    rounds(
        async |world| Whole(scenes::full(world).await, decoder(), BytesMut::new()),
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
    rounds(scenes::full, Scene::round)
}

fn bare() -> Rounds {
    rounds(scenes::bare, Scene::round)
}

fn ping() -> Rounds {
    rounds(scenes::ping, Scene::round)
}

fn presence() -> Rounds {
    rounds(async |world| scenes::presence(world, CONTACTS).await, Scene::round)
}

fn headline() -> Rounds {
    rounds(async |world| scenes::headline(world, SESSIONS).await, Scene::round)
}
