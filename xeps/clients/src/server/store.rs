//! Where the installations are remembered: one entry for each of an account.

use std::collections::BTreeMap;

use jiff::Timestamp;
use stonechat_extension::HandlerError;
use stonechat_stanza::jid::BareJid;
use stonechat_store::{Error, Map, Owner};

use super::Config;
use crate::record::Record;

/// The installations of all accounts.
#[derive(Debug)]
pub(super) struct Known {
    map: Map,
    most: u64,
    keep_days: u32,
}

impl Known {
    pub(super) fn new(map: Map, config: &Config) -> Self {
        Self { map, most: config.clients_per_account.into(), keep_days: config.keep_days }
    }

    pub(super) async fn get(&self, account: &BareJid, id: &str) -> Result<Option<Record>, HandlerError> {
        self.map.get(&owner(account), id).await?.map(|bytes| read(&bytes)).transpose()
    }

    /// Remembers an installation; another makes room, if need be.
    pub(super) async fn put(&self, account: &BareJid, id: &str, record: &Record) -> Result<(), HandlerError> {
        let bytes = serde_json::to_vec(record).map_err(|error| HandlerError::new(error.to_string()))?;
        let owner = owner(account);
        match self.map.put_below(&owner, id, bytes.clone(), self.most).await {
            Err(Error::Quota { .. }) => {
                self.make_room(account).await?;
                Ok(self.map.put_below(&owner, id, bytes, self.most).await?)
            }
            done => Ok(done?),
        }
    }

    /// The installations that are remembered; those that were away too long are forgotten now.
    pub(super) async fn all(
        &self,
        account: &BareJid,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Record>, HandlerError> {
        let mut all = BTreeMap::new();
        for (id, bytes) in self.map.all(&owner(account)).await? {
            let record = read(&bytes)?;
            if record.is_stale(now, self.keep_days) {
                self.forget(account, &id).await?;
            } else {
                all.insert(id, record);
            }
        }
        Ok(all)
    }

    pub(super) async fn forget(&self, account: &BareJid, id: &str) -> Result<(), HandlerError> {
        self.map.delete(&owner(account), id).await?;
        Ok(())
    }

    async fn make_room(&self, account: &BareJid) -> Result<(), HandlerError> {
        let all = self.map.all(&owner(account)).await?;
        let seen = |bytes: &[u8]| read(bytes).map_or(i64::MIN, |record| record.last_seen);
        match all.iter().min_by_key(|(_, bytes)| seen(bytes)) {
            Some((id, _)) => self.forget(account, id).await,
            None => Ok(()),
        }
    }
}

fn owner(account: &BareJid) -> Owner {
    Owner::account(account.as_str())
}

fn read(bytes: &[u8]) -> Result<Record, HandlerError> {
    serde_json::from_slice(bytes).map_err(|error| HandlerError::new(format!("a client's entry: {error}")))
}
