//! The server's side: keeps the archives, and answers from them.

mod archive;
mod config;
mod keeper;
mod known;
mod metadata;
mod notes;
mod page;
mod plan;
mod preferences;
mod query;
mod record;
mod retract;
mod sweep;

use std::sync::Arc;

use stonechat_extension::point::{FromClient, NoSession, Routed, SessionBound, ToAccount};
use stonechat_extension::{InstallError, Installer, Keep, Manifest, On, Select, ServerExtension};
use stonechat_stanza::ns;
use stonechat_xep_carbons::SentCopy;
use stonechat_xep_offline::Keeper;

use crate::{EXTENDED, GROUPCHAT_FIELD, Metadata, NS, Query, RETRACT_0};
use archive::Archive;
pub use config::{ByDefault, Config};
use known::Book;

/// The features of an account that has an archive (§7; XEP-0359 §5; XEP-0424 §4; its version 0.3.0 §2 and §4).
const FEATURES: &[&str] = &[
    NS,
    EXTENDED,
    GROUPCHAT_FIELD,
    ns::SID,
    "urn:xmpp:message-retract:1#tombstone",
    RETRACT_0,
    "urn:xmpp:message-retract:0#tombstone",
];

/// The extension.
#[derive(Debug)]
pub struct Extension {
    archive: Archive,
    book: Book,
    config: Config,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("mam")
        .about("keeps an archive of people's messages")
        .xep(313, "1.1.3")
        .xep(359, "0.7.0")
        .xep(424, "0.4.2")
        .xep(441, "0.2.0");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        if let Some(problem) = config.problem() {
            return Err(host.failed(problem));
        }
        let log = host.log("archive", "messages from and to the account", Keep::WithAccount)?;
        let about = "whose messages are archived for the account";
        let document = host.document("archive-preferences", about, Keep::WithAccount)?;
        let archive = Archive::new(host.store(), log, config.clone());
        let book = Book::new(document, config.policy());
        let mam = host.share(Self { archive, book, config });

        FEATURES.iter().for_each(|feature| host.account_feature(feature));
        host.feature(RETRACT_0);
        host.session_state::<page::Told>()?;
        host.provide::<dyn Keeper>(Arc::clone(&mam) as Arc<dyn Keeper>)?;

        host.map::<FromClient>(&mam);
        host.record::<FromClient>(Select::MESSAGES, &mam);
        host.map::<SentCopy>(&mam);
        host.map::<ToAccount>(&mam).after("offline");
        host.record::<ToAccount>(Select::MESSAGES, &mam);
        host.record::<Routed>(Select::MESSAGES, &mam);
        host.claim::<NoSession>(Select::MESSAGES, &mam).after("carbons").after("offline");
        host.react::<SessionBound>(&mam);
        host.at_every_bind(&mam);

        let anybody = On::OWN_ACCOUNT | On::OTHER_ACCOUNT;
        host.iq_set_async::<Query>(anybody, &mam)?;
        host.iq_get::<Query>(anybody, &mam)?;
        host.iq_get_async::<Metadata>(anybody, &mam)?;
        host.iq_get_async(anybody, &Arc::new(preferences::Get(Arc::clone(&mam))))?;
        host.iq_set_async(anybody, &Arc::new(preferences::Set(mam)))
    }
}

stonechat_extension::register!(server: Extension);
