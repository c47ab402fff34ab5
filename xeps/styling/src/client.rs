//! The client's side: the feature.

use stonechat_extension::client::{Extension as ClientExtension, Installer};
use stonechat_extension::{InstallError, Manifest, NoConfig};

use crate::NS;

/// The client extension: says that the client shows styles. To be installed by who does.
#[derive(Debug)]
pub struct Extension;

impl ClientExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("styling").about("says that styles are shown").xep(393, "1.1.1");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.feature(NS);
        Ok(())
    }
}

stonechat_extension::register!(client: Extension);
