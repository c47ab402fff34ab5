//! Failures, from where they are decided to the wire.

use stonechat_extension::login;
use stonechat_sasl::Failure;
use stonechat_stream::sasl;

use super::login::Progress;

/// The failure that an extension has named, with its words.
pub(super) fn of_extension(refused: login::Failed) -> sasl::Failure {
    let failure = sasl::Failure::new(of_name(refused.condition));
    match refused.text {
        Some(text) => failure.with_text(text),
        None => failure,
    }
}

/// What a mechanism refuses with.
pub(super) fn failed(failure: Failure) -> Progress {
    Progress::Failure(condition(failure).into())
}

fn condition(failure: Failure) -> sasl::Condition {
    of_name(failure.element_name())
}

fn of_name(name: &str) -> sasl::Condition {
    let same_name = |condition: &&sasl::Condition| condition.name() == name;
    sasl::Condition::ALL.iter().find(same_name).copied().unwrap_or(sasl::Condition::NotAuthorized)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_a_mechanism_has_its_condition_on_the_wire() {
        for failure in Failure::ALL {
            assert_eq!(condition(failure).name(), failure.element_name());
        }
    }
}
