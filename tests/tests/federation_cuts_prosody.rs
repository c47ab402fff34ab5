//! Prosody as the other server, which acknowledges what it gets (XEP-0198) and resumes nothing, over a network that breaks.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]
#![allow(clippy::print_stderr, reason = "what the servers have said belongs to the failure")]

mod client;
mod federation;

use federation::{OURS, THEIRS, Way, chat, log_in, other, serve};
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Authority, Counterpart, Cutter, Server, free_port};

const ROUNDS: usize = 10;
const EACH: usize = 20;

/// The servers of a test that say what they have to say when it fails.
struct Both(Server, Counterpart);

impl Drop for Both {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}\n{}", self.0.process().transcript(), self.1.transcript());
        }
    }
}

/// What was under way comes again, as nobody knows whether it had come; and nothing is left out.
#[tokio::test]
async fn prosody_acknowledges_what_it_gets_and_a_cut_loses_nothing() {
    let authority = Authority::new();
    let (own, identity) = (authority.sign(&[OURS]), authority.sign(&[THEIRS]));
    let (way, port) = (free_port(), free_port());
    let ours = serve(OURS, &authority, &own, "certificate", (THEIRS, way));
    let cutter = Cutter::start_at(way, ([127, 0, 0, 1], port).into());
    let certified = Way { certificates: true, direct_tls: false, theirs: THEIRS };
    let theirs = other(Kind::Prosody, &authority, identity, certified, (port, free_port()), (OURS, &ours));
    let both = Both(ours, theirs);
    let mut one = log_in(&format!("user1@{OURS}"), both.0.c2s()).await;
    let mut two = log_in(&format!("user1@{THEIRS}"), both.1.c2s()).await;
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
            let number: usize = two.message().await.parse().unwrap();
            assert!(number <= next, "{next} did not come before {number}");
            next = next.max(number + 1);
        }
    }
    // Prosody has believed what we acknowledge, too.
    chat(&mut two, &mut one).await;
    let said = both.1.transcript();
    assert!(said.contains("Received ack request, acking for"), "{said}");
    assert!(said.contains("(acked: 1)"), "{said}");
}
