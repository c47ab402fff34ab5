//! The server's side: it answers for the host and for accounts.

mod answer;
mod config;

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::disco::{self, Disco, Identity};
use stonechat_extension::{
    AsyncAnswer, Cx, InstallError, Installer, Manifest, On, Reply, Request, ServerExtension,
};
use stonechat_stanza::StanzaError;
use stonechat_stanza::jid::BareJid;
use stonechat_xep_roster::Roster;

use crate::{INFO, ITEMS, InfoQuery, Items, ItemsQuery};
pub use config::{Config, ConfiguredItem};

/// The extension; it keeps no state.
#[derive(Debug)]
pub struct Extension;

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("disco").about("tells what the server can do").xep(30, "2.5.0").xep(128, "1.0.1");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let items = config.items().map_err(|problem| host.failed(problem))?;
        items.into_iter().for_each(|item| host.item(item));
        let name = config::some(&config.name);
        host.identity(Identity { category: "server".to_owned(), kind: "im".to_owned(), name });
        let (category, kind) = ("account".to_owned(), "registered".to_owned());
        host.account_identity(Identity { category, kind, name: None });
        for feature in [INFO, ITEMS] {
            host.feature(feature);
            host.account_feature(feature);
        }
        let disco = host.share(Self);
        host.iq_get_async::<InfoQuery>(On::HOST | On::ACCOUNT, &disco)?;
        host.iq_get_async::<ItemsQuery>(On::HOST | On::ACCOUNT, &disco)
    }
}

#[async_trait]
impl AsyncAnswer<InfoQuery> for Extension {
    async fn answer(
        &self,
        cx: &mut Cx<'_>,
        request: &Request,
        query: InfoQuery,
    ) -> Result<Reply, StanzaError> {
        // §8 rule 1.
        let known = look_up(cx, request, query.node.as_deref()).await?;
        let known = known.ok_or_else(StanzaError::service_unavailable)?;
        let primary = if request.on == On::HOST { "server" } else { "account" };
        Ok(Reply::with(&answer::info(query.node, known, primary)))
    }
}

#[async_trait]
impl AsyncAnswer<ItemsQuery> for Extension {
    async fn answer(
        &self,
        cx: &mut Cx<'_>,
        request: &Request,
        query: ItemsQuery,
    ) -> Result<Reply, StanzaError> {
        Ok(Reply::with(&match look_up(cx, request, query.node.as_deref()).await? {
            Some(known) => answer::items(query.node, known.items),
            // §8 rule 2.
            None => Items { node: query.node, items: Vec::new() },
        }))
    }
}

/// What is known; `None` for an asker who may not know whether there is such an account.
async fn look_up(
    cx: &Cx<'_>,
    request: &Request,
    node: Option<&str>,
) -> Result<Option<disco::Info>, StanzaError> {
    let Some(asker) = request.stanza.from() else { return Ok(None) };
    let asker = asker.to_jid();
    if let Some(account) = &request.account
        && !may_see(cx, request.on, account, &asker.to_bare()).await
    {
        return Ok(None);
    }
    // §4.2: an empty node is none.
    let node = node.filter(|node| !node.is_empty()).map(str::to_owned);
    let info = node.is_none().then(|| declared(cx, request));
    let mut event = Disco { on: request.on, account: request.account.clone(), node, asker, info };
    cx.map_at(&mut event)?;
    event.info.map(Some).ok_or_else(StanzaError::item_not_found)
}

/// Whether the asker may see the account's presence. Who cannot be looked up may not.
async fn may_see(cx: &Cx<'_>, on: On, account: &BareJid, asker: &BareJid) -> bool {
    if on == On::OWN_ACCOUNT {
        return true;
    }
    let Some(roster): Option<Arc<dyn Roster>> = cx.service() else { return false };
    match roster.contact(cx.host(), account, asker).await {
        Ok(contact) => contact.subscription.is_from(),
        Err(error) => {
            tracing::error!(host = cx.domain(), %account, %error, "cannot tell who may see an account");
            false
        }
    }
}

/// What was declared, and of an account its available resources (§4.1, example 15), of a host the domains below it that somebody of this server
/// has, such as its components.
fn declared(cx: &Cx<'_>, request: &Request) -> disco::Info {
    let mut info = cx.info(request.on).clone();
    if let Some(account) = &request.account {
        let sessions = cx.sessions(account);
        let available = sessions.iter().filter(|session| session.is_available());
        let mut resources: Vec<_> = available.map(|session| session.jid().clone()).collect();
        resources.sort_unstable();
        let items = resources.into_iter().map(|jid| disco::Item { jid: jid.into(), node: None, name: None });
        info.items.extend(items);
    } else {
        let neighbors = cx.host().neighbors().into_iter().filter_map(|domain| domain.parse().ok());
        info.items.extend(neighbors.map(|jid| disco::Item { jid, node: None, name: None }));
    }
    info
}

stonechat_extension::register!(server: Extension);
