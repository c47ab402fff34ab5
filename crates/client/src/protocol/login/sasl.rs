//! The choice of a mechanism and its exchange, in either profile.

use stonechat_sasl::Mechanism;
use stonechat_sasl::client::{Authenticated, Exchange, Login, Offer, Policy, Reply, choose};
use stonechat_sasl::scram::Advertised;
use stonechat_stanza::{Element, ns};
use stonechat_stream::sasl::{ChannelBindings, Mechanisms};
use zeroize::Zeroizing;

use super::super::wire::Authentication;
use super::{Attempt, Error, Running, Step};

impl Attempt {
    /// Chooses how to log in, and begins.
    pub(super) fn authenticate(&mut self) {
        let sasl2 = self.features.find(ns::SASL2, "authentication").map(Authentication::read);
        // In the clear, SASL2 must not be used (XEP-0388 §2.1).
        let sasl2 = sasl2.filter(|_| self.config.sasl2 && self.negotiation.is_secure());
        let begun = match sasl2 {
            Some(offer) => self.begin_sasl2(&offer),
            None => self.begin_sasl(),
        };
        if let Err(error) = begun {
            self.fail(error);
        }
    }

    fn begin_sasl(&mut self) -> Result<(), Error> {
        let names = self.features.get::<Mechanisms>().ok().flatten().map(|list| list.names);
        let offer = Offer::sasl(self.advertised(names.unwrap_or_default()));
        let (exchange, initial) = self.start(&offer, self.login())?;
        self.negotiation.authenticate(exchange.mechanism().name(), Some(&initial));
        self.exchange = Some(Running { exchange, sasl2: false, token: false, wants_token: None });
        Ok(())
    }

    /// What the server advertised, all of which XEP-0474's proof is about.
    pub(super) fn advertised(&self, names: Vec<String>) -> Advertised {
        let types = self.features.get::<ChannelBindings>().ok().flatten();
        let advertised = Advertised::new(names);
        match types {
            Some(types) => advertised.with_binding_types(types.types),
            None => advertised,
        }
    }

    pub(super) fn login(&self) -> Login {
        let login = self.config.login.clone();
        match &self.keys {
            Some(keys) => login.with_cached(keys.clone()),
            None => login,
        }
    }

    pub(super) fn start(&self, offer: &Offer, login: Login) -> Result<(Exchange, Zeroizing<Vec<u8>>), Error> {
        let mut policy = self.config.policy.clone();
        if self.unbound {
            policy = Mechanism::SCRAM
                .into_iter()
                .filter(|mechanism| mechanism.binds_channel())
                .fold(policy, Policy::forbid);
        }
        let choice = choose(offer, &self.channel, &login, &policy)?;
        let (exchange, initial) = Exchange::start(choice, login)?;
        Ok((exchange, Zeroizing::new(initial)))
    }

    pub(super) fn challenge(&mut self, message: &[u8]) {
        let Some(running) = &mut self.exchange else {
            return self.fail(Error::Protocol("a challenge without an exchange"));
        };
        match running.exchange.challenge(message) {
            Ok(Reply::Respond(message)) => self.respond(&message),
            Ok(Reply::Derive(derivation)) => {
                self.waits = true;
                self.steps.push_back(Step::Derive(derivation));
            }
            Err(error) => self.fail(error.into()),
        }
    }

    pub(super) fn respond(&mut self, message: &[u8]) {
        if self.exchange.as_ref().is_some_and(|running| running.sasl2) {
            self.negotiation.send_element(&super::super::wire::response(message));
        } else {
            self.negotiation.respond(message);
        }
    }

    pub(super) fn sasl_success(&mut self, data: Option<&[u8]>) {
        let Some(running) = self.exchange.take() else {
            return self.fail(Error::Protocol("success without an exchange"));
        };
        match running.exchange.success(data) {
            Ok(authenticated) => {
                self.note(&authenticated);
                self.steps.push_back(Step::Authenticated);
                self.negotiation.accept();
            }
            Err(error) => self.fail(error.into()),
        }
    }

    pub(super) fn note(&mut self, authenticated: &Authenticated) {
        tracing::debug!(mechanism = %authenticated.mechanism(), binding = ?authenticated.binding(), "logged in");
        if let Some(keys) = authenticated.keys() {
            self.steps.push_back(Step::Keys(keys.clone()));
        }
    }

    /// The server does not let us in. With a token that is worth nothing there is still the password.
    pub(super) fn refused(&mut self, condition: &str, text: Option<String>) {
        let running = self.exchange.take();
        let error = Error::Refused { condition: condition.to_owned(), text };
        if !matches!(condition, "not-authorized" | "credentials-expired") {
            return self.fail(error);
        }
        if running.as_ref().is_some_and(|running| running.token) {
            self.token = None;
            self.steps.push_back(Step::Token(None));
            return self.authenticate();
        }
        if running.is_some_and(|running| self.may_be_of_binding(&running)) && !self.unbound {
            self.unbound = true;
            tracing::warn!("channel binding was refused by a server that does not say which it knows");
            if self.begin_sasl().is_ok() {
                return;
            }
        }
        self.fail(error);
    }

    /// Whether a refusal may be for a binding that the server cannot check, rather than for the password.
    fn may_be_of_binding(&self, running: &Running) -> bool {
        let announced = self.features.get::<ChannelBindings>().ok().flatten();
        self.config.unbound_after_refusal
            && !running.sasl2
            && running.exchange.mechanism().binds_channel()
            && announced.is_none_or(|announced| announced.types.is_empty())
    }

    pub(super) fn sasl2(&mut self, element: &Element) {
        if self.exchange.as_ref().is_some_and(|running| running.sasl2) {
            return self.sasl2_element(element);
        }
        self.strange();
    }
}
