//! Stream features of a host, and of the server itself.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use stonechat_extension::{Host, Phase, Tables};
use stonechat_sasl::Mechanism;
use stonechat_sasl::scram::Advertised;
use stonechat_stanza::payload::Builder;
use stonechat_stanza::{Element, ns};
use stonechat_stream::negotiation::server;

use crate::auth::Offer;
use crate::config::Config;

/// How many kinds of stream are told apart before the login; what more there are get features of their own.
const KINDS: usize = 8;

/// What a host shows on its streams, made once for each kind of stream: to make and to write it anew cost a tenth of a login.
#[derive(Debug, Default)]
pub(crate) struct Features {
    before_login: ArcSwap<Vec<(Kind, server::Host)>>,
    after_login: OnceLock<server::Host>,
}

/// What the features depend on before the login.
#[derive(Debug, Clone, PartialEq)]
struct Kind {
    encrypted: bool,
    advertised: Advertised,
    tokens: Vec<Mechanism>,
}

impl Kind {
    fn is_of(&self, offer: &Offer) -> bool {
        self.encrypted == offer.is_encrypted()
            && self.advertised == *offer.advertised()
            && self.tokens == offer.token_mechanisms()
    }
}

impl Features {
    pub(super) fn before_login(&self, offer: &Offer, config: &Config) -> server::Host {
        let kept = self.before_login.load();
        if let Some((_, host)) = kept.iter().find(|(kind, _)| kind.is_of(offer)) {
            return host.clone();
        }
        let host = before_login(offer, config);
        if kept.len() < KINDS {
            let kind = Kind {
                encrypted: offer.is_encrypted(),
                advertised: offer.advertised().clone(),
                tokens: offer.token_mechanisms().to_vec(),
            };
            let more = kept.iter().cloned().chain([(kind, host.clone())]);
            self.before_login.store(Arc::new(more.collect()));
        }
        host
    }

    pub(super) fn after_login(&self, host: &Host, config: &Config) -> server::Host {
        let make = || server::Host::default().with_features(of(&host.tables(), Phase::AfterAuth, config));
        self.after_login.get_or_init(make).clone()
    }
}

fn before_login(offer: &Offer, config: &Config) -> server::Host {
    let tables = offer.host().tables();
    let mechanisms = offer.advertised().mechanisms();
    let bindings = offer.advertised().binding_types().unwrap_or_default();
    let mut features = of(&tables, Phase::BeforeAuth, config);
    // XEP-0388 §2.1: not without a mechanism, and not without TLS (§3).
    if offer.is_encrypted() && !mechanisms.is_empty() {
        let tokens: Vec<_> = offer.token_mechanisms().iter().map(|token| token.name().to_owned()).collect();
        features.extend(tables.login_features(mechanisms, &tokens));
    }
    server::Host::new(mechanisms).with_channel_bindings(bindings).with_features(features)
}

/// What the extensions of a host offer at this stage of a stream, and the limits.
pub(crate) fn of(tables: &Tables, phase: Phase, config: &Config) -> Vec<Element> {
    let declared = tables.stream_features(phase).cloned();
    declared.chain([limits(config, phase == Phase::AfterAuth)]).collect()
}

/// The limits of the stream (XEP-0478), which are lower before the client has logged in.
pub(crate) fn limits(config: &Config, logged_in: bool) -> Element {
    let bytes = if logged_in { config.limits.stanza_bytes } else { config.limits.stanza_bytes_before_login };
    let idle = (logged_in && !config.timeouts.idle.is_zero()).then_some(config.timeouts.idle.as_secs());
    Builder::new("limits", ns::STREAM_LIMITS)
        .text_child("max-bytes", bytes)
        .optional_child("idle-seconds", idle)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_before_the_login_are_the_lower_ones() {
        let config = Config::default();
        let text = |element: Element, name| element.get_child(name, ns::STREAM_LIMITS).map(Element::text);
        assert_eq!(text(limits(&config, false), "max-bytes").unwrap(), "8192");
        assert_eq!(text(limits(&config, false), "idle-seconds"), None);
        assert_eq!(text(limits(&config, true), "max-bytes").unwrap(), "262144");
        assert_eq!(text(limits(&config, true), "idle-seconds").unwrap(), "3600");
    }
}
