//! Logs: human or JSON, to standard error.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, fmt, reload};

use crate::config::log::{Format, Level, Log};
use crate::failure::Failure;

const VARIABLE: &str = "STONECHAT_LOG";

/// What is logged, which can be changed while the server runs.
#[derive(Debug)]
pub(crate) struct Logging {
    filter: reload::Handle<EnvFilter, Registry>,
    /// The environment says what is logged, so the configuration does not.
    is_overridden: bool,
}

impl Logging {
    /// Begins to log.
    pub(crate) fn install(log: &Log) -> Result<Self, Failure> {
        let overriding = overriding()?;
        let is_overridden = overriding.is_some();
        let (filter, handle) = reload::Layer::new(overriding.unwrap_or_else(|| filter(log.level)));
        let output = match log.format {
            Format::Human => {
                fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal()).with_target(false).boxed()
            }
            Format::Json => fmt::layer().json().flatten_event(true).with_writer(stderr).boxed(),
        };
        let installed = tracing_subscriber::registry().with(filter).with(output).try_init();
        installed.map_err(Failure::internal)?;
        Ok(Self { filter: handle, is_overridden })
    }

    /// Logs at another level from now on, unless the environment says what is logged.
    pub(crate) fn set_level(&self, level: Level) {
        if !self.is_overridden
            && let Err(error) = self.filter.reload(filter(level))
        {
            tracing::error!(%error, "the log level cannot be changed");
        }
    }
}

/// Logs of a command that is not a server's: only what is out of the ordinary.
pub(crate) fn for_a_command() -> Result<(), Failure> {
    Logging::install(&Log { level: Level::Warn, format: Format::Human }).map(drop)
}

fn overriding() -> Result<Option<EnvFilter>, Failure> {
    match std::env::var(VARIABLE) {
        Ok(directives) if !directives.is_empty() => EnvFilter::try_new(&directives)
            .map(Some)
            .map_err(|error| Failure::usage(format!("{VARIABLE}={directives}: {error}"))),
        _ => Ok(None),
    }
}

fn filter(level: Level) -> EnvFilter {
    EnvFilter::new(level.name())
}
