//! The server's side: what can wait does, while the client is inactive.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stonechat_extension::login::{AtBind, Login};
use stonechat_extension::point::{SessionResumed, ToSession};
use stonechat_extension::{
    Cx, HandlerError, HoldBack, InstallError, Installer, Manifest, Map, Nonza, Phase, React, ServerExtension,
    Session, SessionState,
};
use stonechat_stanza::{Element, StanzaError};

use crate::{NS, Wait, wait};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// When more than so many bytes wait for a client they are sent, though it is inactive. 0: nothing waits.
    pub held_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { held_bytes: 32 << 10 }
    }
}

const TEXT: &str = "\
# When more than so many bytes wait for a client that is inactive they are sent all the same. 0: nothing waits.
held-bytes = 32768
";

/// More than a mailbox should have to bear.
const MOST_HELD: usize = 1 << 20;

/// The extension. Whether a client is active is held by its session.
#[derive(Debug)]
pub struct Extension {
    config: Config,
}

/// Whether a session's client is inactive.
#[derive(Debug, Default)]
struct State(AtomicBool);

impl SessionState for State {
    const NAME: &'static str = "csi";

    /// §5.2: it is not restored.
    fn save(&self) -> Option<String> {
        None
    }

    fn restore(_: &Session, _: &str) {}
}

/// Whether the client of a session is active (§5): it is unless it has said otherwise.
#[must_use]
pub fn is_active(session: &Session) -> bool {
    !session.state_if_any::<State>().is_some_and(|state| state.0.load(Ordering::Acquire))
}

fn set_active(session: &Session, active: bool) {
    let was_inactive = session.state::<State>().0.swap(!active, Ordering::AcqRel);
    if active && was_inactive {
        session.mailbox().flush();
    }
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("csi").about("does not wake clients for what can wait").xep(352, "1.0.0");
    const CONFIG: &'static str = TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        if config.held_bytes > MOST_HELD {
            return Err(host.failed(format!("`held-bytes` is at most {MOST_HELD}")));
        }
        let csi = host.share(Self { config });
        host.stream_feature(Phase::AfterAuth, Element::bare("csi", NS));
        host.session_state::<State>()?;
        host.nonza(NS, "active", &csi)?;
        host.nonza(NS, "inactive", &csi)?;
        host.at_bind(NS, &[(NS, "active"), (NS, "inactive")], &csi)?;
        // It looks at what the others leave of a stanza.
        host.map::<ToSession>(&csi).after("carbons").after("mam");
        host.react::<SessionResumed>(&csi);
        Ok(())
    }
}

impl Nonza for Extension {
    fn nonza(&self, cx: &mut Cx<'_>, element: &Element) -> Result<(), HandlerError> {
        if let Some(session) = cx.session() {
            set_active(session, element.name() == "active");
        }
        Ok(())
    }
}

impl Map<ToSession> for Extension {
    fn map(&self, cx: &Cx<'_>, event: &mut ToSession) -> Result<(), StanzaError> {
        if cx.session().is_some_and(|session| !is_active(session)) {
            let bytes = self.config.held_bytes;
            event.hold_back = match wait(&event.stanza) {
                Wait::No => None,
                Wait::Yes => Some(HoldBack { replaces: None, bytes }),
                Wait::UntilSaidAnew(name) => Some(HoldBack { replaces: Some(name), bytes }),
            };
        }
        Ok(())
    }
}

/// XEP-0386 §3.2.1: there is no answer, as it cannot fail.
#[async_trait]
impl AtBind for Extension {
    async fn at_bind(
        &self,
        cx: &mut Cx<'_>,
        _: &Login,
        request: Option<&Element>,
    ) -> Result<Option<Element>, HandlerError> {
        if let (Some(session), Some(request)) = (cx.session(), request) {
            set_active(session, request.name() == "active");
        }
        Ok(None)
    }
}

/// §5.2.
#[async_trait]
impl React<SessionResumed> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionResumed) -> Result<(), HandlerError> {
        if let Some(session) = cx.session() {
            set_active(session, true);
        }
        Ok(())
    }
}

stonechat_extension::register!(server: Extension);
