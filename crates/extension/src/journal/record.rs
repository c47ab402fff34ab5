//! What has to be known of a session to continue it: who it is, its presence, and what extensions hold for it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stonechat_jid::FullJid;
use stonechat_stanza::Stanza;

use crate::session::Session;
use crate::tables::Tables;

/// What is kept of a session besides what is under way.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    jid: String,
    /// Distinguishes it from every other session there ever is; not told to anybody.
    pub(crate) key: String,
    /// For how many seconds it waits for its client.
    resume_for: u64,
    pub(crate) kept_bytes: usize,
    priority: Option<i8>,
    presence: Option<String>,
    states: BTreeMap<String, String>,
}

impl Record {
    /// The record of a session that can be resumed.
    pub(crate) fn of(session: &Session, tables: &Tables) -> Option<Self> {
        let numbering = session.numbering()?;
        let presence = session.presence();
        let states = tables.session_states.iter();
        Some(Self {
            jid: session.jid().to_string(),
            key: numbering.key.clone(),
            resume_for: numbering.resume_for()?.as_secs(),
            kept_bytes: numbering.kept_bytes,
            priority: session.priority(),
            presence: presence.map(|stanza| stanza.to_string()),
            states: states
                .filter_map(|state| Some((state.name.to_owned(), (state.save)(session)?)))
                .collect(),
        })
    }

    pub(crate) fn to_text(&self) -> Option<String> {
        toml::to_string(self).ok()
    }

    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        toml::from_str(std::str::from_utf8(bytes).ok()?).ok()
    }

    pub(crate) fn jid(&self) -> Option<FullJid> {
        self.jid.parse().ok()
    }

    pub(crate) const fn resume_for(&self) -> Duration {
        Duration::from_secs(self.resume_for)
    }

    /// Gives a session what this one had.
    pub(crate) fn restore(&self, session: &Session, tables: &Tables) {
        for state in &tables.session_states {
            if let Some(saved) = self.states.get(state.name) {
                (state.restore)(session, saved);
            }
        }
        let presence = self.presence.as_ref().and_then(|presence| Stanza::parse(presence.as_bytes()).ok());
        session.set_presence(self.priority.zip(presence));
    }
}
