//! Where the tokens are kept: one entry for each installation of an account.

use jiff::Timestamp;
use stonechat_extension::HandlerError;
use stonechat_stanza::jid::BareJid;
use stonechat_store::{Error, Map, Owner, Store};

use crate::slots::Slots;

/// How often a change is tried again when somebody else changed the same entry in between.
const ATTEMPTS: usize = 8;

/// The tokens of all accounts.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    map: Map,
    store: Store,
    most: u64,
}

impl Tokens {
    pub(super) const fn new(map: Map, store: Store, most: u64) -> Self {
        Self { map, store, most }
    }

    /// The tokens of an installation, none if there are none.
    pub(super) async fn get(&self, account: &BareJid, installation: &str) -> Result<Slots, HandlerError> {
        let found = self.map.get(&owner(account), installation).await?;
        found.map_or_else(|| Ok(Slots::default()), |bytes| read(&bytes))
    }

    /// Changes the tokens of an installation, also when others change them at the same time; gives what is stored then. An error of
    /// `change` changes nothing.
    pub(super) async fn change<E>(
        &self,
        account: &BareJid,
        installation: &str,
        change: impl Fn(Slots) -> Result<Slots, E>,
    ) -> Result<Result<Slots, E>, HandlerError> {
        let owner = owner(account);
        for _ in 0..ATTEMPTS {
            let old = self.map.get(&owner, installation).await?;
            let slots = old.as_ref().map_or_else(|| Ok(Slots::default()), |bytes| read(bytes))?;
            let slots = match change(slots) {
                Ok(slots) => slots,
                Err(error) => return Ok(Err(error)),
            };
            let batch = match old {
                Some(old) => self.store.batch().expect_map(&self.map, &owner, installation, old),
                None => self.store.batch().expect_map_absent(&self.map, &owner, installation),
            };
            let batch = if slots.is_empty() {
                batch.delete_map(&self.map, &owner, installation)
            } else {
                batch.put_map_below(&self.map, &owner, installation, write(&slots)?, self.most)
            };
            match batch.commit().await {
                Ok(_) => return Ok(Ok(slots)),
                Err(Error::Quota { .. }) => self.make_room(&owner).await?,
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(HandlerError::new(format!("the tokens of {account} are being changed by others all the time")))
    }

    /// The installations of an account that have tokens.
    pub(super) async fn installations(
        &self,
        account: &BareJid,
    ) -> Result<Vec<(String, Slots)>, HandlerError> {
        let all = self.map.all(&owner(account)).await?;
        all.into_iter().map(|(installation, bytes)| Ok((installation, read(&bytes)?))).collect()
    }

    /// Ends the tokens of an installation; says whether there were any.
    pub(super) async fn end(&self, account: &BareJid, installation: &str) -> Result<bool, HandlerError> {
        Ok(self.map.delete(&owner(account), installation).await?)
    }

    /// Ends the tokens of the installation that was away longest.
    async fn make_room(&self, owner: &Owner) -> Result<(), HandlerError> {
        let all = self.map.all(owner).await?;
        let seen = |bytes: &[u8]| read(bytes).map_or(i64::MIN, |slots| slots.seen);
        if let Some((installation, _)) = all.iter().min_by_key(|(_, bytes)| seen(bytes)) {
            self.map.delete(owner, installation).await?;
        }
        Ok(())
    }

    /// Ends the tokens that cannot be used any more.
    pub(super) async fn tidy(
        &self,
        account: &BareJid,
        epoch: &str,
        now: Timestamp,
    ) -> Result<(), HandlerError> {
        for (installation, slots) in self.installations(account).await? {
            if !slots.are_alive(epoch, now) {
                self.end(account, &installation).await?;
            }
        }
        Ok(())
    }
}

fn owner(account: &BareJid) -> Owner {
    Owner::account(account.as_str())
}

fn read(bytes: &[u8]) -> Result<Slots, HandlerError> {
    // The error of the parser may quote what it has read.
    serde_json::from_slice(bytes).map_err(|_| HandlerError::new("an entry of the tokens cannot be read"))
}

fn write(slots: &Slots) -> Result<Vec<u8>, HandlerError> {
    serde_json::to_vec(slots).map_err(|error| HandlerError::new(error.to_string()))
}
