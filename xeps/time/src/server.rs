//! The server's side: it answers for the host.

use stonechat_extension::{
    Answer, Cx, InstallError, Installer, Manifest, NoConfig, On, Reply, Request, ServerExtension,
};
use stonechat_stanza::StanzaError;
use stonechat_stanza::time::DateTime;

use crate::{NS, Offset, Query, Time};

/// The extension; it keeps no state.
#[derive(Debug)]
pub struct Extension;

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("time").about("tells the server's time").xep(202, "2.0");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let time = host.share(Self);
        host.feature(NS);
        host.iq_get::<Query>(On::HOST, &time)
    }
}

impl Answer<Query> for Extension {
    fn answer(&self, cx: &mut Cx<'_>, _: &Request, _: Query) -> Result<Reply, StanzaError> {
        Ok(Reply::with(&Time { offset: Offset::default(), utc: DateTime::new(cx.now()).to_millisecond() }))
    }
}

stonechat_extension::register!(server: Extension);
