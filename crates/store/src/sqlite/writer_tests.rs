//! The writer when things go wrong.

use super::checkpoint::Pulse;
use super::readers::Readers;
use super::threads::Threads;
use super::writer::{Work, Writer, WriterThread};
use super::{Options, open};
use crate::driver::Write;
use crate::{Error, Owner};
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};

#[tokio::test]
async fn a_dead_writer_makes_every_call_fail_instead_of_hang() {
    let folder = tempfile::tempdir().expect("a folder");
    let threads = Threads::start(&folder.path().join("db"), &Options::default()).expect("it opens");
    let (killing, waiting) =
        tokio::join!(threads.write(Work::Panic), threads.write(Work::Batch(Arc::default())));
    assert!(matches!(killing, Err(Error::Closed { .. })), "{killing:?}");
    assert!(matches!(waiting, Err(Error::Closed { .. })), "{waiting:?}");
    let later = threads.write(Work::Batch(Arc::default())).await;
    assert!(matches!(later, Err(Error::Closed { .. })), "{later:?}");
    let read = threads.read(|_| Ok(())).await;
    assert!(matches!(read, Err(Error::Closed { .. })), "{read:?}");
    assert!(matches!(threads.close().await, Err(Error::Closed { .. })));
}

/// A batch of one document of this many bytes.
fn put(name: &str, bytes: usize) -> Work {
    let (store, owner) = (Arc::from("document"), Owner::account(name));
    Work::Batch(Arc::new(vec![Write::PutDocument { store, owner, value: vec![0; bytes].into() }]))
}

#[tokio::test]
async fn when_the_disk_is_full_only_the_batches_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, place, options) = (folder.path().join("db"), Arc::from("db"), Options::default());
    let path = open::create(&file, &place).expect("it is made");
    let (conn, _lock) = open::open(&path, &place, &options).expect("it opens");
    let pages: u32 = 100;
    conn.pragma_update(None, "max_page_count", pages).expect("the limit is set");
    let (writer, readers) = (Writer::new(place.clone(), 64 << 20), Readers::new(place));
    // All are queued before the thread starts, so they share one transaction.
    let small = (0..20).map(|number| writer.write(put(&format!("small{number}"), 100)));
    let mut small: Vec<_> = small.map(Box::pin).collect();
    let mut large = Box::pin(writer.write(put("large", 4096 * 100)));
    let now = &mut Context::from_waker(Waker::noop());
    assert!(small.iter_mut().take(10).all(|write| write.as_mut().poll(now).is_pending()));
    assert!(large.as_mut().poll(now).is_pending());
    assert!(small.iter_mut().skip(10).all(|write| write.as_mut().poll(now).is_pending()));
    let thread = WriterThread::new(conn, writer.clone(), readers, Arc::new(Pulse::new()));
    let thread = std::thread::spawn(move || thread.run());
    for write in small {
        write.await.expect("a small one fits");
    }
    let error = large.await.expect_err("it does not fit");
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    writer.write(put("later", 100)).await.expect("it goes on");
    writer.close();
    drop(thread.join().expect("it ends"));
}
