//! Reading and changing block lists.

use std::sync::Arc;

use stonechat_extension::{Host, InstallError, Installer, Keep};
use stonechat_stanza::StanzaError;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_store::{Map, Owner, Store};

use super::Config;
use super::reports::{Filed, Reports};
use super::shelf::{self, Shelf};
use crate::List;

/// The lists of all accounts.
#[derive(Debug)]
pub(super) struct Book {
    store: Store,
    items: Map,
    most: usize,
    pub(super) reports: Reports,
}

/// Why a list could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the list is full")]
    Full,
    #[error("the store of block lists: {0}")]
    Store(#[from] stonechat_store::Error),
    #[error("the block list of {0} is damaged at {1:?}")]
    Damaged(BareJid, String),
    #[error("a change of a block list failed")]
    Failed,
}

impl From<Error> for StanzaError {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::resource_constraint().with_text("the list is full"),
            Error::Store(_) | Error::Damaged(..) | Error::Failed => Self::internal_server_error(),
        }
    }
}

/// What is to be done with a list.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    Block(Vec<Jid>, Vec<Filed>),
    Unblock(Vec<Jid>),
    UnblockAll,
}

impl Edit {
    fn of(&self, before: &List) -> List {
        match self {
            Self::Block(jids, _) => before.with(jids),
            Self::Unblock(jids) => before.without(jids),
            Self::UnblockAll => List::default(),
        }
    }
}

/// A list before and after a change.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) before: Arc<List>,
    pub(super) after: Arc<List>,
}

impl Book {
    pub(super) fn open(config: &Config, host: &mut Installer<'_>) -> Result<Self, InstallError> {
        let items =
            host.map_store("blocking", "the addresses that an account has blocked", Keep::WithAccount)?;
        let reports = Reports::open(config, host)?;
        Ok(Self { store: host.store(), items, most: config.items, reports })
    }

    /// The list of an account, if it is in memory.
    pub(super) fn known(&self, host: &Host, owner: &BareJid) -> Option<Arc<List>> {
        match host.account(owner.as_str()) {
            Some(account) => shelf::of(&account),
            None => host.state::<Shelf>().known(owner.as_str()),
        }
    }

    /// The list of an account, read if need be. It is in memory then, as long as the account is connected.
    pub(super) async fn list(&self, host: &Host, owner: &BareJid) -> Result<Arc<List>, Error> {
        if let Some(list) = self.known(host, owner) {
            return Ok(list);
        }
        let shelf = host.state::<Shelf>();
        let _alone = shelf.lock(owner).lock().await;
        self.current(host, shelf, owner).await
    }

    /// As [`Book::list`], for who has the lock.
    async fn current(&self, host: &Host, shelf: &Shelf, owner: &BareJid) -> Result<Arc<List>, Error> {
        let list = match shelf.known(owner.as_str()) {
            Some(list) => list,
            None => Arc::new(self.read(owner).await?),
        };
        shelf.put(host, owner, Some(Arc::clone(&list)));
        Ok(list)
    }

    async fn read(&self, owner: &BareJid) -> Result<List, Error> {
        let items = self.items.all(&Owner::account(owner.as_str())).await?;
        let parse = |(text, _): (String, _)| {
            Jid::parse_received(&text).map_err(|_| Error::Damaged(owner.clone(), text))
        };
        items.into_iter().map(parse).collect()
    }

    /// Changes a list, durably, with the reports that come with the change. Not cancelled when the future is dropped.
    pub(super) async fn change(
        self: &Arc<Self>,
        host: &Arc<Host>,
        owner: &BareJid,
        edit: Edit,
    ) -> Result<Changed, Error> {
        let (book, host, owner) = (Arc::clone(self), Arc::clone(host), owner.clone());
        // In a task of its own: memory and store agree even when nobody waits for this any more.
        let task = tokio::spawn(async move {
            let shelf = host.state::<Shelf>();
            let _alone = shelf.lock(&owner).lock().await;
            let before = book.current(&host, shelf, &owner).await?;
            let after = Arc::new(edit.of(&before));
            // What is there stays there when the limit is lowered.
            if after.len() > before.len() && after.len() > book.most {
                return Err(Error::Full);
            }
            let committed = book.commit(&host, &owner, &before, &after, &edit).await;
            // If it failed it may have been written for all that is known.
            shelf.put(&host, &owner, committed.is_ok().then(|| Arc::clone(&after)));
            committed.map(|()| Changed { before, after })
        });
        task.await.unwrap_or(Err(Error::Failed))
    }

    async fn commit(
        &self,
        host: &Host,
        owner: &BareJid,
        before: &List,
        after: &List,
        edit: &Edit,
    ) -> Result<(), Error> {
        let key = Owner::account(owner.as_str());
        let mut batch = self.store.batch();
        for jid in after.iter().filter(|jid| !before.contains(jid)) {
            batch = batch.put_map(&self.items, &key, jid.as_str(), "");
        }
        for jid in before.iter().filter(|jid| !after.contains(jid)) {
            batch = batch.delete_map(&self.items, &key, jid.as_str());
        }
        if let Edit::Block(_, filed) = edit {
            batch = self.reports.file(batch, host, owner, filed).await?;
        }
        batch.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_says_what_becomes_of_a_list() {
        let jids = |texts: &[&str]| texts.iter().map(|jid| jid.parse().unwrap()).collect::<Vec<Jid>>();
        let list = |texts: &[&str]| jids(texts).into_iter().collect::<List>();
        let before = list(&["a@x", "b@x"]);
        let block = Edit::Block(jids(&["b@x", "c@x"]), Vec::new());
        assert_eq!(block.of(&before), list(&["a@x", "b@x", "c@x"]));
        assert_eq!(Edit::Unblock(jids(&["b@x", "d@x"])).of(&before), list(&["a@x"]));
        assert_eq!(Edit::UnblockAll.of(&before), List::default());
    }
}
