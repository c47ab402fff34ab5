//! Roster pushes to components (§4.4).

use async_trait::async_trait;
use stonechat_extension::{Cx, HandlerError, React};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Stanza, iq};
use stonechat_xep_roster::{Changed, Contact, Item, Query};

use super::{Extension, Grant};

#[async_trait]
impl React<Changed> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &Changed) -> Result<(), HandlerError> {
        let granted = self.grants.iter().filter(|(_, grant)| Grant::pushes(grant)).map(|(domain, _)| domain);
        let components: Vec<_> = granted.filter(|domain| cx.host().is_component(domain.as_str())).collect();
        if components.is_empty() {
            return Ok(());
        }
        let mut pushes = self.pushes.lock().await;
        *pushes = pushes.wrapping_add(1);
        let contact = self.roster.contact(cx.host(), &event.owner, &event.contact).await;
        let contact = contact.map_err(|error| HandlerError::new(error.to_string()))?;
        for component in components {
            // At once, before the next has its turn.
            let push = push(event, &contact, component);
            cx.host().send(push.with_id(&format!("push-{pushes}"))).await;
        }
        Ok(())
    }
}

/// What a component is told of a contact: from the bare JID of the account.
fn push(event: &Changed, contact: &Contact, component: &BareJid) -> Stanza {
    let item = match contact.listed {
        true => contact.item(&event.contact),
        false => Item { removed: true, ..Item::new(event.contact.clone().into()) },
    };
    Stanza::iq(iq::Type::Set)
        .with_from(Jid::from(event.owner.clone()))
        .with_to(component.clone())
        .with(&Query::of(item))
}
