//! The requests of an account's own sessions (XEP-0191 §3.2 to §3.5).

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::{Account, AsyncAnswer, Cx, Ending, Reply, Request, Session};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Payload, Stanza, StanzaError, iq};
use stonechat_xep_presence::Visibility;

use super::Extension;
use super::book::{Changed, Edit};
use super::reports::Filed;
use super::shelf::{Interest, Live};
use crate::{Block, BlockList, Item, Unblock};

#[async_trait]
impl AsyncAnswer<BlockList> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, _: BlockList) -> Result<Reply, StanzaError> {
        let session = asker(cx)?;
        let live = session.account().state::<Live>();
        // The answer and the pushes have to reach the client in the order of the changes.
        let _turn = live.telling.lock().await;
        let list = self.book.list(cx.host(), session.account().jid()).await.map_err(logged(cx))?;
        Interest::note(session);
        let list = BlockList { items: list.iter().cloned().map(Item::new).collect() };
        deliver(cx, session, request.stanza.reply().with(&list)).await;
        Ok(Reply::Sent)
    }
}

#[async_trait]
impl AsyncAnswer<Block> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, _: &Request, block: Block) -> Result<Reply, StanzaError> {
        let account = asker(cx)?.account();
        let owner = account.jid();
        if block.items.is_empty() {
            return Err(StanzaError::bad_request().with_text("whom is it about?"));
        }
        if block.items.iter().any(|item| item.jid.bare_str() == owner.as_str()) {
            return Err(StanzaError::not_allowed().with_text("an account cannot block itself"));
        }
        let jids: Vec<Jid> = block.items.iter().map(|item| item.jid.clone()).collect();
        let filed = block.items.into_iter().filter_map(Filed::of).collect();
        let push = Block { items: jids.iter().cloned().map(Item::new).collect() };
        let changed = self.change(cx, account, Edit::Block(jids.clone(), filed), &push).await?;
        self.hide(cx, owner, &jids, &changed).await;
        Ok(Reply::Empty)
    }
}

#[async_trait]
impl AsyncAnswer<Unblock> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, _: &Request, unblock: Unblock) -> Result<Reply, StanzaError> {
        let account = asker(cx)?.account();
        let jids: Vec<Jid> = unblock.items.into_iter().map(|item| item.jid).collect();
        let push = Unblock { items: jids.iter().cloned().map(Item::new).collect() };
        let edit = if jids.is_empty() { Edit::UnblockAll } else { Edit::Unblock(jids) };
        let changed = self.change(cx, account, edit, &push).await?;
        self.show(cx, account.jid(), &changed).await;
        Ok(Reply::Empty)
    }
}

fn asker<'a>(cx: &Cx<'a>) -> Result<&'a Arc<Session>, StanzaError> {
    cx.session().ok_or_else(StanzaError::service_unavailable)
}

fn logged<E: Into<StanzaError> + std::fmt::Display>(cx: &Cx<'_>) -> impl FnOnce(E) -> StanzaError + use<E> {
    let domain = cx.domain().to_owned();
    move |error| {
        tracing::warn!(host = domain, %error, "a request about a block list was refused");
        error.into()
    }
}

impl Extension {
    /// Changes the list, and pushes the change.
    async fn change(
        &self,
        cx: &mut Cx<'_>,
        account: &Account,
        edit: Edit,
        push: &(impl Payload + Sync),
    ) -> Result<Changed, StanzaError> {
        let live = account.state::<Live>();
        let _turn = live.telling.lock().await;
        let changed = self.book.change(cx.host(), account.jid(), edit).await.map_err(logged(cx))?;
        for session in account.sessions().iter().filter(|session| Interest::of(session)) {
            let push = Stanza::iq(iq::Type::Set)
                .with_from(account.jid().clone())
                .with_to(session.jid().clone())
                .with_id(&super::random_id())
                .with(push);
            deliver(cx, session, push).await;
        }
        Ok(changed)
    }

    /// §3.3: "the user's server MUST send unavailable presence information to the JID".
    async fn hide(&self, cx: &mut Cx<'_>, owner: &BareJid, jids: &[Jid], changed: &Changed) {
        let Some(presence) = cx.service::<dyn Visibility>() else { return };
        if let Err(error) = presence.hide(cx, owner, jids, &|jid| changed.before.covers(jid)).await {
            tracing::error!(account = %owner, %error, "a blocked contact was not sent unavailable presence");
        }
    }

    /// §3.4: "the user's server MUST send the user's current presence information to the JID". Who is still blocked by another item does not
    /// get it, as nothing is sent to them.
    async fn show(&self, cx: &mut Cx<'_>, owner: &BareJid, changed: &Changed) {
        let Some(presence) = cx.service::<dyn Visibility>() else { return };
        let unblocked = changed.before.iter().filter(|jid| !changed.after.contains(jid));
        let unblocked: Vec<Jid> = unblocked.cloned().collect();
        if let Err(error) = presence.show(cx, owner, &unblocked).await {
            tracing::error!(account = %owner, %error, "an unblocked contact was not sent presence");
        }
    }
}

/// Delivers at once. A session that cannot take it would have a wrong list from then on, so it has to start afresh.
async fn deliver(cx: &mut Cx<'_>, session: &Arc<Session>, stanza: Stanza) {
    if session.mailbox().ending().is_none() && !cx.deliver(session, stanza).await {
        session.mailbox().end(Ending::TooSlow);
    }
}
