//! Reading and changing the words of accounts.

use std::sync::Arc;

use stonechat_extension::{Account, InstallError, Installer, Keep};
use stonechat_stanza::jid::BareJid;
use stonechat_store::{Error, Map, Owner, Store};
use tokio::sync::Mutex;

use crate::Words;

/// The words of all accounts: in the store, and in memory those of who is connected.
#[derive(Debug)]
pub(super) struct Book {
    store: Store,
    words: Map,
}

/// What is held for an account that is connected; gone with its last session.
#[derive(Debug, Default)]
struct Live(Mutex<Option<Arc<Words>>>);

impl Book {
    pub(super) fn open(host: &mut Installer<'_>) -> Result<Self, InstallError> {
        let words =
            host.map_store("mute", "the words that an account does not want to read", Keep::WithAccount)?;
        Ok(Self { store: host.store(), words })
    }

    /// The words of an account, if they are in memory and nobody changes them.
    pub(super) fn known(account: &Account) -> Option<Arc<Words>> {
        let live = account.state_if_any::<Live>()?;
        live.0.try_lock().ok()?.clone()
    }

    /// The words of an account that nobody has to be connected to.
    pub(super) async fn read(&self, account: &BareJid) -> Result<Words, Error> {
        let words = self.words.all(&Owner::account(account.as_str())).await?;
        Ok(words.into_iter().map(|(word, _)| word).collect())
    }

    /// The words of an account that is connected.
    pub(super) async fn of(&self, account: &Account) -> Result<Arc<Words>, Error> {
        let live = account.state::<Live>();
        let mut known = live.0.lock().await;
        if let Some(words) = &*known {
            return Ok(Arc::clone(words));
        }
        let words = Arc::new(self.read(account.jid()).await?);
        Ok(Arc::clone(known.insert(words)))
    }

    /// Changes the words of an account, durably. `change` says what becomes of them, or why nothing does.
    pub(super) async fn change<E: From<Error>>(
        &self,
        account: &Account,
        change: impl FnOnce(&Words) -> Result<Words, E> + Send,
    ) -> Result<(), E> {
        let live = account.state::<Live>();
        let mut known = live.0.lock().await;
        let before = self.read(account.jid()).await?;
        let after = change(&before)?;
        let owner = Owner::account(account.jid().as_str());
        let (added, removed) = (after.difference(&before), before.difference(&after));
        let batch =
            added.fold(self.store.batch(), |batch, word| batch.put_map(&self.words, &owner, word, ""));
        let batch = removed.fold(batch, |batch, word| batch.delete_map(&self.words, &owner, word));
        // Should this not be waited for to the end, they are read again.
        *known = None;
        batch.commit().await?;
        *known = Some(Arc::new(after));
        Ok(())
    }
}
