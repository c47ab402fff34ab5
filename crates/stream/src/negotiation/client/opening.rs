//! Headers, features and STARTTLS.

use super::*;
use crate::{Version, sasl, tls};

impl Negotiation {
    /// Sends our header; the server's has to come.
    pub(super) fn open(&mut self) {
        // Who the user is stays unsaid until it is protected (RFC 6120 §4.7.1).
        let is_server = self.config.content == Content::Server;
        let from = self.config.from.as_ref().filter(|_| self.secure || is_server);
        let header = StreamHeader {
            to: Some(self.config.to.to_string()),
            from: from.map(ToString::to_string),
            id: None,
            version: Some(Version::V1_0),
            lang: self.config.lang.clone(),
            content_ns: self.config.content.as_str().into(),
        };
        self.queue.open(&header);
        self.state = State::Header;
        self.header = None;
        self.offered.clear();
    }

    pub(super) fn take_header(&mut self, header: StreamHeader) {
        if header.content_ns != self.config.content.as_str() {
            return self.broken(StreamError::invalid_namespace());
        }
        // An error may follow, and says more than that the version is missing; without a version there are no
        // features to wait for.
        if header.version.is_some_and(|version| version.major < Version::V1_0.major) {
            return self.broken(StreamError::unsupported_version());
        }
        self.header = Some(header);
        self.state = State::Features;
    }

    pub(super) fn features(&mut self, features: Features) {
        if self.header.as_ref().is_none_or(|header| header.version.is_none()) {
            return self.broken(StreamError::unsupported_version());
        }
        if self.authenticated {
            self.state = State::Ready;
            return self.queue.push(Action::Authenticated(features));
        }
        if !self.secure && self.begin_tls(&features) {
            return;
        }
        self.offered =
            features.get::<sasl::Mechanisms>().ok().flatten().map_or_else(Vec::new, |list| list.names);
        self.state = State::Choosing;
        self.queue.push(Action::Authenticate(features));
    }

    /// What the lack of TLS leads to; `false` if nothing, and authentication is next.
    fn begin_tls(&mut self, features: &Features) -> bool {
        // A WebSocket has no STARTTLS, whatever the server says (RFC 7395 §3.9).
        let offer = match self.config.framing {
            Framing::Tcp => features.get::<tls::Feature>().ok().flatten(),
            Framing::WebSocket => None,
        };
        match (self.config.tls, offer) {
            (Tls::Required | Tls::Optional, Some(_)) => {
                self.queue.element(&tls::Nonza::StartTls.to_element());
                self.state = State::TlsAsked;
                true
            }
            (Tls::Required, None) => {
                self.queue.close();
                self.close(Error::TlsUnavailable);
                true
            }
            (_, Some(offer)) if offer.required => {
                self.queue.element(&StreamError::unsupported_feature().to_element());
                self.queue.close();
                self.close(Error::UnsupportedFeature);
                true
            }
            _ => false,
        }
    }

    pub(super) fn tls_answer(&mut self, element: &Element, pending: usize) {
        match tls::Nonza::from_element(element) {
            Some(tls::Nonza::Proceed) if pending > 0 => self.close(Error::Injected),
            Some(tls::Nonza::Proceed) => {
                self.state = State::Tls;
                self.queue.push(Action::StartTls);
            }
            Some(tls::Nonza::Failure) => {
                self.queue.close();
                self.close(Error::TlsRefused);
            }
            _ => self.broken(StreamError::unsupported_stanza_type()),
        }
    }
}
