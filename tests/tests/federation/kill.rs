//! What a client was told to be taken for another server survives `kill -9`.

use std::net::{Ipv4Addr, TcpListener};

use crate::client::{Online, message};
use crate::support::{OURS, THEIRS, log_in, serve};
use stonechat_stanza::Kind;
use stonechat_tests::{Authority, Cutter, Server, free_port};

const ROUNDS: usize = 4;
/// Messages of a round.
const EACH: usize = 200;

async fn sender(server: &Server) -> Online {
    log_in(&format!("user1@{OURS}"), server.c2s()).await
}

/// Sends numbered messages, and waits until so many of them are taken.
async fn send(one: &Online, to: &Online, round: usize, enough: usize) {
    let mut deliveries = Vec::new();
    for number in 0..EACH {
        let message = message(to.jid.as_str(), &format!("{round} {number}"));
        deliveries.push(one.client.send(message).await.unwrap());
    }
    for delivery in &mut deliveries[..enough] {
        delivery.acknowledged().await.unwrap();
    }
}

/// The round and the number of the next message, and whether it says that it has waited.
async fn next(two: &mut Online) -> (usize, usize, bool) {
    let stanza = crate::support::stanza(two, |stanza| matches!(stanza.kind(), Kind::Message(_))).await;
    let body = stanza.find(stonechat_stanza::ns::CLIENT, "body").unwrap().element().unwrap().text();
    let (round, number) = body.split_once(' ').unwrap();
    let is_late = stanza.has(stonechat_stanza::ns::DELAY, "delay");
    (round.parse().unwrap(), number.parse().unwrap(), is_late)
}

#[tokio::test]
async fn what_waits_for_a_server_that_does_not_answer_goes_there_after_a_kill() {
    let authority = Authority::new();
    let (own, other) = (authority.sign(&[OURS]), authority.sign(&[THEIRS]));
    // Whoever is there says nothing.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let way = silent.local_addr().unwrap().port();
    let ours = serve(OURS, &authority, &own, "certificate", (THEIRS, way));
    let theirs = serve(THEIRS, &authority, &other, "certificate", (OURS, free_port()));
    let mut two = log_in(&format!("user1@{THEIRS}"), theirs.c2s()).await;
    let one = sender(&ours).await;
    send(&one, &two, 0, EACH).await;
    let folder = ours.kill();
    drop((one, silent));
    let _way = Cutter::start_at(way, theirs.ready().address("s2s"));
    let ours = Server::start_in(folder);
    for expected in 0..EACH {
        assert_eq!(next(&mut two).await, (0, expected, true));
    }
    // What has arrived is not sent again.
    let (_, folder) = ours.stop();
    let ours = Server::start_in(folder);
    let one = sender(&ours).await;
    send(&one, &two, 1, 1).await;
    assert_eq!(next(&mut two).await, (1, 0, false));
}

#[tokio::test]
async fn what_was_taken_before_a_kill_under_load_gets_there_in_order() {
    let authority = Authority::new();
    let (own, other) = (authority.sign(&[OURS]), authority.sign(&[THEIRS]));
    let way = free_port();
    let mut ours = serve(OURS, &authority, &own, "certificate", (THEIRS, way));
    let theirs = serve(THEIRS, &authority, &other, "certificate", (OURS, free_port()));
    let _way = Cutter::start_at(way, theirs.ready().address("s2s"));
    let mut two = log_in(&format!("user1@{THEIRS}"), theirs.c2s()).await;
    for round in 0..ROUNDS {
        let taken = 20 + 47 * round;
        let one = sender(&ours).await;
        send(&one, &two, round, taken).await;
        let folder = ours.kill();
        drop(one);
        ours = Server::start_in(folder);
        // Some may come twice, as nobody knows whether they had come; of the round before, some that were not known to be taken.
        let mut expected = 0;
        while expected < taken {
            let (of, number, _) = next(&mut two).await;
            if of == round {
                assert!(number <= expected, "{expected} did not come before {number}");
                expected = expected.max(number + 1);
            } else {
                assert!(of < round && expected == 0, "{of} {number} came in round {round}");
            }
        }
    }
}
