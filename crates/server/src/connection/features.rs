//! Stream features of the server itself.

use stonechat_extension::{Phase, Tables};
use stonechat_stanza::payload::Builder;
use stonechat_stanza::{Element, ns};

use crate::config::Config;

/// What the extensions of a host offer at this stage of a stream, and the limits.
pub(super) fn of(tables: &Tables, phase: Phase, config: &Config) -> Vec<Element> {
    let declared = tables.stream_features(phase).cloned();
    declared.chain([limits(config, phase == Phase::AfterAuth)]).collect()
}

/// The limits of the stream (XEP-0478), which are lower before the client has logged in.
pub(super) fn limits(config: &Config, logged_in: bool) -> Element {
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
