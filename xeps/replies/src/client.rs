//! The client's side: the feature.

use stonechat_extension::client::{Extension as ClientExtension, Installer};
use stonechat_extension::{InstallError, Manifest, NoConfig};

use crate::NS;

/// The client extension: says that the client knows replies.
#[derive(Debug)]
pub struct Extension;

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("replies").about("says that replies are understood").xep(461, "0.2.1");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.feature(NS);
        Ok(())
    }
}

stonechat_extension::register!(client: Extension);
