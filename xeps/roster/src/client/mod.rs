//! The client's side (RFC 6121 §2): [`Roster`] is the service of the extension, [`Event`] what it tells the application.
//!
//! With every new session the roster is loaded, with the version of what is [cached](Roster::restore), if anything is. Then pushes keep it
//! up to date; they are taken from the own account alone (§2.1.6). A session that is resumed has missed nothing.
//!
//! Versions are asked for without looking whether the server advertises them, since with SASL2 that is told only when the session
//! has begun; a server that does not know them answers with the whole roster (§2.6.2).
//!
//! ```no_run
//! # use stonechat_extension::client::{Event, RequestError, Tables};
//! use stonechat_xep_roster::client::{self, Roster};
//!
//! # async fn run(tables: &Tables, event: Event) -> Result<(), RequestError> {
//! let roster = tables.service::<Roster>().expect("the extension is installed");
//! roster.add("romeo@example.net".parse().expect("an address"), "Romeo", &["Friends".to_owned()]).await?;
//! if let Some(client::Event::Changed { item, .. }) = event.get() {
//!     println!("{} is called {}", item.jid, item.name);
//! }
//! # Ok(())
//! # }
//! ```

mod book;
mod service;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Answer, Connected, Cx, Disconnected, Extension as ClientExtension, Inbound, Installer, React, Senders,
};
use stonechat_extension::{HandlerError, InstallError, Manifest, Reply};
use stonechat_stanza::StanzaError;

use crate::Query;
use service::Shared;
pub use service::{Audience, Roster};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How many contacts are kept; those beyond are not.
    pub most_contacts: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { most_contacts: 10_000 }
    }
}

/// What becomes of the roster.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// It is loaded, or what was cached is right.
    Loaded,
    /// It cannot be loaded in this session.
    Failed(stonechat_extension::client::RequestError),
    /// A contact was added or has changed.
    Changed {
        /// As it is now.
        item: crate::Item,
        /// As it was.
        before: Option<crate::Item>,
    },
    /// A contact was removed.
    Removed(crate::Item),
}

/// The client extension; it provides a [`Roster`].
#[derive(Debug)]
pub struct Extension(Arc<Shared>);

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("roster").about("has the list of contacts").rfc(6121, "2").xep(237, "1.3");
    const CONFIG: &'static str =
        "# How many contacts are kept; those beyond are not.\nmost-contacts = 10000\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let shared = Arc::new(Shared::new(config.most_contacts));
        client.provide(Arc::new(Roster::new(client.handle(), Arc::clone(&shared))))?;
        let roster = client.share(Self(shared));
        client.react::<Connected>(&roster);
        client.react::<Disconnected>(&roster);
        client.iq_set::<Query>(Senders::ACCOUNT, &roster)
    }
}

impl React<Connected> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if !event.resumed {
            let query = self.0.begin();
            cx.spawn(service::load(cx.handle(), Arc::clone(&self.0), query));
        }
        Ok(())
    }
}

impl React<Disconnected> for Extension {
    fn react(&self, _: &mut Cx<'_>, event: &Disconnected) -> Result<(), HandlerError> {
        if !event.resumable {
            self.0.lost();
        }
        Ok(())
    }
}

impl Answer<Query> for Extension {
    /// A push (§2.1.6).
    fn answer(&self, cx: &mut Cx<'_>, _: &Inbound, push: Query) -> Result<Reply, StanzaError> {
        let [item] = <[_; 1]>::try_from(push.items).map_err(|_| StanzaError::bad_request())?;
        if let Some(event) = self.0.push(push.ver, item) {
            cx.emit(event);
        }
        Ok(Reply::empty())
    }
}

stonechat_extension::register!(client: Extension);
