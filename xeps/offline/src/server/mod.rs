//! The server's side: keeps messages, and delivers them.

mod clear;
mod config;
mod flush;
mod gates;
mod keep;
mod keeper;
mod strangers;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stonechat_extension::point::{NoAccount, NoSession, SessionAvailable, ToAccount};
use stonechat_extension::{
    Cx, InstallError, Installer, Manifest, Map, Select, ServerExtension, Session, SessionState,
};
use stonechat_stanza::jid::JidRef;
use stonechat_stanza::{StanzaError, ns};

use crate::{FEATURE, discard_forged};
pub use config::Config;
pub use keeper::Keeper;
pub use strangers::Bounces;
use waiting::Waiting;

/// The extension.
#[derive(Debug)]
pub struct Extension {
    waiting: Waiting,
    tell_strangers: bool,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("offline")
        .about("keeps messages for people who are not there")
        .xep(160, "1.0.1")
        .xep(203, "2.0");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let (tell_strangers, clear_at_bind) = (config.tell_strangers, config.clear_at_bind);
        let waiting = Waiting::open(config, host)?;
        let offline = host.share(Self { waiting, tell_strangers });
        host.feature(FEATURE);
        host.provide::<dyn Bounces>(Arc::clone(&offline) as Arc<dyn Bounces>)?;
        host.session_state::<Served>()?;
        host.map::<ToAccount>(&offline);
        host.claim::<NoSession>(Select::MESSAGES, &offline);
        if !tell_strangers {
            host.claim::<NoAccount>(Select::MESSAGES, &offline);
            host.claim::<ToAccount>(Select::MESSAGES, &offline);
        }
        if clear_at_bind {
            host.at_every_bind(&offline);
        }
        host.react::<SessionAvailable>(&offline);
        Ok(())
    }
}

/// Whether a session has had the stored messages since its priority was last negative.
#[derive(Debug, Default)]
struct Served(AtomicBool);

impl SessionState for Served {
    const NAME: &'static str = "offline";

    fn save(&self) -> Option<String> {
        self.0.load(Ordering::Acquire).then(|| "served".to_owned())
    }

    fn restore(session: &Session, _: &str) {
        session.state::<Self>().set(true);
    }
}

impl Served {
    /// Changes it, and gives what it was.
    fn set(&self, served: bool) -> bool {
        self.0.swap(served, Ordering::AcqRel)
    }
}

/// XEP-0203 §5: nobody but the host says that the host has delayed a stanza.
impl Map<ToAccount> for Extension {
    fn map(&self, cx: &Cx<'_>, event: &mut ToAccount) -> Result<(), StanzaError> {
        if event.stanza.has(ns::DELAY, "delay") && !event.stanza.from().is_some_and(|from| is_host(from, cx))
        {
            discard_forged(&mut event.stanza, cx.domain());
        }
        Ok(())
    }
}

/// Clients' stanzas are from full JIDs, so only the host itself sends from these.
fn is_host(from: JidRef<'_>, cx: &Cx<'_>) -> bool {
    from.domain() == cx.domain() && from.is_bare()
}

stonechat_extension::register!(server: Extension);
