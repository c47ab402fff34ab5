//! Installing: an extension registers handlers and declares what it brings.

mod error;
mod handlers;
mod login;
mod resources;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use stonechat_stanza::{Element, forms::Form};
use stonechat_store::Store;

pub use error::InstallError;

use crate::disco::{Declared, Identity, Item, Phase};
use crate::handler::{BeforeSession, Command, Nonza, Serve};
use crate::hooks::{AnyStaged, Entry, Source, Staged};
use crate::iq::IqTable;
use crate::login::LoginTable;
use crate::order::Wish;
use crate::point::Point;
use crate::session::Saved;

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
    pub(crate) login: LoginTable,
    pub(crate) nonzas: HashMap<(&'static str, &'static str), Entry<dyn Nonza>>,
    pub(crate) before_session: HashMap<(&'static str, &'static str), Entry<dyn BeforeSession>>,
    pub(crate) served: HashMap<String, Entry<dyn Serve>>,
    pub(crate) commands: Vec<NamedCommand>,
    pub(crate) services: HashMap<TypeId, (&'static str, Box<dyn Any + Send + Sync>)>,
    pub(crate) declared: Declared,
    pub(crate) stores: Vec<Stored>,
    pub(crate) session_states: Vec<Saved>,
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

    /// An error of this extension with its own words.
    pub fn failed(&self, message: impl Into<String>) -> InstallError {
        InstallError::Failed { extension: self.source.name.to_owned(), message: message.into() }
    }
}

/// A handler that was registered and may still say where it wants to be.
#[derive(Debug)]
pub struct Placed<'a> {
    pub(crate) wish: &'a mut Wish,
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
