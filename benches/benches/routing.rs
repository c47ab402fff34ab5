//! From a session to the mailboxes of others, through the extensions that stonechatd has by default: beside the least that it could be, the same
//! bytes copied to a buffer behind a lock that is found by name.

mod common;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;

use common::scenes::{self, Scene};
use common::stanzas::MESSAGE;
use common::world::{DEFAULT, World, runtime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

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
    measure(criterion, "message to a full JID", scenes::full);
    measure(criterion, "message to a bare JID", scenes::bare);
    measure(criterion, "presence to 50 contacts", async |world| scenes::presence(world, 50).await);
    measure(criterion, "headline to 100 sessions", async |world| scenes::headline(world, 100).await);
}

criterion_group!(benches, routing);
criterion_main!(benches);
