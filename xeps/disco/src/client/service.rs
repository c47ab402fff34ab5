//! The service that an application has.

use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_extension::client::{Handle, Query, RequestError};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{ParseError, Stanza, iq};

use super::cache::Cache;
use crate::{Caps, Info, InfoQuery, Items, ItemsQuery, verification};

impl Query for InfoQuery {
    const KIND: iq::Type = iq::Type::Get;
    type Answer = Info;

    fn read(result: &Stanza) -> Result<Info, ParseError> {
        result.get()?.ok_or_else(|| ParseError::missing_child("iq", "query"))
    }
}

impl Query for ItemsQuery {
    const KIND: iq::Type = iq::Type::Get;
    type Answer = Items;

    fn read(result: &Stanza) -> Result<Items, ParseError> {
        result.get()?.ok_or_else(|| ParseError::missing_child("iq", "query"))
    }
}

/// What a session says of itself, and what it has answered where that is for it alone.
type Said = (Caps, Option<Arc<Info>>);

/// What the extension and its service share.
#[derive(Debug)]
pub(super) struct Shared {
    /// What verified strings stand for.
    known: Mutex<Cache<String, Arc<Info>>>,
    sessions: Mutex<Cache<Jid, Said>>,
}

impl Shared {
    pub(super) fn new(most_capabilities: usize, most_sessions: usize) -> Self {
        Self {
            known: Mutex::new(Cache::new(most_capabilities)),
            sessions: Mutex::new(Cache::new(most_sessions)),
        }
    }

    /// A session says that it has these capabilities.
    pub(super) fn has(&self, who: Jid, caps: Option<Caps>) {
        let mut sessions = self.sessions.lock();
        match caps {
            Some(caps) if sessions.get(&who).is_some_and(|(known, _)| *known == caps) => {}
            Some(caps) => sessions.put(who, (caps, None)),
            None => sessions.remove(&who),
        }
    }

    pub(super) fn forget_sessions(&self) {
        self.sessions.lock().clear();
    }

    fn caps(&self, who: &Jid) -> Option<Caps> {
        self.sessions.lock().get(who).map(|(caps, _)| caps.clone())
    }

    fn known(&self, who: &Jid, caps: &Caps) -> Option<Arc<Info>> {
        if let Some((theirs, Some(info))) = self.sessions.lock().get(who)
            && theirs == caps
        {
            return Some(Arc::clone(info));
        }
        if !is_sha1(caps) {
            return None;
        }
        self.known.lock().get(&caps.ver).cloned()
    }

    /// What was answered: known for all with the string if it is right (§5.4), else for the one alone.
    fn learn(&self, who: &Jid, caps: Caps, info: Info) -> Arc<Info> {
        let right = is_sha1(&caps) && verification(&info).as_ref() == Some(&caps.ver);
        let info = Arc::new(Info { node: None, ..info });
        if right {
            self.known.lock().put(caps.ver, Arc::clone(&info));
        } else if self.caps(who).as_ref() == Some(&caps) {
            self.sessions.lock().put(who.clone(), (caps, Some(Arc::clone(&info))));
        }
        info
    }
}

fn is_sha1(caps: &Caps) -> bool {
    caps.hash.as_deref() == Some("sha-1")
}

/// Asks what others are and can do; a service of the client extension.
#[derive(Debug)]
pub struct Disco {
    handle: Handle,
    shared: Arc<Shared>,
}

impl Disco {
    pub(super) fn new(handle: Handle, shared: Arc<Shared>) -> Self {
        Self { handle, shared }
    }

    /// Asks for information (XEP-0030 §3), each time anew. Cancel safe.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn info(&self, of: Jid, node: Option<&str>) -> Result<Info, RequestError> {
        self.handle.request(Some(of), &InfoQuery { node: node.map(str::to_owned) }).await
    }

    /// Asks for items (XEP-0030 §4), each time anew. Cancel safe.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn items(&self, of: Jid, node: Option<&str>) -> Result<Items, RequestError> {
        self.handle.request(Some(of), &ItemsQuery { node: node.map(str::to_owned) }).await
    }

    /// What a session is and can do: as its presence says where that is known, and asked otherwise. Cancel safe.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn of(&self, who: &Jid) -> Result<Arc<Info>, RequestError> {
        let Some(caps) = self.shared.caps(who) else {
            return self.info(who.clone(), None).await.map(Arc::new);
        };
        if let Some(info) = self.shared.known(who, &caps) {
            return Ok(info);
        }
        let node = format!("{}#{}", caps.node, caps.ver);
        let info = self.info(who.clone(), Some(&node)).await?;
        Ok(self.shared.learn(who, caps, info))
    }

    /// What a session is and can do, if that is known without asking.
    #[must_use]
    pub fn known(&self, who: &Jid) -> Option<Arc<Info>> {
        self.shared.known(who, &self.shared.caps(who)?)
    }
}
