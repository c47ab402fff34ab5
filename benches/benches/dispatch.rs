//! A message to a full JID with so many extensions installed, each of which looks at every message, and with as many that look at
//! something else, which should cost nothing.

mod common;

use async_trait::async_trait;
use common::stanzas::{MESSAGE, received};
use common::world::{World, runtime};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use stonechat_extension::point::{AccountCreated, FromClient, ToAccount, ToSession};
use stonechat_extension::{
    Cx, Descriptor, Guard, HandlerError, InstallError, Installer, Manifest, NoConfig, Observe, React,
    ServerExtension, Verdict,
};

/// How many extensions there are at the most.
const MOST: usize = 50;

/// The numbers in two digits.
const NAMES: [&str; MOST] = [
    "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16",
    "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33",
    "34", "35", "36", "37", "38", "39", "40", "41", "42", "43", "44", "45", "46", "47", "48", "49",
];

/// Looks at every message on its way: guards where it comes from, and observes where it arrives.
struct Busy<const NUMBER: usize>;

/// Looks at new accounts only.
struct Idle<const NUMBER: usize>;

impl<const NUMBER: usize> ServerExtension for Busy<NUMBER> {
    const MANIFEST: Manifest = Manifest::new(NAMES[NUMBER]);
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let busy = host.share(Self);
        host.guard::<FromClient>(&busy);
        host.guard::<ToAccount>(&busy);
        host.observe::<ToSession>(&busy);
        Ok(())
    }
}

impl<const NUMBER: usize> Guard<FromClient> for Busy<NUMBER> {
    fn guard(&self, _: &Cx<'_>, event: &FromClient) -> Verdict {
        black_box(event.stanza.kind());
        Verdict::Allow
    }
}

impl<const NUMBER: usize> Guard<ToAccount> for Busy<NUMBER> {
    fn guard(&self, _: &Cx<'_>, event: &ToAccount) -> Verdict {
        black_box(event.stanza.kind());
        Verdict::Allow
    }
}

impl<const NUMBER: usize> Observe<ToSession> for Busy<NUMBER> {
    fn observe(&self, _: &Cx<'_>, event: &ToSession) {
        black_box(event.stanza.kind());
    }
}

impl<const NUMBER: usize> ServerExtension for Idle<NUMBER> {
    const MANIFEST: Manifest = Manifest::new(NAMES[NUMBER]);
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let idle = host.share(Self);
        host.react::<AccountCreated>(&idle);
        Ok(())
    }
}

#[async_trait]
impl<const NUMBER: usize> React<AccountCreated> for Idle<NUMBER> {
    async fn react(&self, _: &mut Cx<'_>, _: &AccountCreated) -> Result<(), HandlerError> {
        Ok(())
    }
}

/// A list of the extensions with these numbers.
macro_rules! all {
    ($extension:ident: $($number:literal)*) => {
        [$({
            static DESCRIPTOR: Descriptor = Descriptor::of::<$extension<$number>>();
            &DESCRIPTOR
        }),*]
    };
}

macro_rules! fifty {
    ($extension:ident) => {
        all!($extension: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34
            35 36 37 38 39 40 41 42 43 44 45 46 47 48 49)
    };
}

fn measure(criterion: &mut Criterion, name: &str, extensions: &[&'static Descriptor]) {
    let (runtime, world) = (runtime(), World::new(extensions));
    let (sender, mut receiver) = runtime.block_on(async {
        (world.connect("romeo", "orchard").await, world.connect("juliet", "balcony").await)
    });
    let stanza = received(MESSAGE);
    criterion.benchmark_group("dispatch").bench_function(name, |bencher| {
        bencher.iter(|| {
            runtime.block_on(sender.send(stanza.clone()));
            assert!(black_box(receiver.take()) > 0, "the message arrives");
        });
    });
}

fn dispatch(criterion: &mut Criterion) {
    let (busy, idle): ([_; MOST], [_; MOST]) = (fifty!(Busy), fifty!(Idle));
    measure(criterion, "floor: no extension", &[]);
    measure(criterion, "12 extensions", &busy[..12]);
    measure(criterion, "50 extensions", &busy);
    measure(criterion, "50 extensions that look elsewhere", &idle);
}

criterion_group!(benches, dispatch);
criterion_main!(benches);
