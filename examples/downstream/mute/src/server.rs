//! The server's side.

mod answer;
mod book;
mod config;
mod guard;

use std::sync::Arc;

use stonechat_extension::point::ToAccount;
use stonechat_extension::{InstallError, Installer, Manifest, On, ServerExtension};

use crate::{Mute, Muted, NS, Unmute};
use book::Book;
pub use config::Config;

/// The extension.
#[derive(Debug)]
pub struct Extension {
    config: Config,
    book: Book,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("mute").about("keeps away messages with words that nobody wants to read");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        config.check().map_err(|problem| host.failed(problem))?;
        let book = Book::open(host)?;
        let mute: Arc<Self> = host.share(Self { config, book });
        host.feature(NS);
        host.guard_async::<ToAccount>(&mute);
        host.iq_get_async::<Muted>(On::OWN_ACCOUNT, &mute)?;
        host.iq_set_async::<Mute>(On::OWN_ACCOUNT, &mute)?;
        host.iq_set_async::<Unmute>(On::OWN_ACCOUNT, &mute)
    }
}

stonechat_extension::register!(server: Extension);
