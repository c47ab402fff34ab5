//! Reading all but logs.

use super::failure::{Failure, unsigned};
use super::writer::Work;
use super::{Sqlite, apply, blob, read_log};
use crate::driver::{BlobInfo, Blobs, Documents, Found, Kind, Maps, Read};
use crate::{Error, Owner};
use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// So many keys of a map with their values are read on the caller's thread.
pub(super) const FEW: u32 = 64;

pub(super) fn document(conn: &Connection, store: &str, owner: &Owner) -> Result<Option<Bytes>, Failure> {
    let sql = "SELECT value FROM document WHERE store = ?1 AND owner = ?2";
    Ok(apply::optional::<Vec<u8>>(conn, sql, params![store, owner.key()])?.map(Bytes::from))
}

pub(super) fn map_value(
    conn: &Connection,
    store: &str,
    owner: &Owner,
    key: &str,
) -> Result<Option<Bytes>, Failure> {
    let sql = "SELECT value FROM map WHERE store = ?1 AND owner = ?2 AND key = ?3";
    Ok(apply::optional::<Vec<u8>>(conn, sql, params![store, owner.key(), key])?.map(Bytes::from))
}

/// Several reads that see the same state. A panic leaves the transaction open to whoever catches it.
pub(super) fn together(conn: &Connection, reads: &[Read]) -> Result<Vec<Found>, Failure> {
    // By statements that are kept: to prepare them anew costs as much as to find a row.
    conn.prepare_cached("BEGIN")?.execute([])?;
    let found: Result<_, _> = reads.iter().map(|read| one(conn, read)).collect();
    let ended = conn.prepare_cached("COMMIT")?.execute([]);
    let found = found?;
    ended?;
    Ok(found)
}

/// One of several reads of a snapshot.
fn one(conn: &Connection, read: &Read) -> Result<Found, Failure> {
    Ok(match read {
        Read::Document { store, owner } => Found::Document(document(conn, store, owner)?),
        Read::Page { store, owner, limit } => Found::Page(map_page(conn, store, owner, None, *limit)?),
        Read::Usage { store, owner } => Found::Usage(read_log::usage(conn, store, owner)?),
    })
}

/// The comparison for keys behind one, or for all; the empty key is a key.
fn behind(after: Option<&str>) -> (&'static str, &str) {
    after.map_or((">=", ""), |after| (">", after))
}

fn map_page(
    conn: &Connection,
    store: &str,
    owner: &Owner,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Bytes)>, Failure> {
    let (behind, after) = behind(after);
    let sql = format!(
        "SELECT key, value FROM map WHERE store = ?1 AND owner = ?2 AND key {behind} ?3
            ORDER BY key LIMIT ?4"
    );
    let mut select = conn.prepare_cached(&sql)?;
    let rows = select.query_map(params![store, owner.key(), after, limit], |row| {
        Ok((row.get(0)?, Bytes::from(row.get::<_, Vec<u8>>(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn blob_keys(
    conn: &Connection,
    store: &str,
    owner: &Owner,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, u64)>, Failure> {
    let (behind, after) = behind(after);
    let sql = format!(
        "SELECT key, length FROM blob WHERE store = ?1 AND owner = ?2 AND key {behind} ?3
            ORDER BY key LIMIT ?4"
    );
    let mut select = conn.prepare_cached(&sql)?;
    let rows = select.query_map(params![store, owner.key(), after, limit], |row| {
        Ok((row.get(0)?, unsigned(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn owners(
    conn: &Connection,
    kind: Kind,
    store: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<Owner>, Failure> {
    let sql = match kind {
        Kind::Document => {
            "SELECT owner FROM document WHERE store = ?1 AND owner > ?2 ORDER BY owner LIMIT ?3"
        }
        Kind::Map => "SELECT DISTINCT owner FROM map WHERE store = ?1 AND owner > ?2 ORDER BY owner LIMIT ?3",
        Kind::Log => {
            "SELECT owner FROM series WHERE store = ?1 AND owner > ?2 AND entries > 0 ORDER BY owner LIMIT ?3"
        }
        Kind::Blob => {
            "SELECT DISTINCT owner FROM blob WHERE store = ?1 AND owner > ?2 ORDER BY owner LIMIT ?3"
        }
    };
    let mut select = conn.prepare_cached(sql)?;
    let mut rows = select.query(params![store, after, limit])?;
    let mut owners = Vec::new();
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        let owner = Owner::from_key(&key);
        owners.push(owner.ok_or_else(|| Failure::Corrupt(format!("{key:?} is no owner's key")))?);
    }
    Ok(owners)
}

/// The stores of one kind are found one by one, each by a search for the next name, without reading their rows.
const STORES_OF: [(Kind, &str, &str); 4] = [
    (Kind::Document, "document", ""),
    (Kind::Map, "map", ""),
    (Kind::Log, "series", " AND entries > 0"),
    (Kind::Blob, "blob", ""),
];

pub(super) fn stores_of(conn: &Connection, owner: &Owner) -> Result<Vec<(Kind, Arc<str>)>, Failure> {
    let mut stores = Vec::new();
    for (kind, table, filled) in STORES_OF {
        let sql = format!(
            "WITH RECURSIVE names(name) AS (
                SELECT min(store) FROM {table}
                UNION ALL
                SELECT (SELECT min(store) FROM {table} WHERE store > name) FROM names WHERE name IS NOT NULL
            )
            SELECT name FROM names WHERE name IS NOT NULL AND EXISTS
                (SELECT 1 FROM {table} WHERE store = name AND owner = ?1{filled})"
        );
        let mut select = conn.prepare_cached(&sql)?;
        let names = select.query_map([owner.key()], |row| row.get::<_, String>(0))?;
        for name in names {
            stores.push((kind, Arc::from(name?)));
        }
    }
    Ok(stores)
}

#[async_trait]
impl Documents for Sqlite {
    async fn document(&self, store: &str, owner: &Owner) -> Result<Option<Bytes>, Error> {
        let (store, owner) = (store.to_owned(), owner.clone());
        self.threads.read_few(move |conn| document(conn, &store, &owner)).await
    }
}

#[async_trait]
impl Maps for Sqlite {
    async fn map_value(&self, store: &str, owner: &Owner, key: &str) -> Result<Option<Bytes>, Error> {
        let (store, owner, key) = (store.to_owned(), owner.clone(), key.to_owned());
        self.threads.read_few(move |conn| map_value(conn, &store, &owner, &key)).await
    }

    async fn map_page(
        &self,
        store: &str,
        owner: &Owner,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Bytes)>, Error> {
        let (store, owner, after) = (store.to_owned(), owner.clone(), after.map(str::to_owned));
        let page = move |conn: &Connection, limit| map_page(conn, &store, &owner, after.as_deref(), limit);
        let few = page.clone();
        let found = self.threads.read_few(move |conn| few(conn, limit.min(FEW))).await?;
        // Most maps are small; only of a larger one there is more to read.
        if limit <= FEW || found.len() < FEW as usize {
            return Ok(found);
        }
        self.threads.read(move |conn| page(conn, limit)).await
    }

    async fn map_count(&self, store: &str, owner: &Owner) -> Result<u64, Error> {
        let (store, owner) = (store.to_owned(), owner.clone());
        let sql = "SELECT count(*) FROM map WHERE store = ?1 AND owner = ?2";
        let count = move |conn: &Connection| apply::optional(conn, sql, params![store, owner.key()]);
        Ok(unsigned(self.threads.read(count).await?.unwrap_or(0)))
    }
}

#[async_trait]
impl Blobs for Sqlite {
    async fn find_blob(&self, store: &str, owner: &Owner, key: &str) -> Result<Option<BlobInfo>, Error> {
        let (store, owner, key) = (store.to_owned(), owner.clone(), key.to_owned());
        let find = move |conn: &Connection| {
            let sql = "SELECT id, length FROM blob WHERE store = ?1 AND owner = ?2 AND key = ?3";
            let mut select = conn.prepare_cached(sql)?;
            let info = select.query_row(params![store, owner.key(), key], |row| {
                Ok(BlobInfo { id: unsigned(row.get(0)?), length: unsigned(row.get(1)?) })
            });
            Ok(info.optional()?)
        };
        self.threads.read(find).await
    }

    async fn read_blob(&self, store: &str, id: u64, offset: u64, max: usize) -> Result<Bytes, Error> {
        let store = store.to_owned();
        self.threads.read(move |conn| blob::read(conn, &store, id, offset, max)).await
    }

    async fn blob_keys(
        &self,
        store: &str,
        owner: &Owner,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, u64)>, Error> {
        let (store, owner, after) = (store.to_owned(), owner.clone(), after.map(str::to_owned));
        self.threads.read(move |conn| blob_keys(conn, &store, &owner, after.as_deref(), limit)).await
    }

    async fn begin_upload(&self) -> Result<u64, Error> {
        let outcomes = self.threads.write(Work::BeginUpload).await?;
        Ok(outcomes.first().map_or(0, |outcome| outcome.changed))
    }

    async fn upload(&self, upload: u64, index: u64, data: Bytes) -> Result<(), Error> {
        self.threads.write(Work::Upload { upload, index, data }).await.map(drop)
    }

    fn discard_upload(&self, upload: u64) {
        self.threads.discard(upload);
    }
}
