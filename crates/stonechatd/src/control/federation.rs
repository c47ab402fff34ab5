//! What is asked about other servers.

use std::time::Duration;

use stonechat_jid::BareJid;
use stonechat_server::RunningServer;
use stonechat_server::federation::{self, Managed, Opener, Proof, State, Status};

use super::accounts::find;
use super::{Arrival, Federation, Peering, PeeringFailure, PeeringState, Step, Trial};
use crate::failure::Failure;

/// So many pairs are told of in each direction: an answer is one line of bounded length.
const MOST: usize = 1000;

/// The ways to other servers that have been wanted, and the streams of others.
pub(super) fn status(server: &RunningServer) -> Federation {
    let (pairs, more) = few(server.federation());
    let (arrivals, more_arrivals) = few(server.arrivals());
    Federation {
        pairs: pairs.map(peering).collect(),
        more,
        arrivals: arrivals.map(arrival).collect(),
        more_arrivals,
    }
}

/// The first of them, and how many others there are.
fn few<T>(all: Vec<T>) -> (impl Iterator<Item = T>, usize) {
    let more = all.len().saturating_sub(MOST);
    (all.into_iter().take(MOST), more)
}

fn arrival(arrival: federation::Arrival) -> Arrival {
    let proof = match arrival.proof {
        Proof::Certificate => "its certificate",
        Proof::Dialback => "dialback",
        _ => "something else",
    };
    let management = match arrival.management {
        Managed::Off => "not acknowledged",
        Managed::Acknowledged => "acknowledged",
        Managed::Resumable => "acknowledged, and can be resumed",
        _ => "managed otherwise",
    };
    Arrival {
        sender: arrival.sender.to_string(),
        target: arrival.target.to_string(),
        address: arrival.address.to_string(),
        proof: proof.to_owned(),
        tls: arrival.tls.to_owned(),
        since: arrival.since.as_secs(),
        stanzas: arrival.stanzas,
        management: management.to_owned(),
    }
}

fn peering(status: Status) -> Peering {
    Peering {
        sender: status.sender.to_string(),
        target: status.target.to_string(),
        state: match status.state {
            State::Connecting => PeeringState::Connecting,
            State::Established { by } => PeeringState::Established { by_them: by == Opener::Them },
            State::Failed { next } => PeeringState::Failed { next: rounded_up(next) },
            _ => PeeringState::Idle,
        },
        waiting: status.waiting,
        bytes: status.bytes,
        oldest: status.oldest.map(|oldest| oldest.as_secs()),
        failure: status.failure.map(|last| PeeringFailure { text: last.text, ago: last.ago.as_secs() }),
    }
}

fn rounded_up(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Tries the way to a domain's server, from this host or the first.
pub(super) async fn test(
    server: &RunningServer,
    from: Option<&str>,
    target: &BareJid,
) -> Result<Trial, Failure> {
    let hosts = server.hosts().all();
    let first = hosts.iter().map(|host| host.domain()).min();
    let Some(from) = from.or(first) else { return Err(Failure::refused("no host is configured")) };
    let sender = find(server, from)?.jid().clone();
    let steps = server.examine(&sender, target).await;
    let step = |step: stonechat_server::federation::Step| Step {
        stage: step.stage.name().to_owned(),
        is_good: step.is_good,
        text: step.text,
    };
    Ok(Trial {
        sender: sender.to_string(),
        target: target.to_string(),
        steps: steps.into_iter().map(step).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_not_announced_for_too_early() {
        for (millis, seconds) in [(0, 0), (1, 1), (1000, 1), (1001, 2)] {
            assert_eq!(rounded_up(Duration::from_millis(millis)), seconds);
        }
    }
}
