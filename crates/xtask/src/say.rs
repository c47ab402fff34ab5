//! What the developer reads.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's command talks to its terminal")]

use std::time::Instant;

/// Prints a line.
pub fn line(text: &str) {
    println!("{text}");
}

/// Prints why something went wrong, on standard error.
pub fn error(text: &str) {
    eprintln!("{text}");
}

/// Runs a step under a heading and prints how long it took, also when it failed.
pub fn step<T>(title: &str, run: impl FnOnce() -> T) -> T {
    line(&format!("== {title}"));
    let start = Instant::now();
    let result = run();
    line(&format!("-- {title}: {:.1} s", start.elapsed().as_secs_f64()));
    result
}
