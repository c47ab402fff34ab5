//! What a test needs to know priorities: an extension that takes presence as it comes.

use async_trait::async_trait;
use stonechat_stanza::{Kind, StanzaError, ns, presence};

use crate::point::FromClient;
use crate::{Claim, Cx, Descriptor, InstallError, Installer, Manifest, NoConfig, Select, ServerExtension};

struct Presence;

impl ServerExtension for Presence {
    const MANIFEST: Manifest = Manifest::new("test-presence");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        host.claim::<FromClient>(Select::PRESENCE, &host.share(Self));
        Ok(())
    }
}

#[async_trait]
impl Claim<FromClient> for Presence {
    async fn claim(&self, cx: &mut Cx<'_>, event: FromClient) -> Result<Option<FromClient>, StanzaError> {
        if event.stanza.to().is_some() {
            return Ok(Some(event));
        }
        if event.stanza.kind() == Kind::Presence(presence::Type::Available) {
            let priority = event.stanza.find(ns::CLIENT, "priority");
            let priority = priority.and_then(|child| child.element().ok()?.text().parse().ok()).unwrap_or(0);
            cx.set_available(event.stanza, priority).await;
        } else {
            cx.set_unavailable(Some(event.stanza)).await;
        }
        Ok(None)
    }
}

/// An extension for tests of what follows from availability: a session is as available, and of the priority, as its
/// presence says. Nobody is told and nothing is refused.
pub static PRESENCE: Descriptor = Descriptor::of::<Presence>();
