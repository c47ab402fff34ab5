//! Old messages of all accounts go, once a day, behind the back of who uses the server.
//!
//! What is appended trims its own account's archive now and then; the sweep is for accounts whose archives do not grow any more. It is
//! started by the first message of a day that is archived, and takes some messages of one account at a time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use stonechat_extension::Cx;
use stonechat_store::{Error, Owner};

use super::Extension;
use super::archive::Archive;

/// How often all archives are looked at, in seconds.
const EVERY: i64 = 24 * 60 * 60;
/// How many owners are read at a time.
const OWNERS: u32 = 100;
/// How many messages go at a time.
const STEP: u32 = 500;
/// Between two steps, for others to write.
const PAUSE: Duration = Duration::from_millis(20);

/// When the last sweep of a host began, in seconds; held by the host.
#[derive(Debug)]
struct Last(AtomicI64);

impl Default for Last {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl Last {
    /// Whether a sweep is to begin now; then this is the last one.
    fn is_due(&self, now: i64) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        now.saturating_sub(last) >= EVERY
            && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Extension {
    /// Begins a sweep if none has begun for a day.
    pub(super) fn sweep_if_due(&self, cx: &Cx<'_>) {
        let limited = self.config.max_messages > 0 || self.config.max_age_days > 0;
        if limited && cx.host().state::<Last>().is_due(cx.now().as_second()) {
            tokio::spawn(all(self.archive.clone(), cx.domain().to_owned(), cx.now()));
        }
    }
}

async fn all(archive: Archive, domain: String, now: Timestamp) {
    match sweep(&archive, &domain, now).await {
        // The server stops; the next one goes on.
        Ok(()) | Err(Error::Closed { .. }) => {}
        Err(error) => tracing::error!(host = domain, %error, "old messages are not deleted for now"),
    }
}

async fn sweep(archive: &Archive, domain: &str, now: Timestamp) -> Result<(), Error> {
    let mut last = None;
    loop {
        let owners = archive.log.owners(last.as_ref(), OWNERS).await?;
        for owner in owners.iter().filter(|owner| is_of(owner, domain)) {
            trim(archive, owner, now).await?;
        }
        match owners.into_iter().next_back() {
            Some(owner) => last = Some(owner),
            None => return Ok(()),
        }
    }
}

/// Hosts share the store, and have limits of their own.
fn is_of(owner: &Owner, domain: &str) -> bool {
    owner.as_str().split_once('@').is_some_and(|(_, of)| of == domain)
}

async fn trim(archive: &Archive, owner: &Owner, now: Timestamp) -> Result<(), Error> {
    loop {
        let committed = archive.trim(archive.store.batch(), owner, now, STEP).commit().await?;
        if committed.changed() == 0 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_sweeps_once_a_day() {
        let last = Last::default();
        assert!(last.is_due(0));
        assert!(!last.is_due(0) && !last.is_due(EVERY - 1));
        assert!(last.is_due(EVERY));
        assert!(!last.is_due(EVERY) && !last.is_due(-5));
    }

    #[test]
    fn an_account_is_of_its_own_host_only() {
        assert!(is_of(&Owner::account("a@example.org"), "example.org"));
        assert!(!is_of(&Owner::account("a@not.example.org"), "example.org"));
        assert!(!is_of(&Owner::host("example.org"), "example.org"));
    }
}
