//! Installing: an extension registers handlers and declares what it brings.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use stonechat_stanza::{Element, Payload, forms::Form, iq};
use stonechat_store::{Document, Log, Map as MapStore, Store};

use crate::disco::{Declared, Identity, Item, Phase};
use crate::handler::{
    Answer, AsyncAnswer, Claim, Command, Copies, Guard, Map, Nonza, Observe, React, Record,
};
use crate::hooks::{AnyStaged, Entry, Source, Staged};
use crate::iq::{IqTable, On};
use crate::order::Wish;
use crate::point::{Point, Select, StanzaPoint};
use crate::session::SessionState;

/// Why the extensions of a host could not be installed. For the operator: each message names the culprit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstallError {
    /// The configuration names an extension that is not linked.
    #[error("there is no extension `{extension}`{}", suggestion.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    Unknown {
        /// The name in the configuration.
        extension: String,
        /// A name that exists and looks like it.
        suggestion: Option<String>,
    },
    /// Two different extensions have one name.
    #[error("two different extensions are called `{extension}`")]
    DuplicateName {
        /// The name.
        extension: String,
    },
    /// An extension needs another that is not enabled.
    #[error("extension `{extension}` needs `{needs}`, which is not enabled")]
    MissingNeed {
        /// The extension that needs something.
        extension: String,
        /// What it needs.
        needs: String,
    },
    /// Extensions that need each other, or handlers that want to be before each other.
    #[error("{what}: `{first}` and `{second}` each come before the other")]
    Cycle {
        /// What is in a circle.
        what: String,
        /// One of the extensions.
        first: String,
        /// Another one.
        second: String,
    },
    /// The order of two handlers matters and nothing says which is first.
    #[error("{what}: which is first, `{first}` or `{second}`? One of them has to say `before` or `after`")]
    Ambiguous {
        /// What they handle.
        what: String,
        /// One of the extensions.
        first: String,
        /// The other.
        second: String,
    },
    /// Two owners of something that can have only one.
    #[error("{what} is claimed by both `{first}` and `{second}`")]
    DoubleClaim {
        /// What is claimed.
        what: String,
        /// Who claimed it first.
        first: String,
        /// Who claimed it again.
        second: String,
    },
    /// A configuration section is wrong.
    #[error("extension `{extension}`: {message}")]
    Config {
        /// The extension whose section it is.
        extension: String,
        /// What is wrong; names the key.
        message: String,
    },
    /// An extension asked for a service that nobody installed before it provides.
    #[error(
        "extension `{extension}` uses the service `{service}`, which no extension that it needs provides"
    )]
    MissingService {
        /// Who asked.
        extension: String,
        /// The type of the service.
        service: String,
    },
    /// Anything else that an extension cannot start without.
    #[error("extension `{extension}`: {message}")]
    Failed {
        /// The extension.
        extension: String,
        /// What went wrong.
        message: String,
    },
}

/// How long what is in a store is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// As long as the account exists; removing the account erases it.
    WithAccount,
    /// As long as the host exists.
    WithHost,
}

/// A store that an extension declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The store's name, unique in a host.
    pub name: &'static str,
    /// What is in it, for an operator or a person who asks what is known of them.
    pub about: &'static str,
    /// How long it is kept.
    pub keep: Keep,
    /// Whose it is.
    pub extension: &'static str,
}

pub(crate) struct NamedCommand {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) entry: Entry<dyn Command>,
}

/// Everything registered so far.
#[derive(Default)]
pub(crate) struct Staging {
    pub(crate) points: HashMap<TypeId, Box<dyn AnyStaged>>,
    pub(crate) iq: IqTable,
    pub(crate) iq_before_auth: IqTable,
    pub(crate) nonzas: HashMap<(&'static str, &'static str), Entry<dyn Nonza>>,
    pub(crate) commands: Vec<NamedCommand>,
    pub(crate) services: HashMap<TypeId, (&'static str, Box<dyn Any + Send + Sync>)>,
    pub(crate) declared: Declared,
    pub(crate) stores: Vec<Stored>,
    pub(crate) session_states: Vec<(&'static str, &'static str)>,
    pub(crate) sources: Vec<Arc<Source>>,
}

/// What an extension's `install` gets: everything that can be registered or declared.
///
/// Whatever is registered goes when the extension is unloaded: the tables of a host are built anew and swapped whole.
pub struct Installer<'a> {
    pub(crate) source: Arc<Source>,
    pub(crate) staging: &'a mut Staging,
    pub(crate) store: &'a Store,
}

impl Installer<'_> {
    /// Puts the extension (or a part of it) where its handlers can share it.
    pub fn share<T: Send + Sync + 'static>(&self, value: T) -> Arc<T> {
        Arc::new(value)
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

    fn wish(&self) -> Wish {
        Wish { extension: self.source.name, ..Wish::default() }
    }

    /// Registers a guard at point `P`.
    pub fn guard<P: Point>(&mut self, handler: &Arc<impl Guard<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Guard<P>>);
        self.staged::<P>().guards.push(entry);
    }

    /// Registers a map at point `P`; say `before` or `after` on the result where another map matters.
    pub fn map<P: Point>(&mut self, handler: &Arc<impl Map<P>>) -> Placed<'_> {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Map<P>>);
        let wish = self.wish();
        let maps = &mut self.staged::<P>().maps;
        maps.push((wish, entry));
        Placed { wish: &mut maps.last_mut().expect("just pushed").0 }
    }

    /// Registers a record at point `P`.
    pub fn record<P: Point>(&mut self, handler: &Arc<impl Record<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Record<P>>);
        self.staged::<P>().records.push(entry);
    }

    /// Registers a copy at point `P`.
    pub fn copy<P: Point>(&mut self, handler: &Arc<impl Copies<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Copies<P>>);
        self.staged::<P>().copies.push(entry);
    }

    /// Registers a claim on stanzas of the selected kinds at point `P`. Where another extension claims some of the
    /// same, one of the two says `before` or `after` on the result.
    pub fn claim<P: StanzaPoint>(&mut self, select: Select, handler: &Arc<impl Claim<P>>) -> Placed<'_> {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Claim<P>>);
        let wish = self.wish();
        let claims = &mut self.staged::<P>().claims;
        claims.push((wish, select, entry));
        Placed { wish: &mut claims.last_mut().expect("just pushed").0 }
    }

    /// Registers an observer at point `P`.
    pub fn observe<P: Point>(&mut self, handler: &Arc<impl Observe<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Observe<P>>);
        self.staged::<P>().observers.push(entry);
    }

    /// Registers a reaction at point `P`.
    pub fn react<P: Point>(&mut self, handler: &Arc<impl React<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn React<P>>);
        self.staged::<P>().reacts.push(entry);
    }

    /// Owns IQ requests of type `get` with payload `T`.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when they have an owner.
    pub fn iq_get<T: Payload + Send + 'static>(
        &mut self,
        on: On,
        handler: &Arc<impl Answer<T>>,
    ) -> Result<(), InstallError> {
        self.staging.iq.now(iq::Type::Get, on, Arc::clone(&self.source), Arc::clone(handler))
    }

    /// Owns IQ requests of type `set` with payload `T`.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when they have an owner.
    pub fn iq_set<T: Payload + Send + 'static>(
        &mut self,
        on: On,
        handler: &Arc<impl Answer<T>>,
    ) -> Result<(), InstallError> {
        self.staging.iq.now(iq::Type::Set, on, Arc::clone(&self.source), Arc::clone(handler))
    }

    /// As [`Installer::iq_get`], for an owner that has to wait before it answers.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when they have an owner.
    pub fn iq_get_async<T: Payload + Send + 'static>(
        &mut self,
        on: On,
        handler: &Arc<impl AsyncAnswer<T>>,
    ) -> Result<(), InstallError> {
        self.staging.iq.later(iq::Type::Get, on, Arc::clone(&self.source), Arc::clone(handler))
    }

    /// As [`Installer::iq_set`], for an owner that has to wait before it answers.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when they have an owner.
    pub fn iq_set_async<T: Payload + Send + 'static>(
        &mut self,
        on: On,
        handler: &Arc<impl AsyncAnswer<T>>,
    ) -> Result<(), InstallError> {
        self.staging.iq.later(iq::Type::Set, on, Arc::clone(&self.source), Arc::clone(handler))
    }

    /// Owns IQ requests of this type that come to the host before the client has authenticated, as registration does.
    /// [`Cx::session`](crate::Cx::session) is `None`, [`Cx::peer`](crate::Cx::peer) tells where the client is.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when they have an owner.
    pub fn iq_before_auth<T: Payload + Send + 'static>(
        &mut self,
        kind: iq::Type,
        handler: &Arc<impl AsyncAnswer<T>>,
    ) -> Result<(), InstallError> {
        self.staging.iq_before_auth.later(kind, On::HOST, Arc::clone(&self.source), Arc::clone(handler))
    }

    /// Owns top-level elements of this namespace and name that are not stanzas.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when they have an owner.
    pub fn nonza(
        &mut self,
        ns: &'static str,
        name: &'static str,
        handler: &Arc<impl Nonza>,
    ) -> Result<(), InstallError> {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Nonza>);
        match self.staging.nonzas.insert((ns, name), entry) {
            None => Ok(()),
            Some(other) => Err(InstallError::DoubleClaim {
                what: format!("nonza <{name} xmlns='{ns}'/>"),
                first: other.source.name.to_owned(),
                second: self.source.name.to_owned(),
            }),
        }
    }

    /// Lists `feature` among those of the host.
    pub fn feature(&mut self, feature: &str) {
        self.staging.declared.host.add_feature(feature);
    }

    /// Lists `feature` among those of each account.
    pub fn account_feature(&mut self, feature: &str) {
        self.staging.declared.account.add_feature(feature);
    }

    /// Gives the host an identity.
    pub fn identity(&mut self, identity: Identity) {
        self.staging.declared.host.identities.push(identity);
    }

    /// Gives each account an identity.
    pub fn account_identity(&mut self, identity: Identity) {
        self.staging.declared.account.identities.push(identity);
    }

    /// Adds a form to what the host tells about itself (XEP-0128).
    pub fn info_form(&mut self, form: Form) {
        self.staging.declared.host.forms.push(form);
    }

    /// Lists an item of the host.
    pub fn item(&mut self, item: Item) {
        self.staging.declared.host.items.push(item);
    }

    /// Offers a stream feature.
    pub fn stream_feature(&mut self, phase: Phase, feature: Element) {
        self.staging.declared.stream_features.push((phase, feature));
    }

    /// Declares that sessions hold a `T`; [`Session::state`](crate::Session::state) gives it.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when another state has the same name.
    pub fn session_state<T: SessionState>(&mut self) -> Result<(), InstallError> {
        if let Some((_, first)) = self.staging.session_states.iter().find(|(name, _)| *name == T::NAME) {
            return Err(InstallError::DoubleClaim {
                what: format!("session state `{}`", T::NAME),
                first: (*first).to_owned(),
                second: self.source.name.to_owned(),
            });
        }
        self.staging.session_states.push((T::NAME, self.source.name));
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

    /// An error of this extension with its own words.
    pub fn failed(&self, message: impl Into<String>) -> InstallError {
        InstallError::Failed { extension: self.source.name.to_owned(), message: message.into() }
    }
}

/// A handler that was registered and may still say where it wants to be.
#[derive(Debug)]
pub struct Placed<'a> {
    wish: &'a mut Wish,
}

impl Placed<'_> {
    /// Runs before the handlers of that extension, if it is installed.
    pub fn before(self, extension: &'static str) -> Self {
        self.wish.before.push(extension);
        self
    }

    /// Runs after the handlers of that extension, if it is installed.
    pub fn after(self, extension: &'static str) -> Self {
        self.wish.after.push(extension);
        self
    }
}
