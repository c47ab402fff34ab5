//! The client's side (RFC 6121 §3, §4): [`Presence`] is the service of the extension, [`Event`] what it tells the application.
//!
//! With every new session the own presence is sent, after the roster has come where the extension `roster` is there too (§2.2); it is what
//! [`Presence::set`] said last, and plain availability before. The presence of others is kept by address and session, within limits,
//! until they or the session go. That of people in rooms is not kept here.
//!
//! ```no_run
//! # use stonechat_extension::client::{Closed, Event, Tables};
//! use stonechat_xep_presence::client::{self, Presence};
//!
//! # async fn run(tables: &Tables, event: Event) -> Result<(), Closed> {
//! let presence = tables.service::<Presence>().expect("the extension is installed");
//! match event.get() {
//!     Some(client::Event::Request { from, .. }) => drop(presence.approve(from.clone()).await?),
//!     Some(client::Event::Available { from, .. }) => println!("{from} is there"),
//!     _ => {}
//! }
//! # Ok(())
//! # }
//! ```

mod contacts;
mod service;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Connected, Cx, Disconnected, Extension as ClientExtension, Inbound, Installer, Observe, React,
};
use stonechat_extension::{HandlerError, InstallError, Manifest};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::presence::Type;
use stonechat_stanza::{Kind, StanzaError, ns};
use stonechat_xep_roster::client::Roster;

use crate::Availability;
pub use service::Presence;
use service::Shared;

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether a new session becomes available by itself.
    pub available: bool,
    /// Of how many addresses presence is kept.
    pub most_contacts: usize,
    /// Of how many sessions of one address presence is kept.
    pub most_resources: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { available: true, most_contacts: 10_000, most_resources: 50 }
    }
}

/// What is told about presence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A session is available, or has changed its presence. The own account's other sessions are among them.
    Available {
        /// The session.
        from: Jid,
        /// How it is available.
        availability: Availability,
    },
    /// A session is not available any more; with a bare address, none of them is.
    Unavailable {
        /// The session.
        from: Jid,
        /// Their last words.
        status: Option<String>,
    },
    /// Somebody asks to see our presence (§3.1.3). To be answered with [`approve`](Presence::approve) or [`deny`](Presence::deny).
    Request {
        /// Who asks.
        from: BareJid,
        /// What they say about it.
        status: Option<String>,
    },
    /// Somebody lets us see their presence (§3.1.6).
    Approved(BareJid),
    /// Somebody does not let us see their presence, or not any more (§3.2.3).
    Denied(BareJid),
    /// Somebody does not want to see our presence any more (§3.3.3).
    Unsubscribed(BareJid),
    /// Presence that was sent to this address came back (§4.7.1).
    Error {
        /// The address.
        from: Jid,
        /// Why.
        error: StanzaError,
    },
}

/// The client extension; it provides a [`Presence`].
#[derive(Debug)]
pub struct Extension {
    available: bool,
    shared: Arc<Shared>,
}

impl ClientExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("presence")
        .about("has the own presence and that of contacts; asks for and grants subscriptions")
        .rfc(6121, "3");
    const CONFIG: &'static str = "# Whether a new session becomes available by itself.\n\
        available = true\n\
        # Of how many addresses presence is kept.\n\
        most-contacts = 10000\n\
        # Of how many sessions of one address presence is kept.\n\
        most-resources = 50\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let shared = Arc::new(Shared::new(config.most_contacts, config.most_resources));
        client.provide(Arc::new(Presence::new(client.handle(), Arc::clone(&shared))))?;
        let presence = client.share(Self { available: config.available, shared });
        client.react::<Connected>(&presence);
        client.react::<Disconnected>(&presence);
        client.observe::<Inbound>(&presence);
        Ok(())
    }
}

impl React<Connected> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if event.resumed {
            return Ok(());
        }
        self.shared.contacts.lock().clear();
        if self.available {
            let (handle, roster) = (cx.handle(), cx.service::<Roster>());
            let shared = Arc::clone(&self.shared);
            let session = shared.begin();
            cx.spawn(async move {
                if let Some(roster) = roster {
                    roster.settled().await;
                }
                if let Some(presence) = shared.initial(session) {
                    // Who has closed the client is not available.
                    let _closed = handle.send(presence).await;
                }
            });
        }
        Ok(())
    }
}

impl React<Disconnected> for Extension {
    fn react(&self, _: &mut Cx<'_>, event: &Disconnected) -> Result<(), HandlerError> {
        if !event.resumable {
            self.shared.contacts.lock().clear();
        }
        Ok(())
    }
}

impl Observe<Inbound> for Extension {
    fn observe(&self, cx: &mut Cx<'_>, event: &Inbound) {
        let stanza = &event.stanza;
        let (Kind::Presence(kind), Some(from)) = (stanza.kind(), stanza.from()) else { return };
        if stanza.has(ns::MUC_USER, "x") {
            return;
        }
        let (jid, bare) = (from.to_jid(), from.to_bare());
        let status = || Availability::of(stanza).status;
        let event = match kind {
            Type::Available => {
                let availability = Availability::of(stanza);
                self.shared.contacts.lock().available(bare, from.resource(), availability.clone());
                Event::Available { from: jid, availability }
            }
            Type::Unavailable => {
                self.shared.contacts.lock().unavailable(&bare, from.resource());
                Event::Unavailable { from: jid, status: status() }
            }
            Type::Subscribe => Event::Request { from: bare, status: status() },
            Type::Subscribed => Event::Approved(bare),
            Type::Unsubscribed => Event::Denied(bare),
            Type::Unsubscribe => Event::Unsubscribed(bare),
            Type::Error => {
                let error = stanza.error().unwrap_or_else(StanzaError::undefined_condition);
                Event::Error { from: jid, error }
            }
            // For servers (§4.3).
            Type::Probe => return,
        };
        cx.emit(event);
    }
}

stonechat_extension::register!(client: Extension);
