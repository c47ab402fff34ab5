//! What extensions bring to a login.

use std::sync::Arc;

use super::{InstallError, Installer};
use crate::login::own;
use crate::login::{AtBind, AtLogin, Bind, InlineFeature, Profile, Resume, Tokens};

impl Installer<'_> {
    /// Speaks the elements of this namespace before authentication.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when somebody else does.
    pub fn login_profile(
        &mut self,
        ns: &'static str,
        handler: &Arc<impl Profile>,
    ) -> Result<(), InstallError> {
        let entry = Arc::new(self.entry(Arc::clone(handler) as Arc<dyn Profile>));
        match self.staging.login.profiles.insert(ns, entry) {
            None => Ok(()),
            Some(other) => Err(self.claimed_twice(format!("login profile `{ns}`"), other.source.name)),
        }
    }

    /// Tells what can be asked for together with a login.
    pub fn inline_feature(&mut self, handler: &Arc<impl InlineFeature>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn InlineFeature>);
        self.staging.login.inline.push(entry);
    }

    /// Owns the tokens that prove accounts of the host, in these SASL mechanisms; those that the core does not have are not offered.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when somebody else does.
    pub fn tokens(
        &mut self,
        mechanisms: &'static [&'static str],
        handler: &Arc<impl Tokens>,
    ) -> Result<(), InstallError> {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Tokens>);
        match self.staging.login.tokens.replace((mechanisms, entry)) {
            None => Ok(()),
            Some((_, other)) => Err(self.claimed_twice("tokens".to_owned(), other.source.name)),
        }
    }

    /// Owns a request at login to have an earlier session back.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when it has an owner.
    pub fn resume_at_login(
        &mut self,
        ns: &'static str,
        name: &'static str,
        handler: &Arc<impl Resume>,
    ) -> Result<(), InstallError> {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Resume>);
        own(&mut self.staging.login.resume, "resumption at login", (ns, name), entry)
    }

    /// Owns a request at login for a new session.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when it has an owner.
    pub fn bind_at_login(
        &mut self,
        ns: &'static str,
        name: &'static str,
        handler: &Arc<impl Bind>,
    ) -> Result<(), InstallError> {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Bind>);
        own(&mut self.staging.login.bind, "bind at login", (ns, name), entry)
    }

    /// Owns these elements, by namespace and name, among what is to be done at a bind. `feature` tells clients of it.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when one of them has an owner.
    pub fn at_bind(
        &mut self,
        feature: &'static str,
        requests: &[(&'static str, &'static str)],
        handler: &Arc<impl AtBind>,
    ) -> Result<(), InstallError> {
        for request in requests {
            let entry = self.entry(Arc::clone(handler) as Arc<dyn AtBind>);
            own(&mut self.staging.login.at_bind, "request at bind", *request, entry)?;
        }
        let features = &mut self.staging.login.bind_features;
        if let Err(at) = features.binary_search(&feature) {
            features.insert(at, feature);
        }
        Ok(())
    }

    /// Has a say at every bind at login, when what was asked for is done.
    pub fn at_every_bind(&mut self, handler: &Arc<impl AtBind>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn AtBind>);
        self.staging.login.at_every_bind.push(entry);
    }

    /// Has a say at every login by a profile.
    pub fn at_login(&mut self, handler: &Arc<impl AtLogin>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn AtLogin>);
        self.staging.login.at_login.push(entry);
    }

    fn claimed_twice(&self, what: String, first: &str) -> InstallError {
        InstallError::DoubleClaim { what, first: first.to_owned(), second: self.source.name.to_owned() }
    }
}
