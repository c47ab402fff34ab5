//! Which names are taken by accounts that look like them, or were removed not long ago.
//!
//! Two maps of the host: `register-names` has `look/name` for each account, with an empty value, and for each that was
//! removed, with the second when; `register-removed` has `second/name` for each of the latter, so that the oldest are found first.
//! An account that was created while this extension was off is not in it.

use jiff::Timestamp;
use stonechat_extension::{InstallError, Installer, Keep};
use stonechat_stanza::jid::BareJid;
use stonechat_store::{Error, Map, Owner, Store};

use super::Config;
use super::names::look;

/// How many entries are looked at in one go.
const PAGE: u32 = 100;

#[derive(Debug)]
pub(super) struct Taken {
    store: Store,
    names: Map,
    removed: Map,
    look_alikes: bool,
    /// For how many seconds the name of a removed account is taken.
    keep: i64,
}

impl Taken {
    pub(super) fn new(config: &Config, host: &mut Installer<'_>) -> Result<Self, InstallError> {
        let names = "what the names of accounts look like, and when one was removed";
        let removed = "the names of accounts that were removed not long ago, by time";
        Ok(Self {
            names: host.map_store("register-names", names, Keep::WithHost)?,
            removed: host.map_store("register-removed", removed, Keep::WithHost)?,
            store: host.store(),
            look_alikes: config.refuse_look_alikes,
            keep: i64::from(config.removed_days) * 24 * 60 * 60,
        })
    }

    /// Whether a new account must not have this name because of another account.
    pub(super) async fn is_taken(&self, account: &BareJid, now: Timestamp) -> Result<bool, Error> {
        let (host, name) = parts(account);
        let look = look(name);
        let mut after = format!("{look}/");
        loop {
            let page = self.names.page(&host, Some(&after), PAGE).await?;
            for (key, value) in &page {
                if !key.starts_with(&look) {
                    return Ok(false);
                }
                // The look may have a slash in it, the name cannot.
                if let Some((its_look, its_name)) = key.rsplit_once('/')
                    && its_look == look
                    && (self.look_alikes || its_name == name)
                    && self.counts(value, now)
                {
                    return Ok(true);
                }
            }
            match page.into_iter().last() {
                Some((key, _)) => after = key,
                None => return Ok(false),
            }
        }
    }

    /// Whether the account exists, or was removed not long ago.
    fn counts(&self, value: &[u8], now: Timestamp) -> bool {
        value.is_empty() || second(value).is_some_and(|removed| !self.is_over(removed, now))
    }

    fn is_over(&self, removed: i64, now: Timestamp) -> bool {
        removed.saturating_add(self.keep) <= now.as_second()
    }

    /// An account was created.
    pub(super) async fn created(&self, account: &BareJid) -> Result<(), Error> {
        let (host, name) = parts(account);
        self.names.put(&host, &key(name), "").await
    }

    /// An account was removed.
    pub(super) async fn removed(&self, account: &BareJid, now: Timestamp) -> Result<(), Error> {
        let (host, name) = parts(account);
        let when = now.as_second().max(0);
        self.store
            .batch()
            .put_map(&self.names, &host, &key(name), when.to_string())
            .put_map(&self.removed, &host, &format!("{when:020}/{name}"), "")
            .commit()
            .await?;
        self.forget(&host, now).await
    }

    /// Forgets names that can be had again: a page of them, which is more than come with one removal.
    async fn forget(&self, host: &Owner, now: Timestamp) -> Result<(), Error> {
        for (entry, _) in self.removed.page(host, None, PAGE).await? {
            let Some((when, name)) = entry.split_once('/') else { continue };
            let Some(when) = second(when.as_bytes()) else { continue };
            if !self.is_over(when, now) {
                break;
            }
            let key = key(name);
            let batch = self.store.batch().expect_map(&self.names, host, &key, when.to_string());
            match batch.delete_map(&self.names, host, &key).commit().await {
                // It was created again, or removed once more.
                Err(error) if error.is_conflict() => {}
                done => drop(done?),
            }
            self.removed.delete(host, &entry).await?;
        }
        Ok(())
    }
}

fn parts(account: &BareJid) -> (Owner, &str) {
    (Owner::host(account.domain()), account.local().unwrap_or_default())
}

fn key(name: &str) -> String {
    format!("{}/{name}", look(name))
}

fn second(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
