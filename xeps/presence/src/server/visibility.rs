//! What other extensions have presence do: hide an account from somebody, and show it again.

use std::collections::BTreeSet;

use async_trait::async_trait;
use stonechat_extension::Cx;
use stonechat_stanza::jid::{BareJid, Jid, JidRef};
use stonechat_stanza::{Stanza, presence};
use stonechat_xep_roster::Error;

use super::Extension;
use super::directed::Directed;
use super::show::{Way, show, unavailable};

/// Who sees an account's presence for now, apart from the subscriptions, which stay. Get it with `cx.service::<dyn Visibility>()`.
///
/// An address stands for itself and what is below it: a bare JID for its resources, a domain for all of its addresses.
#[async_trait]
pub trait Visibility: Send + Sync + 'static {
    /// Tells those at these addresses who see the presence of the account's sessions, by a subscription or because it was directed to
    /// them, that the sessions are unavailable, save those who are `hidden` already. It is sent past the guards of
    /// [`FromAccount`](stonechat_extension::point::FromAccount). Keeping later presence from them is the caller's part.
    ///
    /// # Errors
    /// When the roster cannot be read; nobody is told then.
    async fn hide(
        &self,
        cx: &mut Cx<'_>,
        owner: &BareJid,
        from: &[Jid],
        hidden: &(dyn for<'j> Fn(JidRef<'j>) -> bool + Sync),
    ) -> Result<(), Error>;

    /// Shows the presence of the account's available sessions to those at these addresses who are subscribed to it, and asks
    /// for the presence of those to whom the account is subscribed, which it may not have got meanwhile.
    ///
    /// # Errors
    /// When the roster cannot be read; nobody is shown anything then.
    async fn show(&self, cx: &mut Cx<'_>, owner: &BareJid, to: &[Jid]) -> Result<(), Error>;
}

#[async_trait]
impl Visibility for Extension {
    async fn hide(
        &self,
        cx: &mut Cx<'_>,
        owner: &BareJid,
        from: &[Jid],
        hidden: &(dyn for<'j> Fn(JidRef<'j>) -> bool + Sync),
    ) -> Result<(), Error> {
        let roster = self.roster.load(cx.host(), owner).await?;
        let subscribers = meet(from, roster.subscribers().map(|contact| contact.as_jid_ref()));
        for session in cx.sessions(owner) {
            let directed =
                session.state_if_any::<Directed>().map(|directed| directed.all()).unwrap_or_default();
            let mut told = meet(from, directed.iter().map(Jid::as_jid_ref));
            for entity in &told {
                if let Some(directed) = session.state_if_any::<Directed>() {
                    directed.remove(entity.as_jid_ref());
                }
            }
            if session.is_available() {
                told.extend(subscribers.iter().cloned());
            }
            for entity in told.into_iter().filter(|entity| !hidden(entity.as_jid_ref())) {
                cx.send_past_guards(unavailable(&session).with_to(entity));
            }
        }
        Ok(())
    }

    async fn show(&self, cx: &mut Cx<'_>, owner: &BareJid, to: &[Jid]) -> Result<(), Error> {
        let roster = self.roster.load(cx.host(), owner).await?;
        for entity in meet(to, roster.subscribers().map(|contact| contact.as_jid_ref())) {
            show(cx, cx.sessions(owner).iter(), Way::Route(entity));
        }
        if cx.sessions(owner).iter().any(|session| session.is_available()) {
            for contact in meet(to, roster.subscriptions().map(|contact| contact.as_jid_ref())) {
                let probe = Stanza::presence(presence::Type::Probe);
                cx.send(probe.with_from(owner.clone()).with_to(contact.to_bare()));
            }
        }
        Ok(())
    }
}

/// The addresses of which both know: of an entity that is below an address the entity, of an address that is a resource of an
/// entity the address.
fn meet<'a>(addresses: &[Jid], entities: impl Iterator<Item = JidRef<'a>>) -> BTreeSet<Jid> {
    let mut met = BTreeSet::new();
    for entity in entities {
        for address in addresses.iter().map(Jid::as_jid_ref) {
            if is_below(entity, address) {
                met.insert(entity.to_jid());
            } else if address.bare_str() == entity.as_str() {
                met.insert(address.to_jid());
            }
        }
    }
    met
}

fn is_below(entity: JidRef<'_>, address: JidRef<'_>) -> bool {
    let address_text = address.as_str();
    entity.as_str() == address_text
        || entity.bare_str() == address_text
        || (address.local().is_none() && address.is_bare() && entity.domain() == address_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(addresses: &[&str], entities: &[&str]) -> Vec<String> {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Jid>>();
        let (addresses, entities) = (parse(addresses), parse(entities));
        meet(&addresses, entities.iter().map(Jid::as_jid_ref)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_address_stands_for_what_is_below_it() {
        assert_eq!(met(&["b@c"], &["b@c", "b@c/1", "d@c"]), ["b@c", "b@c/1"]);
        assert_eq!(met(&["c"], &["b@c", "d@c/1", "c", "b@sub.c"]), ["b@c", "c", "d@c/1"]);
        assert_eq!(met(&["c/x"], &["b@c", "c/x", "c"]), ["c/x"]);
    }

    #[test]
    fn one_resource_of_a_contact_is_told_alone() {
        assert_eq!(met(&["b@c/1"], &["b@c", "b@c/2"]), ["b@c/1"]);
        assert_eq!(met(&["b@c"], &["c"]), Vec::<String>::new());
    }
}
