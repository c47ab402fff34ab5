//! Somebody else who keeps messages, so that what waits need not be stored twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::{Cx, Session};
use stonechat_stanza::Stanza;
use stonechat_stanza::jid::BareJid;
use stonechat_store::Error;

/// Keeps the messages of accounts for good, as an archive does. Where an extension provides it (`host.provide::<dyn Keeper>(..)`), the
/// messages that it has wait as references to it, and are not delivered to who has read them there.
#[async_trait]
pub trait Keeper: Send + Sync + 'static {
    /// The id under which it has the message that is being handled, for the account; `None` when it does not have it.
    ///
    /// # Errors
    /// When that cannot be found out.
    async fn kept(&self, cx: &Cx<'_>, account: &BareJid, message: &Stanza) -> Result<Option<String>, Error>;

    /// Notes in a message under which id it is kept, as it is noted in those of [`fetch`](Self::fetch); does nothing where it is noted.
    fn stamp(&self, account: &BareJid, id: &str, message: &mut Stanza);

    /// The messages with these ids, those that it still has.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn fetch(&self, account: &BareJid, ids: Vec<String>) -> Result<HashMap<String, Stanza>, Error>;

    /// The ids of the messages that the session has read since it was bound. They are forgotten then.
    fn take_read(&self, session: &Session) -> HashSet<String>;
}

/// The keeper of a host, if there is one.
pub(super) type Kept = Option<Arc<dyn Keeper>>;
