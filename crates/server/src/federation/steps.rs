//! What an attempt to reach another server goes through, for whoever wants to know.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::failure::Failure;

/// A part of the way to another server, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Whether the configuration lets the domain be spoken with at all.
    Policy,
    /// Which hosts serve the domain: a configured route, SRV records, or the domain itself.
    Dns,
    /// The addresses of a host.
    Addresses,
    /// A connection with one of them.
    Tcp,
    /// The stream in the clear, on which TLS has to be offered. Not with direct TLS.
    Stream,
    /// The handshake.
    Tls,
    /// Whether the certificate is the domain's, as far as the policy asks for that.
    Certificate,
    /// What is offered on the stream under TLS.
    Features,
    /// EXTERNAL or dialback.
    Authentication,
}

impl Stage {
    /// One or two words for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Dns => "DNS",
            Self::Addresses => "addresses",
            Self::Tcp => "TCP",
            Self::Stream => "stream",
            Self::Tls => "TLS",
            Self::Certificate => "certificate",
            Self::Features => "features",
            Self::Authentication => "authentication",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a part of the way has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which part.
    pub stage: Stage,
    /// Whether the way goes on from there. Where a domain has several hosts, the next one may be tried after this.
    pub is_good: bool,
    /// What was found, or what is wrong, in plain words.
    pub text: String,
}

/// Takes down the steps of one attempt; that of every day takes down nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Record(Option<Arc<Mutex<Taken>>>);

#[derive(Debug)]
struct Taken {
    at: Stage,
    steps: Vec<Step>,
}

impl Record {
    /// One that takes them down.
    pub(super) fn kept() -> Self {
        Self(Some(Arc::new(Mutex::new(Taken { at: Stage::Policy, steps: Vec::new() }))))
    }

    /// The next part begins: what fails from here on fails in it.
    pub(super) fn begin(&self, stage: Stage) {
        if let Some(taken) = &self.0 {
            taken.lock().at = stage;
        }
    }

    /// The present part is done.
    pub(super) fn done(&self, text: impl FnOnce() -> String) {
        self.push(true, text);
    }

    /// The present part has failed.
    pub(super) fn failed(&self, failure: &Failure) {
        self.push(false, || failure.to_string());
    }

    fn push(&self, is_good: bool, text: impl FnOnce() -> String) {
        if let Some(taken) = &self.0 {
            let mut taken = taken.lock();
            let stage = taken.at;
            taken.steps.push(Step { stage, is_good, text: text() });
        }
    }

    /// Whether this part is the present one.
    pub(super) fn is_at(&self, stage: Stage) -> bool {
        self.0.as_ref().is_some_and(|taken| taken.lock().at == stage)
    }

    /// All that was taken down.
    pub(super) fn take(&self) -> Vec<Step> {
        self.0.as_ref().map(|taken| std::mem::take(&mut taken.lock().steps)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_has_failed_in_the_part_that_was_begun_last() {
        let record = Record::kept();
        record.begin(Stage::Dns);
        record.done(|| "found".to_owned());
        record.begin(Stage::Tcp);
        record.failed(&Failure::Late);
        let steps = record.take();
        let told: Vec<_> = steps.iter().map(|step| (step.stage.name(), step.is_good, &*step.text)).collect();
        assert_eq!(told, [("DNS", true, "found"), ("TCP", false, "the server does not answer in time")]);
    }

    #[test]
    fn nothing_is_said_for_nobody() {
        let record = Record::default();
        record.begin(Stage::Tcp);
        record.done(|| unreachable!());
        assert!(!record.is_at(Stage::Tcp) && record.take().is_empty());
    }
}
