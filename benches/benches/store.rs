//! Durable rows a second: many tasks that share the writer's transactions, beside one that waits for each row alone.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use stonechat_store::{Entry, Owner, Store, sqlite::Options};
use tokio::runtime::{Builder, Runtime};

/// Rows are spread over so many owners.
const OWNERS: u64 = 10_000;
const ROW: &[u8] = &[b'x'; 200];

/// Numbers the rows, and with them their owners and ids.
static NEXT: AtomicU64 = AtomicU64::new(0);

fn owner(number: u64) -> Owner {
    // Neighbouring rows go to owners far from each other, as they do in a busy server.
    Owner::account(&format!("user{}@example.org", number.wrapping_mul(7_919) % OWNERS))
}

async fn append(store: Store) {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let entry = Entry::new(format!("{number:026}"), Timestamp::now(), ROW);
    store.log("archive").append(&owner(number), entry).await.expect("the row is durable");
}

async fn put(store: Store) {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let key = format!("{number:026}");
    store.map("map").put(&owner(number), &key, ROW).await.expect("the row is durable");
}

/// So many tasks each write so many rows, and wait for each before the next.
fn run<F>(runtime: &Runtime, store: &Store, tasks: u64, rows: u64, write: fn(Store) -> F) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let start = Instant::now();
    runtime.block_on(async {
        let task = |_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..rows {
                    write(store.clone()).await;
                }
            })
        };
        for task in (0..tasks).map(task).collect::<Vec<_>>() {
            task.await.expect("the task ends");
        }
    });
    start.elapsed()
}

fn durable_rows(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime starts");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sqlite = Store::sqlite(folder.path().join("bench.db"), Options::default()).expect("the file opens");
    let mut group = criterion.benchmark_group("store/durable rows");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    for tasks in [1, 16, 256] {
        group.throughput(Throughput::Elements(tasks));
        group.bench_function(format!("sqlite, log, {tasks} tasks"), |bencher| {
            bencher.iter_custom(|rows| run(&runtime, &sqlite, tasks, rows, append));
        });
        group.bench_function(format!("sqlite, map, {tasks} tasks"), |bencher| {
            bencher.iter_custom(|rows| run(&runtime, &sqlite, tasks, rows, put));
        });
    }
    group.finish();
}

criterion_group!(benches, durable_rows);
criterion_main!(benches);
