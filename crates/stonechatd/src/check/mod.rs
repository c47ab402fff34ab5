//! `stonechatd check`: whether the configuration can be served, and what it means. Nothing is changed.

mod certificate;
mod components;
mod hosts;
mod places;
mod report;

use crate::cli::Place;
use crate::config::Settings;
use crate::failure::Failure;
use crate::{extensions, say};
use report::Report;

/// Checks everything and says what was found.
///
/// A mistake in the file itself stops the check, as nothing can be known of the rest then; of all else, everything that is
/// wrong is said at once.
pub(crate) fn run(place: &Place) -> Result<(), Failure> {
    let registry = extensions::registry()?;
    let settings = Settings::load(place, &registry)?;
    let mut report = Report::default();
    report.head(format!("{}: every key is known and every value makes sense", settings.name()));
    let is_running = places::check(&settings, &mut report);
    places::check_listeners(&settings, is_running, &mut report);
    hosts::check(&settings, &registry, &mut report);
    components::check(&settings, &mut report);
    say::line(report.text())?;
    report.verdict(&settings.name())
}
