//! Data of many accounts, made quickly.
//!
//! Nothing here knows how Stonechat writes an account or a contact: one is made in the way that users make it, and its
//! records are copied under other names.

use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use stonechat_store::{Batch, Document, Entry, Log, Map, Owner, Query, Store, sqlite};

use crate::client::address;
use crate::{Error, Result};

/// How many records are written together.
const AT_ONCE: usize = 5_000;

/// The data of a Stonechat that does not run.
#[derive(Debug)]
pub struct Data {
    store: Store,
    accounts: Document,
    contacts: Map,
    versions: Document,
    archive: Log,
}

/// The id of a copied message.
#[must_use]
pub fn message_id(number: usize) -> String {
    format!("m{number:08}")
}

impl Data {
    /// Opens the data in a server's folder.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let options = sqlite::Options { quick_check: false, ..sqlite::Options::default() };
        let store = Store::sqlite(folder.join("data/stonechat.db"), options).map_err(failed)?;
        let (accounts, versions) = (store.document("accounts"), store.document("roster-version"));
        let (contacts, archive) = (store.map("roster"), store.log("archive"));
        Ok(Self { accounts, contacts, versions, archive, store })
    }

    /// Gives the accounts `to` the password of the account `of`.
    ///
    /// # Errors
    /// When there is no such account, or the data cannot be written.
    pub async fn copy_account(&self, of: usize, to: Range<usize>) -> Result<()> {
        let record = self.document(&self.accounts, of).await?;
        // In the order in which the database keeps them, as that is the quickest.
        let mut owners: Vec<Owner> = to.map(owner).collect();
        owners.sort_unstable();
        let put = |batch: Batch, owner: &Owner| batch.put_document(&self.accounts, owner, record.clone());
        self.write(&owners, put).await
    }

    /// Gives the account `of` contacts `to` that are to it what its contact `contact` is.
    ///
    /// # Errors
    /// When there is no such contact, or the data cannot be written.
    pub async fn copy_contact(&self, of: usize, contact: usize, to: Range<usize>) -> Result<()> {
        let whose = owner(of);
        let found = self.contacts.get(&whose, &address(contact)).await.map_err(failed)?;
        let record = found.ok_or_else(|| missing("contact", contact))?;
        let mut jids: Vec<String> = to.map(address).collect();
        jids.sort_unstable();
        let put = |batch: Batch, jid: &String| batch.put_map(&self.contacts, &whose, jid, record.clone());
        self.write(&jids, put).await
    }

    /// Gives the accounts `to` the contacts of the account `of`.
    ///
    /// # Errors
    /// When that has no contacts, or the data cannot be written.
    pub async fn copy_roster(&self, of: usize, to: Range<usize>) -> Result<()> {
        let version = self.document(&self.versions, of).await?;
        let contacts = self.contacts.all(&owner(of)).await.map_err(failed)?;
        let owners: Vec<Owner> = to.map(owner).collect();
        let put = |batch: Batch, owner: &Owner| batch.put_document(&self.versions, owner, version.clone());
        self.write(&owners, put).await?;
        for owner in &owners {
            let put = |batch: Batch, (jid, record): &(String, Bytes)| {
                batch.put_map(&self.contacts, owner, jid, record.clone())
            };
            self.write(&contacts, put).await?;
        }
        Ok(())
    }

    /// Puts copies of the first message in the archive of the account `of` behind its others, under the [ids](message_id) of these
    /// numbers.
    ///
    /// # Errors
    /// When there is no message, or the data cannot be written.
    pub async fn copy_message(&self, of: usize, numbers: Range<usize>) -> Result<()> {
        let whose = owner(of);
        let page = self.archive.range(&whose, &Query::default().limit(1)).await.map_err(failed)?;
        let first = page.entries.into_iter().next().ok_or_else(|| missing("message", of))?;
        let numbers: Vec<usize> = numbers.collect();
        let put = |batch: Batch, number: &usize| {
            let later = jiff::SignedDuration::from_micros(i64::try_from(*number).unwrap_or(i64::MAX));
            let at = first.at.checked_add(later).unwrap_or(first.at);
            batch.append(&self.archive, &whose, Entry { id: message_id(*number), at, ..first.clone() })
        };
        self.write(&numbers, put).await
    }

    /// Sees to it that all is written.
    pub(super) async fn close(self) -> Result<()> {
        self.store.close().await.map_err(failed)
    }

    async fn document(&self, store: &Document, of: usize) -> Result<Bytes> {
        let found = store.get(&owner(of)).await.map_err(failed)?;
        found.ok_or_else(|| missing(store.name(), of))
    }

    /// Writes a record for each of these.
    async fn write<T>(&self, records: &[T], put: impl Fn(Batch, &T) -> Batch) -> Result<()> {
        for some in records.chunks(AT_ONCE) {
            some.iter().fold(self.store.batch(), &put).commit().await.map_err(failed)?;
        }
        Ok(())
    }
}

fn owner(account: usize) -> Owner {
    Owner::account(&address(account))
}

fn missing(what: &str, of: usize) -> Error {
    Error::Server(format!("nothing to copy: no {what} of {}", address(of)))
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for map_err")]
fn failed(error: stonechat_store::Error) -> Error {
    Error::Server(format!("the data cannot be made: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn copies_are_equal_and_only_where_they_should_be() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let data = Data::open(folder.path()).unwrap();
        data.accounts.put(&owner(0), "keys").await.unwrap();
        data.versions.put(&owner(0), "version").await.unwrap();
        data.contacts.put(&owner(0), &address(1), "friend").await.unwrap();
        data.copy_account(0, 1..12).await.unwrap();
        data.copy_contact(0, 1, 2..4).await.unwrap();
        data.copy_roster(0, 5..7).await.unwrap();
        assert_eq!(data.accounts.get(&owner(11)).await.unwrap().as_deref(), Some(&b"keys"[..]));
        assert_eq!(data.accounts.get(&owner(12)).await.unwrap(), None);
        assert_eq!(data.versions.get(&owner(6)).await.unwrap().as_deref(), Some(&b"version"[..]));
        let contacts = data.contacts.all(&owner(6)).await.unwrap();
        let jids: Vec<&str> = contacts.iter().map(|(jid, _)| jid.as_str()).collect();
        assert_eq!(jids, ["u1@localhost", "u2@localhost", "u3@localhost"]);
        assert!(data.copy_account(99, 0..1).await.is_err());
        data.close().await.unwrap();
    }
}
