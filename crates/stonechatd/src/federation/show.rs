//! Other servers in words.

use std::fmt::Write as _;

use crate::control::{Arrival, Federation, Peering, PeeringState, Trial};
use crate::failure::Failure;
use crate::operate::duration;

/// What is spoken with other servers.
pub(super) fn federation(federation: &Federation) -> String {
    let arrivals = federation.arrivals.len() + federation.more_arrivals;
    let mut text = match federation.pairs.len() + federation.more {
        0 if arrivals == 0 => return "no other server was spoken with".to_owned(),
        0 => "nothing was to be sent to other servers".to_owned(),
        1 => "one pair of domains".to_owned(),
        pairs => format!("{pairs} pairs of domains"),
    };
    federation.pairs.iter().for_each(|pair| peering(&mut text, pair));
    and_more(&mut text, federation.more);
    text.push_str(&match arrivals {
        0 => "\nno stream of another server".to_owned(),
        1 => "\none stream of another server".to_owned(),
        streams => format!("\n{streams} streams of other servers"),
    });
    federation.arrivals.iter().for_each(|stream| arrival(&mut text, stream));
    and_more(&mut text, federation.more_arrivals);
    text
}

fn and_more(text: &mut String, more: usize) {
    if more > 0 {
        // Writing to a string does not fail.
        let _ = write!(text, "\nand {more} more");
    }
}

fn arrival(text: &mut String, stream: &Arrival) {
    let Arrival { sender, target, address, proof, tls, since, stanzas, management } = stream;
    let (count, since) = (if *stanzas == 1 { "stanza" } else { "stanzas" }, duration(*since));
    let _ = write!(
        text,
        "\n{sender} to {target}\n  from     {address}, for {since}\n  proof    {proof}, {tls}\n  \
         taken    {stanzas} {count}, {management}"
    );
}

fn peering(text: &mut String, pair: &Peering) {
    let state = match pair.state {
        PeeringState::Connecting => "a stream is being set up".to_owned(),
        PeeringState::Established { by_them: false } => "there is a stream, opened from here".to_owned(),
        PeeringState::Established { by_them: true } => {
            "there is a stream, opened by the other server".to_owned()
        }
        PeeringState::Failed { next: 0 } => "not reached; the next stanza has it tried again".to_owned(),
        PeeringState::Failed { next } => {
            format!("not reached; tried again with the first stanza in {} or later", duration(next))
        }
        PeeringState::Idle => "there is no stream, as nothing is to be said".to_owned(),
    };
    let queue = match (pair.waiting, pair.oldest) {
        (0, _) => "empty".to_owned(),
        (count, oldest) => {
            let stanzas = if count == 1 { "stanza" } else { "stanzas" };
            let since = duration(oldest.unwrap_or_default());
            format!("{count} {stanzas}, {} bytes, the first for {since}", pair.bytes)
        }
    };
    let _ = write!(text, "\n{} to {}\n  state    {state}\n  queue    {queue}", pair.sender, pair.target);
    if let Some(failure) = &pair.failure {
        let _ = write!(text, "\n  failure  {} ago: {}", duration(failure.ago), failure.text);
    }
}

/// The steps of the way to another server.
pub(super) fn trial(trial: &Trial) -> String {
    let mut text = format!("from {} to {}", trial.sender, trial.target);
    for step in &trial.steps {
        let wrong = if step.is_good { "" } else { "WRONG: " };
        let _ = write!(text, "\n  {:<14}  {wrong}{}", step.stage, step.text);
    }
    if is_good(trial) {
        let _ = write!(text, "\nstanzas can be sent to {}", trial.target);
    }
    text
}

/// Fails where stanzas cannot be sent, with the cause.
pub(super) fn verdict(trial: &Trial) -> Result<(), Failure> {
    let cause = match trial.steps.iter().rev().find(|step| !step.is_good) {
        _ if is_good(trial) => return Ok(()),
        Some(step) => format!("{}: {}", step.stage, step.text),
        None => "it was not found out why".to_owned(),
    };
    Err(Failure::refused(format!("nothing can be sent to {}: {cause}", trial.target)))
}

/// Where a domain has several hosts, one that works is enough.
fn is_good(trial: &Trial) -> bool {
    trial.steps.last().is_some_and(|step| step.is_good && step.stage == "authentication")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{PeeringFailure, Step};

    fn pair(state: PeeringState) -> Peering {
        Peering {
            sender: "a.example".into(),
            target: "b.example".into(),
            state,
            waiting: 0,
            bytes: 0,
            oldest: None,
            failure: None,
        }
    }

    #[test]
    fn a_pair_is_told_with_queue_failure_and_next_attempt() {
        let failure = PeeringFailure { text: "the certificate has expired".into(), ago: 61 };
        let failed = Peering { failure: Some(failure), ..pair(PeeringState::Failed { next: 4 }) };
        let waits = Peering { waiting: 2, bytes: 600, oldest: Some(3), ..pair(PeeringState::Connecting) };
        let ours = pair(PeeringState::Established { by_them: false });
        let theirs = pair(PeeringState::Established { by_them: true });
        let pairs = vec![failed, waits, ours, theirs];
        let text = federation(&Federation { pairs, more: 7, ..Federation::default() });
        for part in [
            "11 pairs of domains",
            "there is a stream, opened from here",
            "there is a stream, opened by the other server",
            "a.example to b.example",
            "tried again with the first stanza in 4s or later",
            "1m 1s ago: the certificate has expired",
            "2 stanzas, 600 bytes, the first for 3s",
            "and 7 more",
            "no stream of another server",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert_eq!(federation(&Federation::default()), "no other server was spoken with");
    }

    #[test]
    fn a_stream_of_another_server_is_told_with_address_proof_and_what_was_taken() {
        let stream = Arrival {
            sender: "b.example".into(),
            target: "a.example".into(),
            address: "2001:db8::1".into(),
            proof: "its certificate".into(),
            tls: "TLS 1.3".into(),
            since: 61,
            stanzas: 1,
            management: "acknowledged".into(),
        };
        let text =
            federation(&Federation { arrivals: vec![stream], more_arrivals: 2, ..Federation::default() });
        let lines = [
            "nothing was to be sent to other servers",
            "3 streams of other servers",
            "b.example to a.example",
            "  from     2001:db8::1, for 1m 1s",
            "  proof    its certificate, TLS 1.3",
            "  taken    1 stanza, acknowledged",
            "and 2 more",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    }

    fn step(stage: &str, is_good: bool, text: &str) -> Step {
        Step { stage: stage.into(), is_good, text: text.into() }
    }

    #[test]
    fn a_trial_ends_with_a_verdict_and_its_cause() {
        let mut tried = Trial {
            sender: "a.example".into(),
            target: "b.example".into(),
            steps: vec![step("TCP", true, "connected"), step("certificate", false, "it has expired")],
        };
        assert!(trial(&tried).contains("certificate     WRONG: it has expired"), "{}", trial(&tried));
        let failure = verdict(&tried).unwrap_err();
        assert_eq!(failure.message, "nothing can be sent to b.example: certificate: it has expired");
        // Another host was better.
        tried.steps.push(step("authentication", true, "it takes our certificate"));
        assert!(verdict(&tried).is_ok() && trial(&tried).ends_with("stanzas can be sent to b.example"));
    }
}
