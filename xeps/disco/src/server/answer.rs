//! The answers, as functions from what is known to what is sent.

use stonechat_extension::disco::{self, Identity};

use crate::{Feature, INFO, Info, Item, Items, wire};

/// What is told of an entity or node. `primary` is the category that comes first.
pub(super) fn info(node: Option<String>, known: disco::Info, primary: &str) -> Info {
    let mut features: Vec<Feature> = known.features.into_iter().map(|var| Feature { var }).collect();
    // §3.1: everybody who answers supports this.
    features.push(Feature { var: INFO.to_owned() });
    features.sort_unstable();
    features.dedup();
    let mut forms = known.forms;
    forms.sort_by(|a, b| a.form_type().cmp(&b.form_type()));
    Info { node, identities: identities(known.identities, primary), features, forms }
}

/// The identities, those of the primary category first. §3.1: one category and type must not have two names; the first counts.
fn identities(known: Vec<Identity>, primary: &str) -> Vec<wire::Identity> {
    let mut all: Vec<wire::Identity> = Vec::with_capacity(known.len());
    for Identity { category, kind, name } in known {
        if !all.iter().any(|other| other.category == category && other.kind == kind) {
            all.push(wire::Identity { category, kind, lang: None, name });
        }
    }
    all.sort_by_cached_key(|identity| (identity.category != primary, identity.clone()));
    all
}

/// The items of an entity or node, each once.
pub(super) fn items(node: Option<String>, known: Vec<disco::Item>) -> Items {
    let mut items: Vec<Item> = Vec::with_capacity(known.len());
    let mut seen = std::collections::HashSet::new();
    for disco::Item { jid, node, name } in known {
        if seen.insert((jid.clone(), node.clone())) {
            items.push(Item { jid, node, name });
        }
    }
    Items { node, items }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stonechat_stanza::Payload as _;
    use stonechat_stanza::forms::{Form, Type};

    fn identity(category: &str, kind: &str, name: Option<&str>) -> Identity {
        Identity { category: category.to_owned(), kind: kind.to_owned(), name: name.map(str::to_owned) }
    }

    #[test]
    fn the_primary_identity_comes_first_and_has_one_name() {
        let known = vec![
            identity("pubsub", "pep", None),
            identity("account", "registered", Some("first")),
            identity("account", "registered", Some("second")),
        ];
        let told = identities(known, "account");
        let told: Vec<_> = told.iter().map(|i| (i.category.as_str(), i.name.as_deref())).collect();
        assert_eq!(told, [("account", Some("first")), ("pubsub", None)]);
    }

    #[test]
    fn forms_are_sorted_by_their_type() {
        let forms = ["urn:b", "urn:a"].map(|of| Form::of(Type::Result, of)).to_vec();
        let told = info(None, disco::Info { forms, ..Default::default() }, "server");
        let order: Vec<_> = told.forms.iter().map(|form| form.form_type()).collect();
        assert_eq!(order, [Some("urn:a"), Some("urn:b")]);
    }

    #[test]
    fn an_item_that_two_declare_is_listed_once() {
        let item = |node: Option<&str>| disco::Item {
            jid: "rooms.example.org".parse().unwrap(),
            node: node.map(str::to_owned),
            name: None,
        };
        assert_eq!(items(None, vec![item(None), item(Some("a")), item(None)]).items.len(), 2);
    }

    proptest! {
        #[test]
        fn an_answer_is_sorted_has_each_feature_once_and_reads_back(
            features in prop::collection::vec("[a-z:#/]{1,8}", 0..8),
            kinds in prop::collection::vec(("[ab]{1,2}", "[ab]{1,2}", prop::option::of("[a-z<&]{0,4}")), 0..6),
            node in prop::option::of("[a-z'<]{0,5}"),
        ) {
            let identities = kinds.iter().map(|(c, k, n)| identity(c, k, n.as_deref())).collect();
            let known = disco::Info { identities, features, ..Default::default() };
            let told = info(node, known, "a");
            prop_assert!(told.features.is_sorted() && told.has(INFO));
            prop_assert!(told.features.windows(2).all(|two| two[0] != two[1]));
            let last_primary = told.identities.iter().rposition(|i| i.category == "a");
            let first_other = told.identities.iter().position(|i| i.category != "a");
            prop_assert!(last_primary.zip(first_other).is_none_or(|(primary, other)| primary < other));
            prop_assert_eq!(Info::parse(&told.to_element()).unwrap(), told);
        }
    }
}
