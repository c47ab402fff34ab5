//! Parsing addresses, beside `String::from` of the same text and beside the crate `jid` of xmpp-rs.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use stonechat_jid::{Jid, JidRef, parse_received};

const ASCII: &str = "juliet@capulet.example/balcony";

const CASES: [(&str, &str); 5] = [
    ("ascii", ASCII),
    ("ascii_uuid", "juliet@capulet.example/0b6f1d1c-9d0e-4f1b-8f4e-7a3c2d5e6f70"),
    ("upper", "Juliet@Capulet.Example/Balcony"),
    ("non_ascii", "jülïét@capulet.example/bälcony ☺"),
    ("non_ascii_all", "jülïét@bücher.example/bälcony ☺"),
];

fn copy(c: &mut Criterion) {
    let mut group = c.benchmark_group("jid/string_from");
    for (name, text) in CASES {
        group.bench_with_input(BenchmarkId::from_parameter(name), text, |b, text| {
            b.iter(|| String::from(black_box(text)));
        });
    }
}

fn owned(c: &mut Criterion) {
    let mut group = c.benchmark_group("jid/owned");
    for (name, text) in CASES {
        group.bench_with_input(BenchmarkId::from_parameter(name), text, |b, text| {
            b.iter(|| Jid::parse(black_box(text)));
        });
    }
}

fn borrowed(c: &mut Criterion) {
    let mut group = c.benchmark_group("jid/borrowed");
    for (name, text) in CASES {
        group.bench_with_input(BenchmarkId::from_parameter(name), text, |b, text| {
            b.iter(|| parse_received(black_box(text)).map(|jid| black_box(jid.as_jid_ref().offsets())));
        });
    }
}

fn reuse(c: &mut Criterion) {
    let mut group = c.benchmark_group("jid/reuse");
    let jid = Jid::parse(ASCII).expect("the address is valid");
    let offsets = jid.as_jid_ref().offsets();
    group.bench_function("clone", |b| b.iter(|| black_box(&jid).clone()));
    group.bench_function("to_bare", |b| b.iter(|| black_box(&jid).to_bare()));
    group.bench_function("from_canonical", |b| {
        b.iter(|| JidRef::from_canonical(black_box(ASCII), black_box(offsets)).offsets());
    });
}

fn peer(c: &mut Criterion) {
    let mut group = c.benchmark_group("jid/xmpp_rs");
    for (name, text) in CASES {
        group.bench_with_input(BenchmarkId::from_parameter(name), text, |b, text| {
            b.iter(|| jid::Jid::new(black_box(text)));
        });
    }
}

criterion_group!(benches, copy, owned, borrowed, reuse, peer);
criterion_main!(benches);
