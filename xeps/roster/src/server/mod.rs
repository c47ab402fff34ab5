//! The server's side: it keeps the rosters.

mod book;
mod config;
mod contact;
mod get;
mod live;
mod record;
mod service;
mod set;
mod snapshot;

pub use config::Config;
pub use contact::Contact;
pub use live::is_interested;
pub use service::{Change, Changed, Error, Outcome, Removed, Roster, Updated};
pub use snapshot::{Snapshot, may_see_presence};

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{FromClient, SessionBound};
use stonechat_extension::{
    AsyncAnswer, Cx, Guard, HandlerError, InstallError, Installer, Keep, Manifest, On, Phase, React, Reply,
    Request, ServerExtension, Verdict,
};
use stonechat_stanza::{Element, Kind, StanzaError, iq, ns};

use crate::{NS, Query};
use book::Book;

/// The extension. Others use it as [`Roster`].
#[derive(Debug)]
pub struct Extension {
    book: Arc<Book>,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("roster").about("keeps contact lists").rfc(6121, "2").xep(237, "1.3");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        config.check().map_err(|problem| host.failed(problem))?;
        let items = host.map_store("roster", "the contacts of an account", Keep::WithAccount)?;
        let about = "how often the contacts of an account have changed";
        let versions = host.document("roster-version", about, Keep::WithAccount)?;
        let book = Arc::new(Book::new(config, host.store(), items, versions));
        host.session_state::<live::Interest>()?;
        host.provide::<dyn Roster>(Arc::clone(&book) as Arc<dyn Roster>)?;

        let roster = host.share(Self { book });
        host.feature(NS);
        host.account_feature(NS);
        host.stream_feature(Phase::AfterAuth, Element::bare("ver", ns::ROSTERVER));
        host.guard::<FromClient>(&roster);
        host.react::<SessionBound>(&roster);
        host.iq_get_async(On::OWN_ACCOUNT, &Arc::new(Get(Arc::clone(&roster))))?;
        host.iq_set_async(On::OWN_ACCOUNT, &Arc::new(Set(roster)))
    }
}

struct Get(Arc<Extension>);

#[async_trait]
impl AsyncAnswer<Query> for Get {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, query: Query) -> Result<Reply, StanzaError> {
        get::answer(&self.0.book, cx, request, query).await
    }
}

struct Set(Arc<Extension>);

#[async_trait]
impl AsyncAnswer<Query> for Set {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, query: Query) -> Result<Reply, StanzaError> {
        set::answer(&self.0.book, cx, request, query).await
    }
}

/// §2.3.3: the roster of somebody else is `forbidden`. Said here, where nobody has looked yet whether there is such an
/// account, so that the answer does not tell.
impl Guard<FromClient> for Extension {
    fn guard(&self, cx: &Cx<'_>, event: &FromClient) -> Verdict {
        let stanza = &event.stanza;
        if !matches!(stanza.kind(), Kind::Iq(iq::Type::Get | iq::Type::Set)) {
            return Verdict::Allow;
        }
        let (Some(to), Some(session)) = (stanza.to(), cx.session()) else { return Verdict::Allow };
        let foreign = to.local().is_some()
            && to.is_bare()
            && to.domain() == cx.domain()
            && to.as_str() != session.account().jid().as_str();
        if foreign && stanza.children().next().is_some_and(|child| child.ns() == NS) {
            return Verdict::Reject(StanzaError::forbidden());
        }
        Verdict::Allow
    }
}

/// Who is connected has its roster in memory, so that those who must not wait can look into it.
#[async_trait]
impl React<SessionBound> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionBound) -> Result<(), HandlerError> {
        if let Some(session) = cx.session() {
            let loaded = self.book.load(cx.host(), session.account().jid()).await;
            loaded.map_err(|error| HandlerError::new(error.to_string()))?;
        }
        Ok(())
    }
}

stonechat_extension::register!(server: Extension);
