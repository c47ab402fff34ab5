//! Maps: keys and values for each owner.

use crate::driver::{Driver, Kind, Write};
use crate::{Batch, Error, MAX_PAGE, Owner};
use bytes::Bytes;
use std::sync::Arc;

/// A store of keys and values for each owner: a roster, a block list, subscriptions. Cheap to clone.
///
/// Every write is a batch of one; see [`Batch::commit`] for its errors and for what cancelling means. Every read
/// fails with [`Error::Io`], [`Error::Corrupt`], [`Error::Busy`] or [`Error::Closed`] only, and may be cancelled freely.
#[derive(Clone, Debug)]
pub struct Map {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) name: Arc<str>,
}

impl Map {
    /// The declared name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of a key.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn get(&self, owner: &Owner, key: &str) -> Result<Option<Bytes>, Error> {
        self.driver.map_value(&self.name, owner, key).await
    }

    /// All keys and values of the owner in byte order of the keys, as they are at one moment. There are as many as were
    /// put: bound that with [`put_below`](Self::put_below), or read page by page.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn all(&self, owner: &Owner) -> Result<Vec<(String, Bytes)>, Error> {
        self.driver.map_page(&self.name, owner, None, u32::MAX).await
    }

    /// Up to `limit` (at most [`MAX_PAGE`]) keys and values in byte order of the keys, those after `after`.
    /// A shorter answer than asked for is the last.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn page(
        &self,
        owner: &Owner,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Bytes)>, Error> {
        self.driver.map_page(&self.name, owner, after, limit.min(MAX_PAGE)).await
    }

    /// How many keys the owner has.
    ///
    /// # Errors
    /// If they cannot be counted.
    pub async fn count(&self, owner: &Owner) -> Result<u64, Error> {
        self.driver.map_count(&self.name, owner).await
    }

    /// Sets a key's value, up to [`MAX_VALUE`](crate::MAX_VALUE) bytes.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    pub async fn put(&self, owner: &Owner, key: &str, value: impl Into<Bytes>) -> Result<(), Error> {
        self.batch().put_map(self, owner, key, value).commit().await.map(drop)
    }

    /// Sets a key's value, unless the key is new and the owner has `max_keys` keys already.
    ///
    /// # Errors
    /// [`Error::Quota`] if it has; else as [`Batch::commit`].
    pub async fn put_below(
        &self,
        owner: &Owner,
        key: &str,
        value: impl Into<Bytes>,
        max_keys: u64,
    ) -> Result<(), Error> {
        self.batch().put_map_below(self, owner, key, value, max_keys).commit().await.map(drop)
    }

    /// Removes a key; returns whether it was there.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    pub async fn delete(&self, owner: &Owner, key: &str) -> Result<bool, Error> {
        Ok(self.batch().delete_map(self, owner, key).commit().await?.changed() > 0)
    }

    /// Removes all keys of the owner; returns how many there were.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    pub async fn clear(&self, owner: &Owner) -> Result<u64, Error> {
        Ok(self.batch().clear_map(self, owner).commit().await?.changed())
    }

    /// Up to `limit` (at most [`MAX_PAGE`]) owners that have a key, in order, those after `after`. A
    /// shorter answer than asked for is the last.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn owners(&self, after: Option<&Owner>, limit: u32) -> Result<Vec<Owner>, Error> {
        self.driver.owners(Kind::Map, &self.name, after, limit.min(MAX_PAGE)).await
    }

    fn batch(&self) -> Batch {
        Batch::new(self.driver.clone())
    }
}

impl Batch {
    /// Sets a key's value in a map.
    pub fn put_map(self, map: &Map, owner: &Owner, key: &str, value: impl Into<Bytes>) -> Self {
        self.put_map_up_to(map, owner, key, value.into(), None)
    }

    /// Sets a key's value in a map; fails the batch with [`Error::Quota`] if the key is new and the owner has `max_keys`
    /// keys already.
    pub fn put_map_below(
        self,
        map: &Map,
        owner: &Owner,
        key: &str,
        value: impl Into<Bytes>,
        max_keys: u64,
    ) -> Self {
        self.put_map_up_to(map, owner, key, value.into(), Some(max_keys))
    }

    fn put_map_up_to(self, map: &Map, owner: &Owner, key: &str, value: Bytes, max_keys: Option<u64>) -> Self {
        let (size, key, owner) = (key.len() + value.len(), key.to_owned(), owner.clone());
        let write = Write::PutMap { store: map.name.clone(), owner, key, value, max_keys };
        self.push(&map.driver, &map.name, size, write)
    }

    /// Removes a key from a map, if it is there.
    pub fn delete_map(self, map: &Map, owner: &Owner, key: &str) -> Self {
        let write = Write::DeleteMap { store: map.name.clone(), owner: owner.clone(), key: key.to_owned() };
        self.push(&map.driver, &map.name, key.len(), write)
    }

    /// Removes all keys of an owner from a map.
    pub fn clear_map(self, map: &Map, owner: &Owner) -> Self {
        let write = Write::ClearMap { store: map.name.clone(), owner: owner.clone() };
        self.push(&map.driver, &map.name, 0, write)
    }

    /// Fails the batch with [`Error::Conflict`] unless the key has this value at this point of the batch.
    pub fn expect_map(self, map: &Map, owner: &Owner, key: &str, value: impl Into<Bytes>) -> Self {
        self.expect_map_is(map, owner, key, Some(value.into()))
    }

    /// Fails the batch with [`Error::Conflict`] if the key is there at this point of the batch.
    pub fn expect_map_absent(self, map: &Map, owner: &Owner, key: &str) -> Self {
        self.expect_map_is(map, owner, key, None)
    }

    fn expect_map_is(self, map: &Map, owner: &Owner, key: &str, expected: Option<Bytes>) -> Self {
        let size = key.len() + expected.as_ref().map_or(0, Bytes::len);
        let (owner, key) = (owner.clone(), key.to_owned());
        let write = Write::ExpectMap { store: map.name.clone(), owner, key, expected };
        self.push(&map.driver, &map.name, size, write)
    }
}
