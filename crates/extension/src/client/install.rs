//! Installing: a client's extension registers handlers and declares what it brings.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use stonechat_stanza::{Payload, iq};

use super::hooks::Staged;
use super::owners::Owners;
use super::{Add, Answer, Begin, Guard, Handle, Map, Observe, React, Senders, Take};
use crate::disco::{Identity, Info};
use crate::hooks::{AnyStaged, Entry, Source};
use crate::order::Wish;
use crate::point::{Point, StanzaPoint};
use crate::{InstallError, Placed};

/// Everything registered so far.
#[derive(Default)]
pub(super) struct Staging {
    pub(super) points: HashMap<TypeId, Box<dyn AnyStaged>>,
    pub(super) owners: Owners,
    pub(super) adds: Vec<Entry<dyn Add>>,
    pub(super) begins: Vec<(&'static str, Entry<dyn Begin>)>,
    pub(super) services: HashMap<TypeId, (&'static str, Box<dyn Any + Send + Sync>)>,
    pub(super) info: Info,
    pub(super) sources: Vec<Arc<Source>>,
}

/// What a client extension's `install` gets: everything that can be registered or declared.
pub struct Installer<'a> {
    pub(super) source: Arc<Source>,
    pub(super) staging: &'a mut Staging,
    pub(super) handle: &'a Handle,
}

impl std::fmt::Debug for Installer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Installer").field("extension", &self.source.name).finish_non_exhaustive()
    }
}

impl Installer<'_> {
    /// Puts the extension (or a part of it) where its handlers can share it.
    pub fn share<T: Send + Sync + 'static>(&self, value: T) -> Arc<T> {
        Arc::new(value)
    }

    /// Reaches the client, for services that applications call.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    fn staged<P: Point>(&mut self) -> &mut Staged<P> {
        self.staging
            .points
            .entry(TypeId::of::<P>())
            .or_insert_with(|| Box::new(Staged::<P>::default()))
            .as_any_mut()
            .downcast_mut()
            .expect("the map's key is the type of the point")
    }

    fn entry<H: ?Sized>(&self, handler: Arc<H>) -> Entry<H> {
        Entry { source: Arc::clone(&self.source), handler }
    }

    /// Registers a guard of the stanzas at point `P`.
    pub fn guard<P: StanzaPoint>(&mut self, handler: &Arc<impl Guard<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Guard<P>>);
        self.staged::<P>().guards.push(entry);
    }

    /// Registers a map of the stanzas at point `P`; say `before` or `after` on the result where another map matters.
    pub fn map<P: StanzaPoint>(&mut self, handler: &Arc<impl Map<P>>) -> Placed<'_> {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Map<P>>);
        let wish = Wish { extension: self.source.name, ..Wish::default() };
        let maps = &mut self.staged::<P>().maps;
        maps.push((wish, entry));
        Placed { wish: &mut maps.last_mut().expect("just pushed").0 }
    }

    /// Registers what adds to the stanzas that are sent.
    pub fn add(&mut self, handler: &Arc<impl Add>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Add>);
        self.staging.adds.push(entry);
    }

    /// Registers what says what a session begins with. It is said to servers that list `feature` among those of new sessions.
    pub fn begin(&mut self, feature: &'static str, handler: &Arc<impl Begin>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Begin>);
        self.staging.begins.push((feature, entry));
    }

    /// Registers an observer of the stanzas at point `P`.
    pub fn observe<P: StanzaPoint>(&mut self, handler: &Arc<impl Observe<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Observe<P>>);
        self.staged::<P>().observers.push(entry);
    }

    /// Registers a reaction at point `P`.
    pub fn react<P: Point>(&mut self, handler: &Arc<impl React<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn React<P>>);
        self.staged::<P>().reacts.push(entry);
    }

    /// Owns IQ requests of type `get` with payload `T` from these senders.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when they have an owner.
    pub fn iq_get<T: Payload + Send + 'static>(
        &mut self,
        from: Senders,
        handler: &Arc<impl Answer<T>>,
    ) -> Result<(), InstallError> {
        self.staging.owners.request(iq::Type::Get, from, &self.source, Arc::clone(handler))
    }

    /// Owns IQ requests of type `set` with payload `T` from these senders.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when they have an owner.
    pub fn iq_set<T: Payload + Send + 'static>(
        &mut self,
        from: Senders,
        handler: &Arc<impl Answer<T>>,
    ) -> Result<(), InstallError> {
        self.staging.owners.request(iq::Type::Set, from, &self.source, Arc::clone(handler))
    }

    /// Owns messages with payload `T` from these senders. From others they are dropped: whoever forges them gets nothing by it.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when they have an owner.
    pub fn take<T: Payload + Send + 'static>(
        &mut self,
        from: Senders,
        handler: &Arc<impl Take<T>>,
    ) -> Result<(), InstallError> {
        self.staging.owners.message(from, &self.source, Arc::clone(handler))
    }

    /// Lists `feature` among those of the client.
    pub fn feature(&mut self, feature: &str) {
        self.staging.info.add_feature(feature);
    }

    /// Gives the client an identity.
    pub fn identity(&mut self, identity: Identity) {
        self.staging.info.identities.push(identity);
    }

    /// Provides a service to the application and to extensions that need this one.
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
        let found = self.staging.services.get(&TypeId::of::<S>());
        found.and_then(|(_, service)| service.downcast_ref::<Arc<S>>()).cloned().ok_or_else(|| {
            InstallError::MissingService {
                extension: self.source.name.to_owned(),
                service: std::any::type_name::<S>().to_owned(),
            }
        })
    }

    /// An error of this extension with its own words.
    pub fn failed(&self, message: impl Into<String>) -> InstallError {
        InstallError::Failed { extension: self.source.name.to_owned(), message: message.into() }
    }
}
