//! SASL2, with all that can be done together with a login.

use stonechat_sasl::client::{Login, Offer};
use stonechat_sasl::{Mechanism, Token};
use stonechat_stanza::{Element, ns};

use super::super::FastToken;
use super::super::wire::{self, Authentication, Resume, Sasl2, Success, Wishes};
use super::{Attempt, Error, Running, Step};

impl Attempt {
    pub(super) fn begin_sasl2(&mut self, offer: &Authentication) -> Result<(), Error> {
        let own =
            self.token.as_mut().filter(|token| offer.fast.iter().any(|name| name == token.mechanism.name()));
        let with_token = own.map(|token| {
            token.used = token.used.saturating_add(1);
            token.clone()
        });
        let resume = self.resumable.as_ref().filter(|_| offer.resume && self.config.resume);
        let mut wishes = Wishes {
            bind: offer.bind.then(|| wire::bind(self.tag(), self.beginning(offer))),
            resume: resume.map(|session| Resume { h: session.handled, previd: session.id.clone() }),
            ..Wishes::default()
        };
        let (exchange, initial) = match self.start_token(offer, with_token.as_ref()) {
            Some(started) => started,
            None => {
                let offered = Offer::sasl2(self.advertised(offer.mechanisms.clone()));
                self.start(&offered, self.login())?
            }
        };
        let token = exchange.mechanism().takes_token();
        let mut wants_token = None;
        if token {
            wishes.fast = with_token.as_ref().map(|token| token.used);
            // So that the number is not used again, whatever comes of it (XEP-0484 §3.4).
            self.steps.push_back(Step::Token(with_token));
        } else if self.config.fast && self.config.user_agent.id.is_some() {
            wants_token = self.best_token(&offer.fast);
            wishes.token = wants_token.map(|mechanism| mechanism.name().to_owned());
        }
        let element =
            wire::authenticate(exchange.mechanism().name(), &initial, &self.config.user_agent, &wishes);
        self.negotiation.send_element(&element);
        self.exchange = Some(Running { exchange, sasl2: true, token, wants_token });
        Ok(())
    }

    /// What the session begins with, of what the server can do together with the login.
    fn beginning(&self, offer: &Authentication) -> Vec<Element> {
        let counts = self.config.resume && offer.binds_with(ns::SM);
        let known = self.beginnings.iter().filter(|(feature, _)| offer.binds_with(feature));
        counts.then(wire::enable).into_iter().chain(known.map(|(_, element)| element.clone())).collect()
    }

    /// The tag of Bind 2 is what the resource begins with.
    fn tag(&self) -> Option<&str> {
        self.config.resource.as_deref().or(self.config.user_agent.software.as_deref())
    }

    fn start_token(
        &self,
        offer: &Authentication,
        token: Option<&FastToken>,
    ) -> Option<(stonechat_sasl::client::Exchange, zeroize::Zeroizing<Vec<u8>>)> {
        let FastToken { token, mechanism, .. } = token?;
        let login = Login::token(self.config.account.local()?, token.clone(), *mechanism);
        self.start(&Offer::sasl2(self.advertised(offer.fast.clone())), login).ok()
    }

    /// The strongest mechanism for tokens that is offered, allowed and carried.
    fn best_token(&self, offered: &[String]) -> Option<Mechanism> {
        let carried = |mechanism: &Mechanism| match mechanism {
            Mechanism::HashedToken(Some(kind)) => {
                self.channel.bindings().iter().any(|binding| binding.kind() == *kind)
            }
            _ => true,
        };
        let usable = |mechanism: &Mechanism| {
            self.config.policy.allows(*mechanism) && offered.iter().any(|name| name == mechanism.name())
        };
        Mechanism::HASHED_TOKEN.into_iter().rev().filter(usable).find(carried)
    }

    pub(super) fn sasl2_element(&mut self, element: &Element) {
        match Sasl2::read(element) {
            Some(Sasl2::Challenge(message)) => self.challenge(&message),
            Some(Sasl2::Success(success)) => self.sasl2_success(success),
            Some(Sasl2::Failure(condition, text)) => self.refused(&condition, text),
            Some(Sasl2::Continue) => self.fail(Error::MoreSteps),
            None => self.fail(Error::Protocol("an element of SASL2 that cannot be read")),
        }
    }

    fn sasl2_success(&mut self, success: Box<Success>) {
        let Some(running) = self.exchange.take() else { return };
        match running.exchange.success(success.data.as_deref()) {
            Ok(authenticated) => self.note(&authenticated),
            Err(error) => return self.fail(error.into()),
        }
        let mechanism = running.wants_token.or(self.token.as_ref().map(|token| token.mechanism));
        if let (Some(token), Some(mechanism)) = (success.token.as_ref().and_then(Token::new), mechanism) {
            self.steps.push_back(Step::Token(Some(FastToken { token, mechanism, used: 0 })));
        }
        self.steps.push_back(Step::Authenticated);
        // With the old session back there are no features any more (XEP-0198 §9.2).
        if let Some(resumed) = &success.resumed {
            return self.resumed(resumed);
        }
        self.success = Some(success);
        self.negotiation.authenticated();
    }
}
