//! From a configuration to what serves it. Everything is made before anything is put in service, so that an error changes nothing.

use std::collections::HashMap;
use std::sync::Arc;

use stonechat_extension::{Accounts, Clock, Host, Hosts, Journal, Limits, Plan, Registry, Setup, Tables};
use stonechat_jid::BareJid;
use stonechat_sasl::Mechanism;
use stonechat_sasl::scram::Decoy;
use stonechat_sasl::server::Policy;
use stonechat_store::Store;

use crate::ServerError;
use crate::accounts::AccountStore;
use crate::config::{self, Config, ConfigError};
use crate::shared::{Served, State};

/// What hosts are made of.
#[derive(Debug)]
pub(crate) struct Workshop {
    pub(crate) registry: Registry,
    pub(crate) store: Store,
    pub(crate) accounts: AccountStore,
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
}

/// What a configuration asks for, ready to be put in service.
pub(crate) struct Assembly {
    config: Config,
    hosts: Vec<Blueprint>,
}

struct Blueprint {
    domain: BareJid,
    plan: Plan,
    tables: Arc<Tables>,
    policy: Policy,
    decoy: Decoy,
}

impl Workshop {
    /// Makes everything that the hosts of `config` need. Where a host's extensions stay as they are in `old`, they are kept
    /// with all that they hold.
    ///
    /// # Errors
    /// [`ServerError`].
    pub(crate) async fn assemble(
        &self,
        config: Config,
        old: Option<&State>,
    ) -> Result<Assembly, ServerError> {
        let mut built: Vec<(Plan, Arc<Tables>)> = Vec::new();
        if let Some(old) = old {
            built.extend(old.hosts.values().map(|served| (served.plan.clone(), served.host.tables())));
        }
        let mut hosts = Vec::with_capacity(config.hosts.len());
        for (domain, host) in &config.hosts {
            let jid = BareJid::parse(domain)
                .map_err(|error| ConfigError::new(format!("hosts.{domain}"), error.to_string()))?;
            let path = format!("hosts.{domain}.extensions");
            let plan = config.extensions.plan(&host.extensions, &self.registry, &path)?;
            let tables = match built.iter().find(|(of, _)| *of == plan) {
                Some((_, tables)) => Arc::clone(tables),
                None => {
                    let tables = Tables::build(&self.registry, &plan, &self.store)
                        .map_err(|source| ServerError::Install { host: domain.clone(), source })?;
                    built.push((plan.clone(), Arc::clone(&tables)));
                    tables
                }
            };
            let decoy = self.accounts.decoy(domain, config.authentication.iterations).await?;
            hosts.push(Blueprint { domain: jid, plan, tables, policy: policy(&config, host), decoy });
        }
        check_served(&config, &hosts)?;
        Ok(Assembly { config, hosts })
    }

    /// Puts hosts in service: new ones are added, those that there are get their new tables. Gives those that are to go.
    pub(crate) fn put_in_service(&self, assembly: Assembly, hosts: &Arc<Hosts>) -> (State, Vec<Arc<Host>>) {
        let Assembly { config, hosts: blueprints } = assembly;
        let limits = Limits {
            sessions_per_account: config.limits.sessions_per_account,
            mailbox_wait: config.timeouts.mailbox,
            ..Limits::default()
        };
        let mut served = HashMap::new();
        for Blueprint { domain, plan, tables, policy, decoy } in blueprints {
            let host = hosts.get(domain.as_str()).unwrap_or_else(|| {
                let setup = Setup {
                    domain: domain.clone(),
                    tables: Arc::clone(&tables),
                    store: self.store.clone(),
                    accounts: Arc::new(self.accounts.clone()) as Arc<dyn Accounts>,
                    clock: self.clock.clone(),
                    limits,
                    journal: self.journal.clone(),
                };
                let host = Host::new(setup, hosts);
                hosts.insert(&host);
                host
            });
            if !Arc::ptr_eq(&host.tables(), &tables) {
                host.reload(tables);
            }
            served.insert(domain.to_string(), Served { host, plan, policy, decoy, features: Arc::default() });
        }
        let gone = hosts.all().into_iter().filter(|host| !served.contains_key(host.domain())).collect();
        (State { config, hosts: served }, gone)
    }
}

/// That no domain which an extension serves is somebody else's.
fn check_served(config: &Config, hosts: &[Blueprint]) -> Result<(), ConfigError> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for host in hosts {
        for label in host.tables.labels() {
            let domain = format!("{label}.{}", host.domain);
            let of = &host.domain;
            if config.hosts.contains_key(&domain) {
                let why = format!("an extension of the host {of} serves this domain");
                return Err(ConfigError::new(format!("hosts.{domain}"), why));
            }
            if config.components.contains_key(&domain) {
                let why = format!("an extension of the host {of} serves this domain");
                return Err(ConfigError::new(format!("components.{domain}"), why));
            }
            if let Some(other) = seen.insert(domain.clone(), of.as_str()) {
                let why = format!("extensions of the hosts {other} and {of} both serve {domain}");
                return Err(ConfigError::new(format!("hosts.{of}.extensions"), why));
            }
        }
    }
    Ok(())
}

fn policy(config: &Config, host: &config::Host) -> Policy {
    let names = config.authentication.mechanisms.iter();
    let policy = Policy::of(names.filter_map(|name| name.parse().ok()));
    if host.anonymous { policy.allow(Mechanism::Anonymous) } else { policy }
}
