//! What an extension holds and offers: state, stores, commands, services.

use std::any::TypeId;
use std::sync::Arc;

use stonechat_store::{Document, Log, Map as MapStore, Store};

use super::{InstallError, Installer, Keep, NamedCommand, Stored};
use crate::handler::Command;
use crate::session::{Saved, SessionState};

impl Installer<'_> {
    /// Declares that sessions hold a `T`; [`Session::state`](crate::Session::state) gives it.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when another state has the same name.
    pub fn session_state<T: SessionState>(&mut self) -> Result<(), InstallError> {
        if let Some(other) = self.staging.session_states.iter().find(|other| other.name == T::NAME) {
            return Err(InstallError::DoubleClaim {
                what: format!("session state `{}`", T::NAME),
                first: other.extension.to_owned(),
                second: self.source.name.to_owned(),
            });
        }
        self.staging.session_states.push(Saved::of::<T>(self.source.name));
        Ok(())
    }

    fn declare(&mut self, name: &'static str, about: &'static str, keep: Keep) -> Result<(), InstallError> {
        if let Some(other) = self.staging.stores.iter().find(|other| other.name == name) {
            return Err(InstallError::DoubleClaim {
                what: format!("store `{name}`"),
                first: other.extension.to_owned(),
                second: self.source.name.to_owned(),
            });
        }
        self.staging.stores.push(Stored { name, about, keep, extension: self.source.name });
        Ok(())
    }

    /// Declares and opens a store of documents.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when another store has the same name.
    pub fn document(
        &mut self,
        name: &'static str,
        about: &'static str,
        keep: Keep,
    ) -> Result<Document, InstallError> {
        self.declare(name, about, keep)?;
        Ok(self.store.document(name))
    }

    /// Declares and opens a store of maps.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when another store has the same name.
    pub fn map_store(
        &mut self,
        name: &'static str,
        about: &'static str,
        keep: Keep,
    ) -> Result<MapStore, InstallError> {
        self.declare(name, about, keep)?;
        Ok(self.store.map(name))
    }

    /// Declares and opens a store of logs.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when another store has the same name.
    pub fn log(&mut self, name: &'static str, about: &'static str, keep: Keep) -> Result<Log, InstallError> {
        self.declare(name, about, keep)?;
        Ok(self.store.log(name))
    }

    /// The store itself, for writes over several stores that belong together ([`Store::batch`]).
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// Offers an operator's command.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when another command has the same name.
    pub fn command(
        &mut self,
        name: &'static str,
        about: &'static str,
        handler: &Arc<impl Command>,
    ) -> Result<(), InstallError> {
        if let Some(other) = self.staging.commands.iter().find(|other| other.name == name) {
            return Err(InstallError::DoubleClaim {
                what: format!("command `{name}`"),
                first: other.entry.source.name.to_owned(),
                second: self.source.name.to_owned(),
            });
        }
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Command>);
        self.staging.commands.push(NamedCommand { name, about, entry });
        Ok(())
    }

    /// Provides a service to the extensions that need this one: `host.provide::<dyn Roster>(roster)`.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when another extension provides it.
    pub fn provide<S: ?Sized + Send + Sync + 'static>(
        &mut self,
        service: Arc<S>,
    ) -> Result<(), InstallError> {
        match self.staging.services.insert(TypeId::of::<S>(), (self.source.name, Box::new(service))) {
            None => Ok(()),
            Some((first, _)) => Err(InstallError::DoubleClaim {
                what: format!("service `{}`", std::any::type_name::<S>()),
                first: first.to_owned(),
                second: self.source.name.to_owned(),
            }),
        }
    }

    /// A service that an extension named in the manifest's needs provides.
    ///
    /// # Errors
    /// [`InstallError::MissingService`].
    pub fn service<S: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<S>, InstallError> {
        self.service_if_any().ok_or_else(|| InstallError::MissingService {
            extension: self.source.name.to_owned(),
            service: std::any::type_name::<S>().to_owned(),
        })
    }

    /// A service that may be there or not. One that is provided by an extension that is not among the manifest's needs
    /// may be installed later and is then not seen.
    pub fn service_if_any<S: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<S>> {
        let (_, service) = self.staging.services.get(&TypeId::of::<S>())?;
        service.downcast_ref::<Arc<S>>().cloned()
    }
}
