//! Blobs: streams of bytes by key for each owner.

use crate::driver::{BlobInfo, Driver, Kind, Write};
use crate::{Batch, CHUNK, Error, MAX_PAGE, Owner};
use bytes::{Bytes, BytesMut};
use std::{ops::Range, sync::Arc};

/// A store of streams of bytes by key for each owner: uploads, avatars. Cheap to clone.
///
/// A blob appears whole when its writer commits, and never changes: a new one of the same key replaces it. Reads fail with
/// [`Error::Io`], [`Error::Corrupt`], [`Error::Busy`] or [`Error::Closed`] only unless they say more, and may be
/// cancelled freely.
#[derive(Clone, Debug)]
pub struct Blob {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) name: Arc<str>,
}

impl Blob {
    /// The declared name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Begins to write a blob. Nobody sees it until [`BlobWriter::commit`].
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn writer(&self, owner: &Owner, key: &str) -> Result<BlobWriter, Error> {
        let number = self.driver.begin_upload().await?;
        let upload = Upload { driver: self.driver.clone(), number, kept: false };
        let (blob, owner, key) = (self.clone(), owner.clone(), key.to_owned());
        Ok(BlobWriter { blob, owner, key, upload, chunks: 0, tail: BytesMut::new(), broken: false })
    }

    /// Opens a blob to read all of it; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn reader(&self, owner: &Owner, key: &str) -> Result<Option<BlobReader>, Error> {
        self.range_reader(owner, key, 0..u64::MAX).await
    }

    /// Opens a blob to read the bytes in this range, as far as there are any; `None` if there is no blob.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn range_reader(
        &self,
        owner: &Owner,
        key: &str,
        range: Range<u64>,
    ) -> Result<Option<BlobReader>, Error> {
        let Some(info) = self.driver.find_blob(&self.name, owner, key).await? else { return Ok(None) };
        let end = range.end.min(info.length);
        Ok(Some(BlobReader { blob: self.clone(), info, next: range.start.min(end), end }))
    }

    /// How many bytes a blob has; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn len(&self, owner: &Owner, key: &str) -> Result<Option<u64>, Error> {
        Ok(self.driver.find_blob(&self.name, owner, key).await?.map(|info| info.length))
    }

    /// Removes a blob; returns whether it was there. A reader that has it open may fail at its next chunk.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    pub async fn delete(&self, owner: &Owner, key: &str) -> Result<bool, Error> {
        let batch = Batch::new(self.driver.clone());
        Ok(batch.delete_blob(self, owner, key).commit().await?.changed() > 0)
    }

    /// Up to `limit` (at most [`MAX_PAGE`]) keys of the owner in byte order with the blobs' lengths, those after
    /// `after`. A shorter answer than asked for is the last.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn keys(
        &self,
        owner: &Owner,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, u64)>, Error> {
        self.driver.blob_keys(&self.name, owner, after, limit.min(MAX_PAGE)).await
    }

    /// Up to `limit` (at most [`MAX_PAGE`]) owners that have a blob, in order, those after `after`. A
    /// shorter answer than asked for is the last.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn owners(&self, after: Option<&Owner>, limit: u32) -> Result<Vec<Owner>, Error> {
        self.driver.owners(Kind::Blob, &self.name, after, limit.min(MAX_PAGE)).await
    }
}

/// Forgets an upload when it goes; does nothing if the upload was committed.
#[derive(Debug)]
pub(crate) struct Upload {
    driver: Arc<dyn Driver>,
    number: u64,
    kept: bool,
}

impl Upload {
    /// It is committed: there is nothing to forget.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.kept {
            self.driver.discard_upload(self.number);
        }
    }
}

/// Writes a blob. Dropped without a commit, or killed with its process, it leaves nothing behind. Keeps less than
/// [`CHUNK`] bytes in memory.
#[derive(Debug)]
pub struct BlobWriter {
    blob: Blob,
    owner: Owner,
    key: String,
    upload: Upload,
    chunks: u64,
    tail: BytesMut,
    broken: bool,
}

impl BlobWriter {
    /// Adds bytes.
    ///
    /// # Errors
    /// [`Error::Conflict`] if an earlier write failed or was cancelled, or lay idle for more than a day; else if they
    /// cannot be written. The blob cannot be finished after an error.
    ///
    /// # Cancel safety
    /// Not cancel safe: a writer whose `write` was dropped half way refuses to go on, and the blob never appears.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.check()?;
        while !bytes.is_empty() {
            let take = bytes.len().min(CHUNK - self.tail.len());
            self.tail.extend_from_slice(&bytes[..take]);
            bytes = &bytes[take..];
            if self.tail.len() == CHUNK {
                self.broken = true;
                let chunk = self.tail.split().freeze();
                self.blob.driver.upload(self.upload.number, self.chunks, chunk).await?;
                self.chunks += 1;
                self.broken = false;
            }
        }
        Ok(())
    }

    /// How many bytes were written so far.
    pub fn written(&self) -> u64 {
        self.chunks * CHUNK as u64 + self.tail.len() as u64
    }

    /// Makes the blob appear under its key, in place of one that was there, and returns when that is durable, with the
    /// blob's length.
    ///
    /// # Errors
    /// As [`write`](Self::write) and [`Batch::commit`].
    ///
    /// # Cancel safety
    /// As [`Batch::commit`].
    pub async fn commit(self) -> Result<u64, Error> {
        let length = self.written();
        Batch::new(self.blob.driver.clone()).commit_blob(self).commit().await?;
        Ok(length)
    }

    fn check(&self) -> Result<(), Error> {
        let reason = "an earlier write of this blob failed or was cancelled";
        if self.broken { Err(Error::Conflict { store: self.blob.name.clone(), reason }) } else { Ok(()) }
    }
}

/// Reads a blob, chunk by chunk.
#[derive(Debug)]
pub struct BlobReader {
    blob: Blob,
    info: BlobInfo,
    next: u64,
    end: u64,
}

impl BlobReader {
    /// How many bytes the whole blob has, whatever the range.
    pub fn blob_len(&self) -> u64 {
        self.info.length
    }

    /// How many bytes are still to come.
    pub fn remaining(&self) -> u64 {
        self.end - self.next
    }

    /// The next bytes, at most [`CHUNK`], or `None` at the end.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the blob was deleted or replaced meanwhile; or if it cannot be read.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped call has read nothing.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.next >= self.end {
            return Ok(None);
        }
        let max = usize::try_from(self.remaining()).unwrap_or(CHUNK).min(CHUNK);
        let bytes = self.blob.driver.read_blob(&self.blob.name, self.info.id, self.next, max).await?;
        if bytes.is_empty() || bytes.len() > max {
            let detail = format!("blob {} of store {:?} ends early", self.info.id, self.blob.name);
            return Err(Error::Corrupt { place: self.blob.driver.place(), detail });
        }
        self.next += bytes.len() as u64;
        Ok(Some(bytes))
    }
}

impl Batch {
    /// Makes a written blob appear with the batch. If the batch fails, the blob is gone.
    pub fn commit_blob(mut self, writer: BlobWriter) -> Self {
        if let Err(error) = writer.check() {
            self.refuse(error);
            return self;
        }
        let BlobWriter { blob, owner, key, upload, chunks, tail, .. } = writer;
        let (store, tail) = (blob.name.clone(), tail.freeze());
        let size = key.len() + tail.len();
        let write = Write::CommitBlob { store, owner, key, upload: upload.number, chunks, tail };
        self.uploads.push(upload);
        self.push(&blob.driver, &blob.name, size, write)
    }

    /// Removes a blob, if it is there.
    pub fn delete_blob(self, blob: &Blob, owner: &Owner, key: &str) -> Self {
        let write = Write::DeleteBlob { store: blob.name.clone(), owner: owner.clone(), key: key.to_owned() };
        self.push(&blob.driver, &blob.name, key.len(), write)
    }
}
