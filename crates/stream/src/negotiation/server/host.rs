//! What a host offers, made once for all the streams that are offered the same.

use std::sync::{Arc, OnceLock};

use stonechat_stanza::Element;

use crate::codec::Framing;
use crate::features::Features;
use crate::{bind, sasl, session, tls};

/// A host that is served here, and its offers on this header. While STARTTLS is required and not done the
/// client is shown none of them (RFC 6120 §5.3.1).
///
/// Cheap to clone. The bytes of the features are made for the first stream that shows them and kept for the others, so a
/// driver keeps the hosts that it has made for as long as their offers stay the same.
#[derive(Debug, Clone, Default)]
pub struct Host(Arc<Offers>);

#[derive(Debug, Default)]
struct Offers {
    mechanisms: Vec<String>,
    channel_bindings: Vec<String>,
    features: Vec<Element>,
    shown: OnceLock<(Stage, Vec<u8>)>,
}

/// What else the features of a stream depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) framing: Framing,
    /// STARTTLS is offered as well.
    pub(super) starttls: bool,
    pub(super) logged_in: bool,
    pub(super) legacy_session: bool,
}

impl Host {
    /// A host that offers these SASL mechanisms, in order of preference, and nothing else. A mechanism that needs
    /// TLS must be here only if the connection has it. Not used after authentication.
    pub fn new(mechanisms: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mechanisms = mechanisms.into_iter().map(Into::into).collect();
        Self(Arc::new(Offers { mechanisms, ..Offers::default() }))
    }

    /// The same host with these channel-binding types, which can be checked on this connection (XEP-0440). Not used after
    /// authentication.
    #[must_use]
    pub fn with_channel_bindings(self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let channel_bindings = types.into_iter().map(Into::into).collect();
        Self(Arc::new(Offers { channel_bindings, ..self.offers() }))
    }

    /// The same host with these further features for this stage of the stream, such as registration or the limits of
    /// XEP-0478.
    #[must_use]
    pub fn with_features(self, features: impl IntoIterator<Item = Element>) -> Self {
        let mut offers = self.offers();
        offers.features.extend(features);
        Self(Arc::new(offers))
    }

    /// The offers, not shown yet.
    fn offers(&self) -> Offers {
        let Offers { mechanisms, channel_bindings, features, .. } = &*self.0;
        Offers {
            mechanisms: mechanisms.clone(),
            channel_bindings: channel_bindings.clone(),
            features: features.clone(),
            shown: OnceLock::new(),
        }
    }

    pub(super) fn has_mechanism(&self, name: &str) -> bool {
        self.0.mechanisms.iter().any(|mechanism| mechanism == name)
    }

    /// Gives the features at this stage to `write`.
    pub(super) fn show(&self, stage: Stage, write: impl FnOnce(&[u8])) {
        let (of, bytes) = self.0.shown.get_or_init(|| (stage, self.render(stage)));
        if *of == stage { write(bytes) } else { write(&self.render(stage)) }
    }

    fn render(&self, stage: Stage) -> Vec<u8> {
        let mut features = Features::new();
        if stage.starttls {
            features.push(&tls::Feature { required: false });
        }
        if stage.logged_in {
            features.push(&bind::Feature);
            if stage.legacy_session {
                features.push(&session::Feature { optional: true });
            }
        } else {
            self.authentication(&mut features);
        }
        self.0.features.iter().for_each(|feature| features.push_element(feature.clone()));
        let mut bytes = Vec::new();
        stage.framing.write_element(&features.into_element(), &mut bytes);
        bytes
    }

    fn authentication(&self, features: &mut Features) {
        let Offers { mechanisms, channel_bindings, .. } = &*self.0;
        if !channel_bindings.is_empty() {
            features.push(&sasl::ChannelBindings { types: channel_bindings.clone() });
        }
        if !mechanisms.is_empty() {
            features.push(&sasl::Mechanisms { names: mechanisms.clone(), other: Vec::new() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_shown_at_its_own_stage_only() {
        let shown = |host: &Host, stage| {
            let mut text = String::new();
            host.show(stage, |bytes| text = String::from_utf8(bytes.to_vec()).expect("it is XML"));
            text
        };
        let before = Stage { framing: Framing::Tcp, starttls: true, logged_in: false, legacy_session: true };
        let host = Host::new(["PLAIN"]);
        let first = shown(&host, before);
        assert!(first.contains("<starttls") && first.contains("PLAIN"), "{first}");
        assert_eq!(shown(&host, before), first);
        let secured = shown(&host, Stage { starttls: false, ..before });
        assert!(!secured.contains("<starttls") && secured.contains("PLAIN"), "{secured}");
        let after = shown(&host, Stage { starttls: false, logged_in: true, ..before });
        assert!(after.contains("<bind") && !after.contains("PLAIN"), "{after}");
        let more = host.with_features([Element::bare("sm", stonechat_stanza::ns::SM)]);
        assert!(shown(&more, before).contains("<sm"), "a host with more features is another one");
    }
}
