//! The copies themselves (XEP-0280 §7 and §8).

use std::sync::Arc;

use stonechat_extension::point::{FromClient, Point, ToAccount};
use stonechat_extension::{Account, Copies, Cx, HandlerError, Session};
use stonechat_stanza::{Kind, Stanza, message};

use super::Extension;
use super::audience::{Audience, wants_copies};
use crate::{Direction, eligible, wrap};

/// What a session has sent is about to be wrapped for the other sessions of its account. Maps at this point may add what is theirs alone
/// to know. [`Cx::session`] is the sender.
#[derive(Debug)]
pub struct SentCopy {
    /// The message.
    pub stanza: Stanza,
}

impl Point for SentCopy {
    const NAME: &'static str = "carbons::SentCopy";
}

/// §8: what a session sends, to the others of the account, whether or not the sender has enabled carbons itself.
impl Copies<FromClient> for Extension {
    fn copy(&self, cx: &mut Cx<'_>, event: &FromClient) -> Result<(), HandlerError> {
        let (Kind::Message(_), Some(sender)) = (event.stanza.kind(), cx.session()) else { return Ok(()) };
        let account = sender.account();
        let Some(audience) = audience(account) else { return Ok(()) };
        // What goes to the account itself is copied when it arrives there, or some would get it twice.
        if event.stanza.to().is_none_or(|to| to.bare_str() == account.jid().as_str()) {
            return Ok(());
        }
        let wanted = |session: &Arc<Session>| !Arc::ptr_eq(session, sender);
        self.send(cx, account, audience, Direction::Sent, &event.stanza, wanted)
    }
}

/// §7: what an account receives, to the sessions that do not get it by RFC 6121 §8.5.
impl Copies<ToAccount> for Extension {
    fn copy(&self, cx: &mut Cx<'_>, event: &ToAccount) -> Result<(), HandlerError> {
        if !matches!(event.stanza.kind(), Kind::Message(_)) || is_refused(event) {
            return Ok(());
        }
        let looked_up;
        let account = match event.targets.first() {
            Some(target) => target.account(),
            None => match cx.account(&event.account) {
                Some(account) => {
                    looked_up = account;
                    &looked_up
                }
                None => return Ok(()),
            },
        };
        let Some(audience) = audience(account) else { return Ok(()) };
        let sender = event.stanza.from().map(|from| from.as_str());
        let wanted = |session: &Arc<Session>| {
            sender != Some(session.jid().as_str())
                && !event.targets.iter().any(|target| Arc::ptr_eq(target, session))
        };
        self.send(cx, account, audience, Direction::Received, &event.stanza, wanted)
    }
}

/// RFC 6121 §8.5.3.2.1: a normal message to a resource that is not there is sent back. Whoever had a copy would see
/// a message that its sender takes for undelivered.
fn is_refused(event: &ToAccount) -> bool {
    event.targets.is_empty()
        && event.stanza.kind() == Kind::Message(message::Type::Normal)
        && event.stanza.to().is_some_and(|to| to.is_full())
}

/// The account's audience, if there is anybody in it.
fn audience(account: &Account) -> Option<&Audience> {
    account.state_if_any::<Audience>().filter(|audience| !audience.is_empty())
}

impl Extension {
    /// Sends copies to the sessions that want them, of those that are `wanted`.
    fn send(
        &self,
        cx: &mut Cx<'_>,
        account: &Account,
        audience: &Audience,
        direction: Direction,
        message: &Stanza,
        wanted: impl Fn(&Arc<Session>) -> bool,
    ) -> Result<(), HandlerError> {
        let peer = match direction {
            Direction::Received => message.from(),
            Direction::Sent => message.to(),
        };
        let named = peer.map(|peer| peer.bare_str()).zip(message.id());
        let answers_eligible = || named.is_some_and(|(peer, id)| audience.remembers(peer, id));
        if !eligible(message, direction, answers_eligible) {
            return Ok(());
        }
        if let Some((peer, id)) = named
            && !message.kind().is_error()
        {
            audience.remember(peer, id, self.config.remembered);
        }
        let mut copy = None;
        for session in account.sessions().iter().filter(|session| wants_copies(session) && wanted(session)) {
            let copy = match &copy {
                Some(copy) => copy,
                None => &*copy.insert(self.copy_of(cx, direction, message, account)?),
            };
            cx.send_to_session(session, copy.clone().with_to(session.jid().clone()));
        }
        Ok(())
    }
}

impl Extension {
    /// The copy, still without `to`.
    fn copy_of(
        &self,
        cx: &Cx<'_>,
        direction: Direction,
        message: &Stanza,
        account: &Account,
    ) -> Result<Stanza, HandlerError> {
        let wrapped = match direction {
            Direction::Received => wrap(direction, message, account.jid()),
            Direction::Sent => {
                let mut event = SentCopy { stanza: message.clone() };
                let mapped = cx.map_at(&mut event);
                mapped.map_err(|error| HandlerError::new(format!("a message is not copied: {error}")))?;
                wrap(direction, &event.stanza, account.jid())
            }
        };
        wrapped.map_err(too_large)
    }
}

fn too_large(error: stonechat_stanza::xml::Error) -> HandlerError {
    HandlerError::new(format!("a message cannot be wrapped: {error}"))
}
