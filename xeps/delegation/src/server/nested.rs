//! What components answer for, among what service discovery tells of host and accounts (§7.2).

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_extension::disco::{self, Disco};
use stonechat_extension::{Answered, Host, On};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Stanza, iq};
use stonechat_xep_disco::{Info, InfoQuery};

use super::PATIENCE;
use crate::NS;

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Of {
    Host,
    Accounts,
}

impl Of {
    /// The node at which a component tells it (§7.2.1, §7.2.2).
    fn node(self, namespace: &str) -> String {
        match self {
            Self::Host => format!("{NS}::{namespace}"),
            Self::Accounts => format!("{NS}:bare:{namespace}"),
        }
    }
}

/// What components have said, by namespace. Bounded by what is delegated.
#[derive(Debug, Default)]
pub(super) struct Nested(Mutex<HashMap<(Of, Box<str>), Info>>);

impl Nested {
    /// Asks a component what it answers for in a namespace. What it has said before holds until then.
    pub(super) async fn ask(&self, host: &Arc<Host>, component: &BareJid, namespace: &str) {
        for of in [Of::Host, Of::Accounts] {
            let query = InfoQuery { node: Some(of.node(namespace)) };
            let (from, to) = (Jid::from(host.jid().clone()), component.clone());
            let request = Stanza::iq(iq::Type::Get).with_from(from).with_to(to).with(&query);
            let info = match host.ask(request, PATIENCE).await {
                Answered::Result(answer) => answer.get::<Info>().ok().flatten(),
                _ => None,
            };
            if info.is_none() {
                tracing::debug!(host = host.domain(), %component, namespace, "a component does not say what it answers for");
            }
            self.0.lock().insert((of, namespace.into()), info.unwrap_or_default());
        }
    }

    /// Puts what the component says of a namespace, if it is there, in the place of what the server would say.
    pub(super) fn nest(&self, event: &mut Disco, namespace: &str, is_there: bool) {
        let Some(info) = event.info.as_mut() else { return };
        let of = if event.on == On::HOST { Of::Host } else { Of::Accounts };
        let said = is_there.then(|| self.0.lock().get(&(of, namespace.into())).cloned()).flatten();
        replace(info, namespace, said.unwrap_or_default());
    }
}

fn replace(info: &mut disco::Info, namespace: &str, said: Info) {
    info.features.retain(|feature| !is_of(namespace, feature));
    info.features.extend(said.features.into_iter().map(|feature| feature.var));
    info.features.sort_unstable();
    info.features.dedup();
    info.forms.retain(|form| !form.form_type().is_some_and(|kind| is_of(namespace, kind)));
    info.forms.extend(said.forms);
    let identities = said.identities.into_iter();
    info.identities.extend(identities.map(|own| disco::Identity {
        category: own.category,
        kind: own.kind,
        name: own.name,
    }));
}

/// Whether a feature, or what a form is of, belongs to a namespace.
fn is_of(namespace: &str, feature: &str) -> bool {
    feature.strip_prefix(namespace).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use stonechat_xep_disco::Feature;

    use super::*;

    #[test]
    fn what_is_of_a_namespace_begins_with_it() {
        assert!(
            is_of("urn:xmpp:mam:2", "urn:xmpp:mam:2") && is_of("urn:xmpp:mam:2", "urn:xmpp:mam:2#extended")
        );
        assert!(!is_of("urn:xmpp:mam:2", "urn:xmpp:mam:21") && !is_of("urn:xmpp:mam:2", "urn:xmpp:mam"));
    }

    #[test]
    fn what_the_server_says_of_the_namespace_gives_way_and_nothing_else_does() {
        let features = ["urn:w", "urn:x", "urn:x#own", "urn:y"].map(str::to_owned).to_vec();
        let mut info = disco::Info { features, ..disco::Info::default() };
        let said = ["urn:x#other", "urn:w"].map(|var| Feature { var: var.to_owned() }).to_vec();
        replace(&mut info, "urn:x", Info { features: said, ..Info::default() });
        assert_eq!(info.features, ["urn:w", "urn:x#other", "urn:y"]);
    }
}
