//! From a session to the mailboxes of others, through the extensions that stonechatd has by default: beside the least that it could be, the same
//! bytes copied to a buffer behind a lock that is found by name.

mod common;

use std::collections::HashMap;
use std::hint::black_box;

use common::stanzas::{MESSAGE, PRESENCE, received};
use common::world::{Client, DEFAULT, World, runtime, sent_to};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::sync::Mutex;
use stonechat_stanza::{Kind, Stanza, message};

/// A stanza that one sends and others get.
struct Scene {
    sender: Client,
    receivers: Vec<Client>,
    stanza: Stanza,
}

impl Scene {
    async fn round(&mut self) {
        self.sender.send(self.stanza.clone()).await;
        for receiver in &mut self.receivers {
            assert!(black_box(receiver.take()) > 0, "the stanza arrives");
        }
        black_box(self.sender.take());
    }
}

async fn lovers(world: &World, stanza: Stanza) -> Scene {
    let sender = world.online("romeo", "orchard").await;
    Scene { sender, receivers: vec![world.online("juliet", "balcony").await], stanza }
}

async fn contacts(world: &World, count: usize) -> Scene {
    let mut sender = world.online("juliet", "balcony").await;
    let receivers = world.subscribers(&mut sender, count).await;
    Scene { sender, receivers, stanza: received(PRESENCE) }
}

async fn sessions(world: &World, count: usize) -> Scene {
    let sender = world.online("romeo", "orchard").await;
    let mut receivers = Vec::with_capacity(count);
    for number in 0..count {
        receivers.push(world.online("juliet", &format!("session-{number}")).await);
    }
    // What they were told of each other.
    for receiver in &mut receivers {
        receiver.take();
    }
    let mut stanza = sent_to(MESSAGE, "juliet@capulet.example");
    stanza.set_kind(Kind::Message(message::Type::Headline));
    Scene { sender, receivers, stanza }
}

fn measure(criterion: &mut Criterion, name: &str, scene: impl AsyncFnOnce(&World) -> Scene) {
    let (runtime, world) = (runtime(), World::new(&DEFAULT));
    let mut scene = runtime.block_on(scene(&world));
    let mut group = criterion.benchmark_group("routing");
    group.throughput(Throughput::Elements(scene.receivers.len() as u64));
    group.bench_function(name, |bencher| bencher.iter(|| runtime.block_on(scene.round())));
    group.finish();
}

fn floor(criterion: &mut Criterion) {
    let names = (0..100).map(|number| format!("contact-{number}@capulet.example/phone"));
    let boxes: HashMap<String, Mutex<Vec<u8>>> = names.map(|name| (name, Mutex::default())).collect();
    let name = "contact-7@capulet.example/phone";
    let mut group = criterion.benchmark_group("routing");
    group.throughput(Throughput::Elements(1));
    group.bench_function("floor: found by name, locked, copied", |bencher| {
        bencher.iter(|| {
            let Some(letters) = boxes.get(black_box(name)) else { panic!("it is there") };
            letters.lock().expect("nobody panics").extend_from_slice(black_box(MESSAGE.as_bytes()));
            letters.lock().expect("nobody panics").clear();
        });
    });
    group.finish();
}

fn routing(criterion: &mut Criterion) {
    floor(criterion);
    measure(criterion, "message to a full JID", async |world| lovers(world, received(MESSAGE)).await);
    let bare = || sent_to(MESSAGE, "juliet@capulet.example");
    measure(criterion, "message to a bare JID", async |world| lovers(world, bare()).await);
    measure(criterion, "presence to 50 contacts", async |world| contacts(world, 50).await);
    measure(criterion, "headline to 100 sessions", async |world| sessions(world, 100).await);
}

criterion_group!(benches, routing);
criterion_main!(benches);
