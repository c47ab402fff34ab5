//! Prosody as the other server, which acknowledges what it gets (XEP-0198) and resumes nothing, over a network that breaks.

use crate::client;
use crate::support::both::Both;
use crate::support::{CERTIFICATES, OURS, THEIRS, chat, federated, log_in, serve};
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Authority, Counterpart, Cutter, free_port};

const ROUNDS: usize = 10;
const EACH: usize = 20;

/// What was under way comes again, as nobody knows whether it had come; and nothing is left out.
#[tokio::test]
async fn prosody_acknowledges_what_it_gets_and_a_cut_loses_nothing() {
    let authority = Authority::new();
    let (own, identity) = (authority.sign(&[OURS]), authority.sign(&[THEIRS]));
    let (way, port) = (free_port(), free_port());
    let ours = serve(OURS, &authority, &own, "certificate", (THEIRS, way));
    let cutter = Cutter::start_at(way, ([127, 0, 0, 1], port).into());
    let ports = (port, free_port());
    let federated = federated(Kind::Prosody, &authority, identity, CERTIFICATES, ports, (OURS, &ours));
    let both = Both::of(ours, Counterpart::federated(Kind::Prosody, federated), OURS, CERTIFICATES);
    let mut one = log_in(&format!("user1@{OURS}"), both.ours.c2s()).await;
    let mut two = log_in(&format!("user1@{THEIRS}"), both.theirs.c2s()).await;
    chat(&mut one, &mut two).await;
    let mut next = 0;
    for round in 0..ROUNDS {
        for number in round * EACH..(round + 1) * EACH {
            one.client.send(client::message(two.jid.as_str(), &number.to_string())).await.unwrap();
            if number % EACH == round {
                cutter.cut();
            }
        }
        while next < (round + 1) * EACH {
            let Ok(number) = two.message().await.parse::<usize>() else {
                assert_eq!(next, 0, "what was said before comes before");
                continue;
            };
            assert!(number <= next, "{next} did not come before {number}");
            next = next.max(number + 1);
        }
    }
    // Prosody has believed what we acknowledge, too.
    chat(&mut two, &mut one).await;
    let said = both.theirs.transcript();
    assert!(said.contains("Received ack request, acking for"), "{said}");
    assert!(said.contains("(acked: 1)"), "{said}");
}
