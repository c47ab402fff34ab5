//! The hosts: their certificates and extensions.

use stonechat_extension::{Registry, Tables};
use stonechat_server::config::{Config, Host};
use stonechat_store::Store;

use super::{Report, certificate};
use crate::config::Settings;
use crate::extensions::standards;

/// Checks each host.
pub(super) fn check(settings: &Settings, registry: &Registry, report: &mut Report) {
    for (domain, host) in &settings.server.hosts {
        report.head(format!("host {domain}"));
        certificate::check(settings, domain, host, report);
        check_extensions(&settings.server, domain, host, registry, report);
        if host.anonymous {
            report.warn("anonymous", "anybody can use the host without an account");
        }
    }
}

fn check_extensions(config: &Config, domain: &str, host: &Host, registry: &Registry, report: &mut Report) {
    let path = format!("hosts.{domain}.extensions");
    let plan = match config.extensions.plan(&host.extensions, registry, &path) {
        Ok(plan) => plan,
        Err(error) => return report.problem("extensions", path, error),
    };
    // Installed for a store that is gone at once, as the real one is the server's.
    match Tables::build(registry, &plan, &Store::memory()) {
        Ok(tables) => {
            for extension in tables.extensions().filter_map(|name| registry.get(name)) {
                report
                    .fact("extension", format!("{}: {}", extension.name(), standards(extension.manifest())));
            }
            let off = registry.iter().filter(|known| tables.extensions().all(|name| name != known.name()));
            let off: Vec<&str> = off.map(|extension| extension.name()).collect();
            if !off.is_empty() {
                report.fact("off", off.join(", "));
            }
        }
        Err(error) => report.problem("extensions", path, error),
    }
}
