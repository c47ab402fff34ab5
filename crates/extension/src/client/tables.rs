//! The tables of a client: everything its extensions registered.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::hooks::Hooks;
use super::install::Staging;
use super::owners::Owners;
use super::{Add, Begin, ClientSide, Handle, Inbound, Installer, Outbound};
use crate::disco::Info;
use crate::hooks::{Entry, Source};
use crate::point::Point;
use crate::tables::in_order;
use crate::{InstallError, Plan, Registry};

/// The tables of a client.
pub struct Tables {
    points: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    pub(super) inbound: Arc<Hooks<Inbound>>,
    pub(super) outbound: Arc<Hooks<Outbound>>,
    pub(super) adds: Vec<Entry<dyn Add>>,
    pub(super) begins: Vec<(&'static str, Entry<dyn Begin>)>,
    pub(super) owners: Owners,
    services: HashMap<TypeId, (&'static str, Box<dyn Any + Send + Sync>)>,
    info: Info,
    sources: Vec<Arc<Source>>,
    extensions: Vec<&'static str>,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").field("extensions", &self.extensions).finish_non_exhaustive()
    }
}

impl Tables {
    /// Installs what `plan` asks for. By `handle` their services and tasks reach the client.
    ///
    /// # Errors
    /// [`InstallError`], which names the culprit.
    pub fn build(
        registry: &Registry<ClientSide>,
        plan: &Plan,
        handle: &Handle,
    ) -> Result<Arc<Self>, InstallError> {
        plan.check_names(registry)?;
        let none = toml::Table::new();
        let mut staging = Staging::default();
        let descriptors = in_order(registry, plan)?;
        for descriptor in &descriptors {
            let name = descriptor.name();
            let source = Arc::new(Source { name, failures: AtomicU64::new(0), required: false });
            staging.sources.push(Arc::clone(&source));
            let section = plan.section_of(name).unwrap_or(&none);
            descriptor.install(section, &mut Installer { source, staging: &mut staging, handle })?;
        }
        // The section of an extension that is off has to be right too: it may be switched on any day.
        for (name, section) in plan.sections() {
            if let Some(descriptor) = registry.get(name) {
                descriptor.check(section)?;
            }
        }
        let mut points = HashMap::new();
        for staged in staging.points.into_values() {
            let (point, hooks) = staged.finish()?;
            points.insert(point, hooks);
        }
        Ok(Arc::new(Self {
            inbound: hooks_in(&points).unwrap_or_default(),
            outbound: hooks_in(&points).unwrap_or_default(),
            points,
            adds: staging.adds,
            begins: staging.begins,
            owners: staging.owners,
            services: staging.services,
            info: staging.info,
            sources: staging.sources,
            extensions: descriptors.iter().map(|descriptor| descriptor.name()).collect(),
        }))
    }

    /// The handlers at point `P`, if there are any.
    pub(super) fn at<P: Point>(&self) -> Option<Arc<Hooks<P>>> {
        hooks_in(&self.points)
    }

    /// A service that an installed extension provides.
    #[must_use]
    pub fn service<S: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<S>> {
        self.services.get(&TypeId::of::<S>())?.1.downcast_ref::<Arc<S>>().cloned()
    }

    /// What the extensions declared of the client: its features and identities.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The names of the installed extensions, in the order of their installation.
    #[must_use]
    pub fn extensions(&self) -> &[&'static str] {
        &self.extensions
    }

    /// How often handlers of this extension failed.
    #[must_use]
    pub fn failures(&self, extension: &str) -> u64 {
        let of = self.sources.iter().filter(|source| source.name == extension);
        of.map(|source| source.failures.load(Ordering::Relaxed)).sum()
    }
}

fn hooks_in<P: Point>(points: &HashMap<TypeId, Arc<dyn Any + Send + Sync>>) -> Option<Arc<Hooks<P>>> {
    Arc::clone(points.get(&TypeId::of::<P>())?).downcast().ok()
}
