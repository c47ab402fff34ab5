//! The configuration: what is granted.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use stonechat_stanza::iq;
use stonechat_stanza::jid::BareJid;

use crate::{Access, Perm};

/// The commented default.
pub(super) const TEXT: &str = "\
# What components may do as if they were accounts of the host: nothing, unless it is granted here, to each for itself.
# [{ component = \"irc.example.org\", roster = \"both\", message = \"outgoing\", presence = \"managed_entity\",
#    iq = [{ namespace = \"http://jabber.org/protocol/pubsub\", type = \"set\" }] }]
# `roster`: \"get\", \"set\" or \"both\", to read and change rosters; who may read them is told of changes, unless there is `push = false`. `message`: \"outgoing\", to send messages in the name of the
# host or of an account. `presence`: \"managed_entity\", to know when accounts come and go. `iq`: to send requests of these
# namespaces in the name of an account, of type \"get\", \"set\" or \"both\". What is left out is \"none\".
grants = []
# How many requests of components may wait for their answers at the same time. 1 to 10000.
requests = 1000
";

/// See the commented default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// What components may do.
    pub grants: Vec<Grant>,
    /// How many requests of components may wait for their answers at the same time.
    pub requests: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { grants: Vec::new(), requests: 1000 }
    }
}

/// What one component may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Grant {
    /// The component's domain.
    pub component: String,
    /// Whether it may read and change rosters (§4.1).
    #[serde(default, with = "access")]
    pub roster: Access,
    /// Whether it is told of the changes of rosters where it may read them (§4.4).
    #[serde(default = "yes")]
    pub push: bool,
    /// Whether it may send messages in the name of the host or of an account (§5.1).
    #[serde(default)]
    pub message: Messages,
    /// Whether it knows when accounts come and go (§7.1).
    #[serde(default)]
    pub presence: Presences,
    /// Of which namespaces it may send requests in the name of an account (§6.1).
    #[serde(default)]
    pub iq: Vec<IqGrant>,
}

const fn yes() -> bool {
    true
}

impl Default for Grant {
    fn default() -> Self {
        Self {
            component: String::new(),
            roster: Access::None,
            push: true,
            message: Messages::None,
            presence: Presences::None,
            iq: Vec::new(),
        }
    }
}

/// Messages that a component may send (§5.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Messages {
    /// None.
    #[default]
    None,
    /// In the name of the host or of an account.
    Outgoing,
}

/// Presence that a component gets (§7.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presences {
    /// None.
    #[default]
    None,
    /// That of the host's accounts.
    ManagedEntity,
}

/// Requests of one namespace that a component may send (§6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct IqGrant {
    /// The namespace of the request's payload.
    pub namespace: String,
    /// The types.
    #[serde(rename = "type", with = "access")]
    pub kind: Access,
}

/// An [`Access`] in a configuration is spelt as on the wire.
mod access {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::Access;

    pub(super) fn serialize<S: Serializer>(access: &Access, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(access)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Access, D::Error> {
        let text = String::deserialize(deserializer)?;
        let what = "expected \"none\", \"get\", \"set\" or \"both\"";
        text.parse().map_err(|_| D::Error::custom(format!("`{text}` is no access, {what}")))
    }
}

impl Grant {
    /// Whether requests of this type and namespace may be sent in the name of an account.
    pub(super) fn allows_iq(&self, kind: iq::Type, namespace: &str) -> bool {
        self.iq.iter().any(|grant| grant.namespace == namespace && grant.kind.allows(kind))
    }

    /// Whether it is told of the changes of rosters (§4.1).
    pub(super) fn pushes(&self) -> bool {
        self.push && self.roster.allows(iq::Type::Get)
    }

    /// What the component is told.
    pub(super) fn perms(&self) -> Vec<Perm> {
        let roster = Perm::Roster { access: self.roster, push: self.pushes() };
        let roster = (self.roster != Access::None).then_some(roster);
        let message = (self.message == Messages::Outgoing).then_some(Perm::Message);
        let iq = self.iq.iter().map(|grant| (grant.namespace.clone(), grant.kind)).collect();
        let iq = (!self.iq.is_empty()).then_some(Perm::Iq(iq));
        let presence = (self.presence == Presences::ManagedEntity).then_some(Perm::Presence);
        [roster, message, iq, presence].into_iter().flatten().collect()
    }
}

impl Config {
    /// The grants by component; else what is wrong.
    pub(super) fn grants(&self) -> Result<HashMap<BareJid, Grant>, String> {
        if !(1..=10_000).contains(&self.requests) {
            return Err(format!("`requests` is {}; it goes from 1 to 10000", self.requests));
        }
        let mut grants = HashMap::new();
        for grant in &self.grants {
            let name = &grant.component;
            let domain = BareJid::parse(name).map_err(|error| format!("`grants`: `{name}`: {error}"))?;
            if domain.local().is_some() {
                return Err(format!("`grants`: `{name}` is not a domain"));
            }
            if grants.insert(domain, grant.clone()).is_some() {
                return Err(format!("`grants`: `{name}` is there twice"));
            }
        }
        Ok(grants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(text: &str) -> Result<HashMap<BareJid, Grant>, String> {
        let table: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
        table.try_into::<Config>().map_err(|error| error.to_string())?.grants()
    }

    #[test]
    fn nothing_is_granted_unless_it_is_said() {
        let all = grants("grants = [{ component = 'a.example' }]").unwrap();
        let grant = &all[&BareJid::parse("a.example").unwrap()];
        assert!(grant.perms().is_empty() && !grant.allows_iq(iq::Type::Get, "jabber:iq:roster"));
        assert!(Config::default().grants().unwrap().is_empty());
    }

    #[test]
    fn changes_of_rosters_are_told_to_who_may_read_them_unless_it_is_said_otherwise() {
        for (grant, pushes) in [
            ("roster = 'both'", true),
            ("roster = 'get'", true),
            ("roster = 'get', push = false", false),
            ("roster = 'set', push = true", false),
            ("push = true", false),
        ] {
            let all = grants(&format!("grants = [{{ component = 'a.example', {grant} }}]")).unwrap();
            assert_eq!(all[&BareJid::parse("a.example").unwrap()].pushes(), pushes, "{grant}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in [
            "grants = [{ component = 'a@b.example' }]",
            "grants = [{ component = '' }]",
            "grants = [{ component = 'a.example' }, { component = 'A.example' }]",
            "grants = [{ component = 'a.example', roster = 'all' }]",
            "grants = [{ component = 'a.example', iq = [{ namespace = 'x' }] }]",
            "grants = [{ component = 'a.example', colour = 1 }]",
            "grants = [{ roster = 'get' }]",
            "requests = 0",
        ] {
            assert!(grants(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_namespace_is_granted_for_its_types_alone() {
        let text = "grants = [{ component = 'a.example', iq = [{ namespace = 'x', type = 'get' }, { namespace = 'y', type = 'set' }] }]";
        let all = grants(text).unwrap();
        let grant = &all[&BareJid::parse("a.example").unwrap()];
        assert!(grant.allows_iq(iq::Type::Get, "x") && grant.allows_iq(iq::Type::Set, "y"));
        assert!(!grant.allows_iq(iq::Type::Set, "x") && !grant.allows_iq(iq::Type::Get, "y"));
        assert!(!grant.allows_iq(iq::Type::Get, "") && !grant.allows_iq(iq::Type::Get, "z"));
    }
}
