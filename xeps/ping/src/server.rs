//! The server's side: it answers.

use stonechat_extension::{
    Answer, Cx, InstallError, Installer, Manifest, NoConfig, On, Reply, Request, ServerExtension,
};
use stonechat_stanza::StanzaError;

use crate::{NS, Ping};

/// The extension; it keeps no state.
#[derive(Debug)]
pub struct Extension;

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("ping").about("answers pings").xep(199, "2.0.1");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let ping = host.share(Self);
        host.feature(NS);
        host.account_feature(NS);
        host.iq_get(On::HOST | On::OWN_ACCOUNT, &ping)
    }
}

impl Answer<Ping> for Extension {
    fn answer(&self, _: &mut Cx<'_>, _: &Request, _: Ping) -> Result<Reply, StanzaError> {
        Ok(Reply::empty())
    }
}

stonechat_extension::register!(server: Extension);
