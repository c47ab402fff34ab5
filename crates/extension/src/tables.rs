//! The tables of a host: everything its extensions registered, built once and swapped whole.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stonechat_stanza::Element;
use stonechat_store::Store;

use crate::descriptor::{Described, Side};
use crate::disco::{Declared, Phase};
use crate::hooks::{Entry, Hooks, Source};
use crate::install::{InstallError, Installer, NamedCommand, Staging, Stored};
use crate::iq::IqTable;
use crate::login::{Kept, LoginTable, Speaker};
use crate::point::{FromAccount, FromClient, NoSession, Point, Routed, ToAccount, ToSession};
use crate::session::Saved;
use crate::{BeforeSession, Descriptor, Nonza, On, Registry, Request, Serve, disco::Info, suggest};

/// What a host wants installed. Hosts with equal plans share their tables, and so the extensions' instances.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    enabled: BTreeSet<String>,
    sections: BTreeMap<String, toml::Table>,
    required: BTreeSet<String>,
}

impl Plan {
    /// Every extension of the registry that is on by default.
    #[must_use]
    pub fn defaults<S: Side>(registry: &Registry<S>) -> Self {
        let on = registry.iter().map(Described::manifest).filter(|manifest| manifest.is_on_by_default());
        Self { enabled: on.map(|manifest| manifest.name().to_owned()).collect(), ..Self::default() }
    }

    /// Nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Enables an extension.
    #[must_use]
    pub fn enable(mut self, extension: &str) -> Self {
        self.enabled.insert(extension.to_owned());
        self
    }

    /// Disables an extension.
    #[must_use]
    pub fn disable(mut self, extension: &str) -> Self {
        self.enabled.remove(extension);
        self
    }

    /// Sets the configuration section of an extension; it does not enable it.
    #[must_use]
    pub fn section(mut self, extension: &str, section: toml::Table) -> Self {
        self.sections.insert(extension.to_owned(), section);
        self
    }

    /// Refuses stanzas that this extension's records failed to record.
    #[must_use]
    pub fn require(mut self, extension: &str) -> Self {
        self.required.insert(extension.to_owned());
        self
    }

    /// The names of the enabled extensions.
    pub fn enabled(&self) -> impl Iterator<Item = &str> {
        self.enabled.iter().map(String::as_str)
    }

    /// The configured section of an extension.
    pub(crate) fn section_of(&self, extension: &str) -> Option<&toml::Table> {
        self.sections.get(extension)
    }

    /// The configured sections.
    pub(crate) fn sections(&self) -> impl Iterator<Item = (&str, &toml::Table)> {
        self.sections.iter().map(|(name, section)| (name.as_str(), section))
    }

    /// That every extension which the plan names is in the registry.
    pub(crate) fn check_names<S: Side>(&self, registry: &Registry<S>) -> Result<(), InstallError> {
        let known = || registry.iter().map(Described::name);
        for name in self.enabled.iter().chain(self.sections.keys()).chain(&self.required) {
            if registry.get(name).is_none() {
                let suggestion = suggest(name, known()).map(str::to_owned);
                return Err(InstallError::Unknown { extension: name.clone(), suggestion });
            }
        }
        Ok(())
    }
}

/// The tables of a host.
pub struct Tables {
    points: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    pub(crate) from_client: Arc<Hooks<FromClient>>,
    pub(crate) from_account: Arc<Hooks<FromAccount>>,
    pub(crate) requests: Arc<Hooks<Request>>,
    pub(crate) routed: Arc<Hooks<Routed>>,
    pub(crate) to_account: Arc<Hooks<ToAccount>>,
    pub(crate) to_session: Arc<Hooks<ToSession>>,
    pub(crate) no_session: Arc<Hooks<NoSession>>,
    pub(crate) iq: IqTable,
    pub(crate) iq_before_auth: IqTable,
    pub(crate) login: LoginTable,
    nonzas: HashMap<(&'static str, &'static str), Entry<dyn Nonza>>,
    before_session: HashMap<(&'static str, &'static str), Entry<dyn BeforeSession>>,
    served: HashMap<String, Entry<dyn Serve>>,
    pub(crate) commands: Vec<NamedCommand>,
    services: HashMap<TypeId, (&'static str, Box<dyn Any + Send + Sync>)>,
    pub(crate) declared: Declared,
    pub(crate) session_states: Vec<Saved>,
    stores: Vec<Stored>,
    sources: Vec<Arc<Source>>,
    descriptors: Vec<&'static Descriptor>,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables")
            .field("extensions", &self.extensions().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Tables {
    /// Installs what `plan` asks for.
    ///
    /// # Errors
    /// [`InstallError`], which names the culprit; nothing is left half installed.
    pub fn build(registry: &Registry, plan: &Plan, store: &Store) -> Result<Arc<Self>, InstallError> {
        plan.check_names(registry)?;
        let mut staging = Staging::default();
        staging.session_states.push(Saved::of::<Kept>("the core"));
        let descriptors = in_order(registry, plan)?;
        let none = toml::Table::new();
        for descriptor in &descriptors {
            let name = descriptor.name();
            let required = plan.required.contains(name);
            let source = Arc::new(Source { name, failures: AtomicU64::new(0), required });
            staging.sources.push(Arc::clone(&source));
            let section = plan.sections.get(name).unwrap_or(&none);
            descriptor.install(section, &mut Installer { source, staging: &mut staging, store })?;
        }
        // The section of an extension that is off has to be right too: it may be switched on any day.
        for (name, section) in &plan.sections {
            if let Some(descriptor) = registry.get(name) {
                descriptor.check(section)?;
            }
        }
        Self::finish(staging, descriptors)
    }

    fn finish(staging: Staging, descriptors: Vec<&'static Descriptor>) -> Result<Arc<Self>, InstallError> {
        let mut points = HashMap::new();
        for staged in staging.points.into_values() {
            let (point, hooks) = staged.finish()?;
            points.insert(point, hooks);
        }
        Ok(Arc::new(Self {
            from_client: hooks_in(&points).unwrap_or_default(),
            from_account: hooks_in(&points).unwrap_or_default(),
            requests: hooks_in(&points).unwrap_or_default(),
            routed: hooks_in(&points).unwrap_or_default(),
            to_account: hooks_in(&points).unwrap_or_default(),
            to_session: hooks_in(&points).unwrap_or_default(),
            no_session: hooks_in(&points).unwrap_or_default(),
            points,
            iq: staging.iq,
            iq_before_auth: staging.iq_before_auth,
            login: staging.login,
            nonzas: staging.nonzas,
            before_session: staging.before_session,
            served: staging.served,
            commands: staging.commands,
            services: staging.services,
            declared: staging.declared,
            session_states: staging.session_states,
            stores: staging.stores,
            sources: staging.sources,
            descriptors,
        }))
    }

    /// The handlers at point `P`, if there are any.
    pub(crate) fn at<P: Point>(&self) -> Option<Arc<Hooks<P>>> {
        hooks_in(&self.points)
    }

    pub(crate) fn nonza<'a>(&'a self, ns: &'a str, name: &'a str) -> Option<&'a Entry<dyn Nonza>> {
        self.nonzas.get(&(ns, name))
    }

    pub(crate) fn before_session<'a>(
        &'a self,
        ns: &'a str,
        name: &'a str,
    ) -> Option<&'a Entry<dyn BeforeSession>> {
        self.before_session.get(&(ns, name))
    }

    /// A service that an installed extension provides.
    #[must_use]
    pub fn service<S: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<S>> {
        self.services.get(&TypeId::of::<S>())?.1.downcast_ref::<Arc<S>>().cloned()
    }

    /// The owner of the domain that this label before the host's is.
    pub(crate) fn served(&self, label: &str) -> Option<&Entry<dyn Serve>> {
        self.served.get(label)
    }

    /// The labels that, before the domain of the host, are domains that extensions serve.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.served.keys().map(String::as_str)
    }

    /// The names of the installed extensions, in the order of their installation.
    pub fn extensions(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.descriptors.iter().map(|d| d.name())
    }

    /// What was declared to service discovery for addresses of this sort.
    #[must_use]
    pub fn info(&self, on: On) -> &Info {
        self.declared.info(on)
    }

    /// The stream features declared for this phase.
    pub fn stream_features(&self, phase: Phase) -> impl Iterator<Item = &Element> {
        self.declared.stream_features.iter().filter(move |(p, _)| *p == phase).map(|(_, element)| element)
    }

    /// The stream features of the login profiles, for who has not authenticated and is offered these mechanisms, for passwords and for
    /// tokens.
    #[must_use]
    pub fn login_features(&self, mechanisms: &[String], token_mechanisms: &[String]) -> Vec<Element> {
        self.login.features(mechanisms, token_mechanisms)
    }

    /// The login profile of this namespace.
    #[must_use]
    pub fn login_profile(&self, ns: &str) -> Option<Speaker> {
        self.login.speaker(ns)
    }

    /// The mechanisms in which tokens prove accounts; none when nobody has tokens.
    #[must_use]
    pub fn token_mechanisms(&self) -> &'static [&'static str] {
        self.login.tokens.as_ref().map_or(&[], |(mechanisms, _)| mechanisms)
    }

    /// The stores that extensions declared.
    #[must_use]
    pub fn stores(&self) -> &[Stored] {
        &self.stores
    }

    /// The operator's commands with a line about each.
    pub fn commands(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.commands.iter().map(|command| (command.name, command.about))
    }

    /// How often handlers of this extension failed.
    #[must_use]
    pub fn failures(&self, extension: &str) -> u64 {
        let of = self.sources.iter().filter(|source| source.name == extension);
        of.map(|source| source.failures.load(Ordering::Relaxed)).sum()
    }
}

fn hooks_in<P: Point>(points: &HashMap<TypeId, Arc<dyn Any + Send + Sync>>) -> Option<Arc<Hooks<P>>> {
    let hooks = points.get(&TypeId::of::<P>())?;
    Arc::clone(hooks).downcast().ok()
}

/// The enabled extensions, each after those that it needs, by name where that leaves a choice.
pub(crate) fn in_order<S: Side>(
    registry: &Registry<S>,
    plan: &Plan,
) -> Result<Vec<&'static Described<S>>, InstallError> {
    let mut open: Vec<&'static Described<S>> =
        plan.enabled.iter().filter_map(|name| registry.get(name)).collect();
    for descriptor in &open {
        if let Some(needs) = descriptor.manifest().needed().find(|needs| !plan.enabled.contains(*needs)) {
            let extension = descriptor.name().to_owned();
            return Err(InstallError::MissingNeed { extension, needs: needs.to_owned() });
        }
    }
    let mut order: Vec<&'static Described<S>> = Vec::with_capacity(open.len());
    while !open.is_empty() {
        let ready = open.iter().position(|descriptor| {
            descriptor.manifest().needed().all(|needs| order.iter().any(|done| done.name() == needs))
        });
        match ready {
            Some(at) => order.push(open.remove(at)),
            None => return Err(cycle(&open)),
        }
    }
    Ok(order)
}

fn cycle<S: Side>(open: &[&'static Described<S>]) -> InstallError {
    let first = open[0];
    let second = first.manifest().needed().find(|needs| open.iter().any(|other| other.name() == *needs));
    InstallError::Cycle {
        what: "needs".to_owned(),
        first: first.name().to_owned(),
        second: second.unwrap_or(first.name()).to_owned(),
    }
}
