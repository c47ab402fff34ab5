//! The components, and whether they can connect.

use stonechat_server::config::Kind;

use super::Report;
use crate::config::Settings;

/// Checks each component; says nothing where there is none.
pub(super) fn check(settings: &Settings, report: &mut Report) {
    let config = &settings.server;
    if config.components.is_empty() {
        return;
    }
    report.head("components");
    if config.listeners.iter().all(|listener| listener.kind != Kind::Component) {
        report.warn("none", "there is no listener of kind \"component\", so none can connect");
    }
    for (domain, component) in &config.components {
        match component.read_secret(domain) {
            Ok(_) => report.fact(
                "component",
                format!("{domain}: up to {} at a time", connections(component.connections)),
            ),
            Err(error) => report.problem("component", error.key(), error.message()),
        }
    }
}

fn connections(most: usize) -> String {
    if most == 1 { "1 connection".to_owned() } else { format!("{most} connections") }
}
