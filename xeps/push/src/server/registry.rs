//! The nodes that accounts have enabled.

use serde::{Deserialize, Serialize};
use stonechat_extension::{InstallError, Installer, Keep};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Element, Payload as _, StanzaError};
use stonechat_store::{Error, Map, Owner, Store};

use super::Config;
use crate::{Disable, Enable, PUBLISH_OPTIONS};

/// How long the name of a node may be, in bytes.
const LONGEST_NODE: usize = 1023;

/// The nodes of all accounts.
#[derive(Debug)]
pub(super) struct Registry {
    store: Store,
    nodes: Map,
    most: u64,
    options_size: usize,
}

/// A node that an account has enabled.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Registration {
    jid: String,
    node: Option<String>,
    /// A form as XML. It may hold secrets.
    options: Option<String>,
    /// When it was enabled, in microseconds since 1970, so that no two are the same.
    since: i64,
}

/// Without the options.
impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration")
            .field("jid", &self.jid)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

impl Registration {
    /// The service.
    pub(super) fn jid(&self) -> Option<Jid> {
        Jid::parse_received(&self.jid).ok()
    }

    /// The node.
    pub(super) fn node(&self) -> Option<&str> {
        self.node.as_deref()
    }

    /// The options.
    pub(super) fn options(&self) -> Option<Element> {
        self.options.as_deref()?.parse().ok()
    }

    /// Services and nodes are told apart by a character that no address has.
    fn key(&self) -> String {
        key(&self.jid, self.node())
    }

    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers are JSON")
    }
}

fn key(jid: &str, node: Option<&str>) -> String {
    match node {
        Some(node) => format!("{jid}\n{node}"),
        None => jid.to_owned(),
    }
}

impl Registry {
    pub(super) fn open(config: &Config, host: &mut Installer<'_>) -> Result<Self, InstallError> {
        let about = "the push services that are told of messages for the account, with what they want to see";
        let nodes = host.map_store("push", about, Keep::WithAccount)?;
        let Config { registrations, options_size, .. } = *config;
        Ok(Self { store: host.store(), nodes, most: registrations, options_size })
    }

    /// Enables a node; what was enabled before for that node is replaced (§5).
    pub(super) async fn enable(
        &self,
        account: &BareJid,
        enable: Enable,
        since: i64,
    ) -> Result<(), StanzaError> {
        let registration = self.check(enable, since)?;
        let (owner, value) = (Owner::account(account.as_str()), registration.to_json());
        match self.nodes.put_below(&owner, &registration.key(), value, self.most).await {
            Ok(()) => Ok(()),
            Err(Error::Quota { .. }) => {
                Err(StanzaError::resource_constraint().with_text("too many push services are enabled"))
            }
            Err(error) => Err(failed(account, &error)),
        }
    }

    fn check(&self, enable: Enable, since: i64) -> Result<Registration, StanzaError> {
        let Enable { jid, node, options } = enable;
        if node.as_ref().is_some_and(|node| node.len() > LONGEST_NODE) {
            return Err(StanzaError::not_acceptable().with_text("the name of the node is too long"));
        }
        if options.as_ref().is_some_and(|options| options.form_type() != Some(PUBLISH_OPTIONS)) {
            return Err(StanzaError::bad_request().with_text("the form is not one of publish options"));
        }
        let options = options.map(|options| String::from(&options.to_element()));
        if options.as_ref().is_some_and(|options| options.len() > self.options_size) {
            return Err(StanzaError::not_acceptable().with_text("the options are too large"));
        }
        Ok(Registration { jid: jid.to_string(), node, options, since })
    }

    /// Disables a node, or all of a service (§6).
    pub(super) async fn disable(&self, account: &BareJid, disable: &Disable) -> Result<(), StanzaError> {
        let owner = Owner::account(account.as_str());
        let done = async {
            let stored = self.nodes.all(&owner).await?;
            let mut batch = self.store.batch();
            for (name, _) in stored.iter().filter(|(name, _)| is_meant(name, disable)) {
                batch = batch.delete_map(&self.nodes, &owner, name);
            }
            batch.commit().await
        };
        done.await.map(drop).map_err(|error| failed(account, &error))
    }

    /// Forgets a node that answers with errors, unless it was enabled anew meanwhile.
    pub(super) async fn forget(&self, account: &BareJid, gone: &Registration) -> Result<(), Error> {
        let (owner, name) = (Owner::account(account.as_str()), gone.key());
        let batch = self.store.batch().expect_map(&self.nodes, &owner, &name, gone.to_json());
        match batch.delete_map(&self.nodes, &owner, &name).commit().await {
            Err(error) if error.is_conflict() => Ok(()),
            done => done.map(drop),
        }
    }

    /// The nodes of an account.
    pub(super) async fn all(&self, account: &BareJid) -> Result<Vec<Registration>, Error> {
        let stored = self.nodes.all(&Owner::account(account.as_str())).await?;
        let read = |value: &[u8]| {
            let registration = serde_json::from_slice::<Registration>(value).ok();
            if registration.is_none() {
                tracing::error!(%account, "a push service is stored damaged");
            }
            registration
        };
        Ok(stored.iter().filter_map(|(_, value)| read(value)).collect())
    }
}

fn is_meant(name: &str, disable: &Disable) -> bool {
    let jid = disable.jid.as_str();
    match disable.node.as_deref() {
        Some(node) => name == key(jid, Some(node)),
        None => name == jid || name.strip_prefix(jid).is_some_and(|rest| rest.starts_with('\n')),
    }
}

fn failed(account: &BareJid, error: &Error) -> StanzaError {
    tracing::error!(%account, %error, "push services cannot be stored");
    StanzaError::internal_server_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_disabled_with_all_its_nodes_or_one_of_them() {
        let disable = |jid: &str, node: Option<&str>| Disable {
            jid: jid.parse().unwrap(),
            node: node.map(str::to_owned),
        };
        let stored = [key("a.example", None), key("a.example", Some("1")), key("a.example", Some("2"))];
        let meant = |disable: &Disable| stored.iter().filter(|name| is_meant(name, disable)).count();
        assert_eq!(meant(&disable("a.example", None)), 3);
        assert_eq!(meant(&disable("a.example", Some("1"))), 1);
        assert_eq!(meant(&disable("a.example", Some("3"))), 0);
        assert_eq!(meant(&disable("a", None)) + meant(&disable("a.example/x", None)), 0);
    }

    #[test]
    fn secrets_are_not_shown() {
        let options = Some("<secret/>".to_owned());
        let registration = Registration { jid: "a".into(), node: None, options, since: 1 };
        assert!(!format!("{registration:?}").contains("secret"));
    }
}
