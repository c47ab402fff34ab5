//! What a sender knows to be taken survives `kill -9`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use stonechat_tests::{Raw, Server, Settings};

const ROUNDS: usize = 8;
const SENDERS: usize = 4;
/// Messages and pings that a sender has under way at the same time.
const WINDOW: usize = 16;
/// No new round begins after this.
const BUDGET: Duration = Duration::from_secs(45);

/// Recipients have accounts, and are never online while messages are sent to them.
fn recipient(sender: usize) -> usize {
    SENDERS + 1 + sender % 2
}

/// Sends numbered messages, each followed by a ping, until the connection breaks; how many pings were answered. As the
/// server takes stanzas in order, so many messages are taken.
fn send_until_the_end(mut raw: Raw, round: usize, sender: usize, all: &AtomicUsize) -> usize {
    let to = recipient(sender);
    let (mut sent, mut answered) = (0, 0);
    loop {
        while sent < answered + WINDOW {
            let body = format!("{round} {sender} {sent}");
            let sending = raw.try_send(format!(
                "<message type='chat' to='user{to}@localhost' id='m{sent}'><body>{body}</body></message>\
                 <iq type='get' to='localhost' id='p{sent}'><ping xmlns='urn:xmpp:ping'/></iq>"
            ));
            if sending.is_err() {
                return answered;
            }
            sent += 1;
        }
        // Pings are answered one by one; anything else would be an error, which is not looked for in vain.
        let Some(answer) = raw.next_element() else { return answered };
        assert!(answer.contains("result") && answer.contains(&format!("p{answered}")), "{answer}");
        answered += 1;
        all.fetch_add(1, Ordering::Relaxed);
    }
}

/// Kills the server in the middle of it all; the folder that is left, and how many messages of each sender were taken.
fn round(server: Server, round: usize) -> (stonechat_tests::TempDir, Vec<usize>) {
    let clients: Vec<Raw> =
        (0..SENDERS).map(|sender| Raw::login(&server, &format!("user{}", sender + 1), "sender")).collect();
    let all = AtomicUsize::new(0);
    // Not at the same point each time.
    let enough = 100 + 47 * round;
    std::thread::scope(|scope| {
        let senders = clients.into_iter().enumerate().map(|(sender, raw)| {
            let all = &all;
            scope.spawn(move || send_until_the_end(raw, round, sender, all))
        });
        let senders: Vec<_> = senders.collect();
        let deadline = Instant::now() + Duration::from_secs(60);
        while all.load(Ordering::Relaxed) < enough {
            assert!(Instant::now() < deadline, "too slow: {all:?} of {enough}");
            assert!(senders.iter().all(|sender| !sender.is_finished()), "a sender gave up before the end");
            std::thread::yield_now();
        }
        server.process().signal(Signal::KILL);
        let taken =
            senders.into_iter().map(|sender| sender.join().expect("a sender does not panic")).collect();
        (server.kill(), taken)
    })
}

/// All bodies that wait for an account, in order. They are delivered then, and gone.
fn waiting(server: &Server, user: &str) -> Vec<String> {
    let mut raw = Raw::login(server, user, "recipient");
    raw.send("<presence/>");
    let mut text = raw.ping("after-presence");
    text.push_str(&raw.ping("fence"));
    let bodies =
        text.split("<body>").skip(1).map(|rest| rest.split("</body>").next().unwrap_or_default().to_owned());
    let bodies = bodies.collect();
    raw.send("</stream:stream>");
    raw.rest();
    bodies
}

#[test]
fn every_message_that_was_confirmed_before_a_kill_is_there_once_and_in_order() {
    let start = Instant::now();
    let settings =
        Settings::new().set("extensions.offline.max-messages", 100_000).set("limits.mailbox_bytes", 16 << 20);
    let mut server = settings.start_with_users(SENDERS + 2);
    let mut rounds = 0;
    for number in 0..ROUNDS {
        if start.elapsed() > BUDGET && number > 2 {
            break;
        }
        let (folder, taken) = round(server, number);
        server = Server::start_in(folder);
        let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for user in [SENDERS + 1, SENDERS + 2] {
            for body in waiting(&server, &format!("user{user}")) {
                let words: Vec<usize> = body.split(' ').map(|word| word.parse().unwrap()).collect();
                assert_eq!(words[0], number, "{body} was delivered before");
                assert_eq!(recipient(words[1]), user, "{body}");
                found.entry(words[1]).or_default().push(words[2]);
            }
        }
        for (sender, taken) in taken.iter().enumerate() {
            let found = found.remove(&sender).unwrap_or_default();
            // Some whose confirmation was lost may be there too, but not one without those before it.
            let expected: Vec<usize> = (0..found.len()).collect();
            assert_eq!(found, expected, "round {number}, sender {sender}");
            assert!(found.len() >= *taken, "round {number}, sender {sender}: {} of {taken}", found.len());
        }
        rounds += 1;
    }
    assert!(rounds > 2, "this machine is too slow for it");
}
