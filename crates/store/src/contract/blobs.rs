//! Rules for blobs.
#![allow(missing_docs, reason = "the name of a rule says it")]

use super::{juliet, romeo};
use crate::{Blob, BlobReader, CHUNK, Error, Store};

async fn read(reader: Option<BlobReader>) -> Result<Option<Vec<u8>>, Error> {
    let Some(mut reader) = reader else { return Ok(None) };
    let mut all = Vec::new();
    while let Some(bytes) = reader.next().await? {
        assert!(!bytes.is_empty() && bytes.len() <= CHUNK);
        all.extend_from_slice(&bytes);
    }
    assert_eq!(reader.remaining(), 0);
    Ok(Some(all))
}

async fn write(blob: &Blob, key: &str, bytes: &[u8]) -> Result<(), Error> {
    let mut writer = blob.writer(&juliet(), key).await?;
    writer.write(bytes).await?;
    assert_eq!(writer.commit().await?, bytes.len() as u64);
    Ok(())
}

/// Bytes that differ from their neighbours, in several chunks and a rest.
fn pattern() -> Vec<u8> {
    (0..3 * CHUNK + 1_234).map(|number| (number % 251) as u8).collect()
}

pub async fn a_blob_appears_whole_with_its_commit(store: Store) -> Result<(), Error> {
    let blob = store.blob("uploads");
    let pattern = pattern();
    let mut writer = blob.writer(&juliet(), "picture").await?;
    for part in pattern.chunks(50_001) {
        writer.write(part).await?;
        assert_eq!(blob.len(&juliet(), "picture").await?, None);
    }
    assert_eq!(writer.written(), pattern.len() as u64);
    assert_eq!(writer.commit().await?, pattern.len() as u64);
    assert_eq!(blob.len(&juliet(), "picture").await?, Some(pattern.len() as u64));
    assert_eq!(read(blob.reader(&juliet(), "picture").await?).await?, Some(pattern));
    assert_eq!(read(blob.reader(&romeo(), "picture").await?).await?, None);
    Ok(())
}

pub async fn an_abandoned_blob_never_appears(store: Store) -> Result<(), Error> {
    let blob = store.blob("uploads");
    write(&blob, "picture", b"old").await?;
    let mut writer = blob.writer(&juliet(), "picture").await?;
    writer.write(&pattern()).await?;
    drop(writer);
    assert_eq!(read(blob.reader(&juliet(), "picture").await?).await?, Some(b"old".to_vec()));
    assert_eq!(blob.keys(&juliet(), None, 10).await?, [("picture".to_owned(), 3)]);
    Ok(())
}

pub async fn a_blob_of_many_chunks_is_read_by_any_range(store: Store) -> Result<(), Error> {
    let blob = store.blob("uploads");
    let pattern = pattern();
    write(&blob, "picture", &pattern).await?;
    let (chunk, end) = (CHUNK as u64, pattern.len() as u64);
    let ranges = [
        (0, 1),
        (chunk - 1, chunk + 1),
        (chunk, 2 * chunk),
        (5, 3 * chunk + 7),
        (end - 1, end),
        (end - 1, u64::MAX),
        (7, 7),
        (end, end + 5),
        (end + 1, u64::MAX),
    ];
    for (from, to) in ranges {
        let reader = blob.range_reader(&juliet(), "picture", from..to).await?;
        assert_eq!(reader.as_ref().map(BlobReader::blob_len), Some(end));
        let expected = &pattern[from.min(end) as usize..to.min(end) as usize];
        assert!(read(reader).await?.as_deref() == Some(expected), "{from}..{to}");
    }
    Ok(())
}

pub async fn an_empty_blob_is_a_blob(store: Store) -> Result<(), Error> {
    let blob = store.blob("uploads");
    write(&blob, "", b"").await?;
    write(&blob, "one chunk", &pattern()[..CHUNK]).await?;
    assert_eq!(read(blob.reader(&juliet(), "").await?).await?, Some(Vec::new()));
    assert_eq!(read(blob.reader(&juliet(), "one chunk").await?).await?, Some(pattern()[..CHUNK].to_vec()));
    Ok(())
}

pub async fn a_new_blob_replaces_the_old_one(store: Store) -> Result<(), Error> {
    let blob = store.blob("uploads");
    write(&blob, "picture", &pattern()).await?;
    write(&blob, "picture", b"new").await?;
    assert_eq!(read(blob.reader(&juliet(), "picture").await?).await?, Some(b"new".to_vec()));
    assert!(blob.delete(&juliet(), "picture").await?);
    assert!(!blob.delete(&juliet(), "picture").await?);
    assert!(blob.reader(&juliet(), "picture").await?.is_none());
    Ok(())
}

pub async fn a_blob_in_a_failed_batch_is_gone(store: Store) -> Result<(), Error> {
    let (blob, slots) = (store.blob("uploads"), store.map("slots"));
    slots.put(&juliet(), "slot", "used").await?;
    write(&blob, "picture", b"old").await?;
    let mut writer = blob.writer(&juliet(), "picture").await?;
    writer.write(&pattern()).await?;
    let batch = store.batch().commit_blob(writer).expect_map_absent(&slots, &juliet(), "slot");
    assert!(batch.commit().await.is_err_and(|error| error.is_conflict()));
    assert_eq!(read(blob.reader(&juliet(), "picture").await?).await?, Some(b"old".to_vec()));
    Ok(())
}

pub async fn blobs_are_listed_by_key_with_their_lengths(store: Store) -> Result<(), Error> {
    let blob = store.blob("uploads");
    for key in ["b", "a", "c"] {
        write(&blob, key, key.repeat(3).as_bytes()).await?;
    }
    let key = |key: &str| (key.to_owned(), 3);
    assert_eq!(blob.keys(&juliet(), None, 2).await?, [key("a"), key("b")]);
    assert_eq!(blob.keys(&juliet(), Some("b"), 2).await?, [key("c")]);
    assert_eq!(blob.owners(None, 9).await?, [juliet()]);
    Ok(())
}
