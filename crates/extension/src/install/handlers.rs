//! Handlers at points, owners of requests and of top-level elements.

use std::sync::Arc;

use stonechat_jid::BareJid;
use stonechat_stanza::{Payload, iq};

use super::{InstallError, Installer, Placed};
use crate::handler::{
    Answer, AsyncAnswer, AsyncGuard, BeforeSession, Claim, Copies, Guard, Map, Nonza, Observe, React, Record,
    Serve,
};
use crate::iq::On;
use crate::point::{Point, Select, StanzaPoint, WaitingPoint};

impl Installer<'_> {
    /// Registers a guard at point `P`.
    pub fn guard<P: Point>(&mut self, handler: &Arc<impl Guard<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Guard<P>>);
        self.staged::<P>().guards.push(entry);
    }

    /// Registers a guard at point `P` that may have to wait.
    pub fn guard_async<P: WaitingPoint>(&mut self, handler: &Arc<impl AsyncGuard<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn AsyncGuard<P>>);
        self.staged::<P>().async_guards.push(entry);
    }

    /// Registers a map at point `P`; say `before` or `after` on the result where another map matters.
    pub fn map<P: Point>(&mut self, handler: &Arc<impl Map<P>>) -> Placed<'_> {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Map<P>>);
        let wish = self.wish();
        let maps = &mut self.staged::<P>().maps;
        maps.push((wish, entry));
        Placed { wish: &mut maps.last_mut().expect("just pushed").0 }
    }

    /// Registers a record of stanzas of the selected kinds at point `P`. Others are not awaited.
    pub fn record<P: Point>(&mut self, select: Select, handler: &Arc<impl Record<P>>) {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Record<P>>);
        self.staged::<P>().records.push((select, entry));
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

    /// Owns a domain beside the host's: `label` before the host's own, as `rooms` for `rooms.example.org`.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when it has an owner; [`InstallError::Failed`] when `label` cannot stand before a domain.
    pub fn serve(&mut self, label: &str, handler: &Arc<impl Serve>) -> Result<(), InstallError> {
        let domain = format!("{label}.example");
        if !BareJid::parse(&domain).is_ok_and(|jid| jid.as_str() == domain && jid.local().is_none()) {
            return Err(self.failed(format!("`{label}` cannot stand before a domain")));
        }
        let entry = self.entry(Arc::clone(handler) as Arc<dyn Serve>);
        match self.staging.served.insert(label.to_owned(), entry) {
            None => Ok(()),
            Some(other) => Err(InstallError::DoubleClaim {
                what: format!("the domain `{label}.` of the host"),
                first: other.source.name.to_owned(),
                second: self.source.name.to_owned(),
            }),
        }
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
        let other = self.staging.nonzas.insert((ns, name), entry);
        self.first("nonza", ns, name, other.map(|other| other.source.name))
    }

    /// Owns top-level elements of this namespace and name that come when the client has authenticated and has no session yet.
    ///
    /// # Errors
    /// [`InstallError::DoubleClaim`] when they have an owner.
    pub fn before_session(
        &mut self,
        ns: &'static str,
        name: &'static str,
        handler: &Arc<impl BeforeSession>,
    ) -> Result<(), InstallError> {
        let entry = self.entry(Arc::clone(handler) as Arc<dyn BeforeSession>);
        let other = self.staging.before_session.insert((ns, name), entry);
        self.first("nonza before the session", ns, name, other.map(|other| other.source.name))
    }

    fn first(&self, what: &str, ns: &str, name: &str, other: Option<&str>) -> Result<(), InstallError> {
        match other {
            None => Ok(()),
            Some(other) => Err(InstallError::DoubleClaim {
                what: format!("{what} <{name} xmlns='{ns}'/>"),
                first: other.to_owned(),
                second: self.source.name.to_owned(),
            }),
        }
    }
}
