//! The preferences of accounts, in memory while they are connected.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::RwLock;
use stonechat_extension::point::SessionBound;
use stonechat_extension::{Account, Cx, HandlerError, React};
use stonechat_stanza::jid::{BareJid, JidRef};
use stonechat_stanza::{Payload as _, ns, xml};
use stonechat_store::{Document, Owner};
use stonechat_xep_roster::Roster;

use super::Extension;
use crate::{Policy, Preferences};

/// What is held for a connected account.
#[derive(Debug, Default)]
struct Known {
    preferences: RwLock<Option<Arc<Preferences>>>,
    /// Held by who reads or changes what is stored, so that what is in memory is the last of it.
    changing: tokio::sync::Mutex<()>,
}

impl Known {
    fn get(&self) -> Option<Arc<Preferences>> {
        self.preferences.read().clone()
    }
}

/// The preferences of a host's accounts.
#[derive(Debug)]
pub(super) struct Book {
    document: Document,
    /// For accounts that have not said anything.
    otherwise: Policy,
}

impl Book {
    pub(super) const fn new(document: Document, otherwise: Policy) -> Self {
        Self { document, otherwise }
    }

    /// What an account wants.
    pub(super) async fn load(&self, cx: &Cx<'_>, owner: &BareJid) -> Result<Arc<Preferences>, HandlerError> {
        let Some(account) = cx.account(owner) else { return Ok(Arc::new(self.read(owner).await?)) };
        let known = account.state::<Known>();
        if let Some(preferences) = known.get() {
            return Ok(preferences);
        }
        let _alone = known.changing.lock().await;
        let preferences = Arc::new(self.read(owner).await?);
        *known.preferences.write() = Some(Arc::clone(&preferences));
        Ok(preferences)
    }

    async fn read(&self, owner: &BareJid) -> Result<Preferences, HandlerError> {
        let stored = self.document.get(&Owner::account(owner.as_str())).await?;
        let Some(bytes) = stored else { return Ok(Preferences::new(self.otherwise)) };
        let damaged = || HandlerError::new(format!("the archive preferences of {owner} are damaged"));
        let element = xml::read_element(&bytes, ns::CLIENT).map_err(|_| damaged())?;
        Preferences::parse(&element).map_err(|_| damaged())
    }

    /// Changes what an account wants.
    pub(super) async fn store(&self, account: &Account, wanted: Preferences) -> Result<(), HandlerError> {
        let known = account.state::<Known>();
        let _alone = known.changing.lock().await;
        let mut bytes = Vec::new();
        xml::write_element(&wanted.to_element(), ns::CLIENT, &mut bytes);
        self.document.put(&Owner::account(account.jid().as_str()), bytes).await?;
        *known.preferences.write() = Some(Arc::new(wanted));
        Ok(())
    }

    /// Whether a connected account wants messages with `peer` archived; `None` when that cannot be told without waiting.
    pub(super) fn wants_now(&self, cx: &Cx<'_>, account: &Account, peer: JidRef<'_>) -> Option<bool> {
        let preferences = account.state_if_any::<Known>()?.get()?;
        preferences.archive(peer, self.otherwise, || {
            let roster = cx.service::<dyn Roster>()?.cached(account)?;
            Some(roster.get(peer.bare_str()).is_some_and(|contact| contact.listed))
        })
    }

    /// Whether an account wants messages with `peer` archived. Without an extension that keeps rosters, nobody is in one.
    pub(super) async fn wants(
        &self,
        cx: &Cx<'_>,
        owner: &BareJid,
        peer: JidRef<'_>,
    ) -> Result<bool, HandlerError> {
        let preferences = self.load(cx, owner).await?;
        if let Some(wanted) = preferences.archive(peer, self.otherwise, || None) {
            return Ok(wanted);
        }
        let Some(rosters) = cx.service::<dyn Roster>() else { return Ok(false) };
        let contact = rosters.contact(cx.host(), owner, &peer.to_bare()).await;
        Ok(contact.map_err(|error| HandlerError::new(error.to_string()))?.listed)
    }
}

/// Who is connected has its preferences in memory, so that those who must not wait can look at them.
#[async_trait]
impl React<SessionBound> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionBound) -> Result<(), HandlerError> {
        if let Some(session) = cx.session() {
            self.book.load(cx, session.account().jid()).await?;
        }
        Ok(())
    }
}
