//! What the test host needs to know priorities: an extension that takes presence as it comes.

use async_trait::async_trait;
use stonechat_extension::point::FromClient;
use stonechat_extension::{
    Claim, Cx, Descriptor, InstallError, Installer, Manifest, NoConfig, Select, ServerExtension,
};
use stonechat_stanza::{Kind, StanzaError, ns, presence};

pub(crate) struct Presence;

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

pub(crate) static PRESENCE: Descriptor = Descriptor::of::<Presence>();
