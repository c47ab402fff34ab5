//! The server's side: it keeps the lists, and keeps out who is in them.

mod answer;
mod book;
mod config;
mod guards;
mod reports;
mod shelf;

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{
    AccountCreated, AccountRemoved, FromAccount, FromClient, SessionBound, ToAccount, ToSession,
};
use stonechat_extension::{
    Cx, HandlerError, InstallError, Installer, Manifest, On, React, Request, ServerExtension,
};

use crate::{Block, BlockList, NS, Unblock};
use book::Book;
pub use config::Config;
use shelf::{Interest, Shelf};

/// The extension.
#[derive(Debug)]
pub struct Extension {
    book: Arc<Book>,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("blocking")
        .about("keeps out whom a person does not want to hear of")
        .xep(191, "1.3")
        .xep(377, "0.4.1");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        config.check().map_err(|problem| host.failed(problem))?;
        let book = Arc::new(Book::open(&config, host)?);
        let blocking = host.share(Self { book });
        host.feature(NS);
        host.session_state::<Interest>()?;
        host.guard_async::<FromClient>(&blocking);
        host.guard_async::<FromAccount>(&blocking);
        host.guard_async::<Request>(&blocking);
        host.guard_async::<ToAccount>(&blocking);
        host.guard::<ToSession>(&blocking);
        host.react::<SessionBound>(&blocking);
        host.react::<AccountCreated>(&blocking);
        host.react::<AccountRemoved>(&blocking);
        host.iq_get_async::<BlockList>(On::OWN_ACCOUNT, &blocking)?;
        host.iq_set_async::<Block>(On::OWN_ACCOUNT, &blocking)?;
        host.iq_set_async::<Unblock>(On::OWN_ACCOUNT, &blocking)
    }
}

/// Who is connected has its list in memory, so that most stanzas are judged without waiting.
#[async_trait]
impl React<SessionBound> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionBound) -> Result<(), HandlerError> {
        if let Some(session) = cx.session() {
            let read = self.book.list(cx.host(), session.account().jid()).await;
            read.map_err(|error| HandlerError::new(error.to_string()))?;
        }
        Ok(())
    }
}

/// An account of the name that an earlier one had is another.
#[async_trait]
impl React<AccountCreated> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &AccountCreated) -> Result<(), HandlerError> {
        cx.host().state::<Shelf>().forget(&event.account);
        Ok(())
    }
}

#[async_trait]
impl React<AccountRemoved> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &AccountRemoved) -> Result<(), HandlerError> {
        cx.host().state::<Shelf>().forget(&event.account);
        Ok(())
    }
}

/// 128 random bits.
fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

stonechat_extension::register!(server: Extension);
