//! What a check found.

use std::fmt::Display;

use crate::failure::Failure;

/// Lines for the operator, and what is wrong.
#[derive(Debug, Default)]
pub(super) struct Report {
    lines: Vec<String>,
    problems: Vec<String>,
}

impl Report {
    /// Begins a part.
    pub(super) fn head(&mut self, text: impl Display) {
        self.lines.push(text.to_string());
    }

    /// A fact.
    pub(super) fn fact(&mut self, name: &str, text: impl Display) {
        self.lines.push(format!("  {name:<12} {text}"));
    }

    /// Something that works, and that the operator may not want.
    pub(super) fn warn(&mut self, name: &str, text: impl Display) {
        self.fact(name, format!("warning: {text}"));
    }

    /// Something that keeps the server from serving; `culprit` is the key or file.
    pub(super) fn problem(&mut self, name: &str, culprit: impl Display, text: impl Display) {
        let problem = format!("{culprit}: {text}");
        self.fact(name, format!("WRONG: {problem}"));
        self.problems.push(problem);
    }

    pub(super) fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Fails when anything is wrong, and says what.
    pub(super) fn verdict(self, name: &str) -> Result<(), Failure> {
        match self.problems.as_slice() {
            [] => Ok(()),
            [problem] => Err(Failure::config(format!("{name}: {problem}"))),
            problems => Err(Failure::config(format!(
                "{name}: {} problems:\n  {}",
                problems.len(),
                problems.join("\n  ")
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_pass_and_problems_fail_by_name() {
        let mut report = Report::default();
        report.warn("certificate", "self-signed");
        report.problem("listener", "listeners.0.address", "in use");
        assert!(report.text().contains("warning: self-signed"));
        let failure = report.verdict("a.toml").unwrap_err();
        assert_eq!(failure.message, "a.toml: listeners.0.address: in use");
        assert!(Report::default().verdict("a.toml").is_ok());
    }
}
