//! Progress bars: on standard error where that is a terminal, and nowhere else.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

const MESSAGES: &str = "{spinner} {pos}/{len} messages {wide_bar} {eta}";
const BYTES: &str = "{spinner} {binary_bytes}/{binary_total_bytes} {wide_bar} {binary_bytes_per_sec} {eta}";
/// How often it is drawn, should nothing happen.
const TICK: Duration = Duration::from_millis(200);

/// For messages, of which it is not known yet how many there are.
pub(crate) fn messages() -> ProgressBar {
    shown(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()), MESSAGES)
}

/// For so many bytes.
pub(crate) fn bytes(count: u64) -> ProgressBar {
    shown(ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr()), BYTES)
}

fn shown(bar: ProgressBar, template: &str) -> ProgressBar {
    // A template that is wrong would be seen in the test; the default one is no worse.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let bar = bar.with_finish(ProgressFinish::AndClear);
    bar.enable_steady_tick(TICK);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_bars_can_be_shown() {
        for template in [MESSAGES, BYTES] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
