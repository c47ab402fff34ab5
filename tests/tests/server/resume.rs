//! Sessions that are resumed (XEP-0198 §5), over connections that are cut and through a server that is killed.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustls::ClientConfig;
use stonechat_tests::{Raw, Server, Settings, trusting};

const KILLS: usize = 50;
/// No further kill after this.
const BUDGET: Duration = Duration::from_secs(120);
/// Messages that are sent before the client waits for an acknowledgement.
const BURST: usize = 8;

/// Where the server is, while it is.
#[derive(Default)]
struct Place(Mutex<Option<(SocketAddr, ClientConfig)>>);

impl Place {
    fn set(&self, server: Option<&Server>) {
        let place = server.map(|server| {
            (server.ready().address("c2s-direct-tls"), trusting(&server.certificate("localhost")))
        });
        *self.0.lock().unwrap() = place;
    }

    /// Logs in as soon as there is a server that takes the login.
    fn authenticated(&self, user: &str) -> Raw {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let place = self.0.lock().unwrap().clone();
            if let Some((address, trust)) = place
                && let Some(raw) = Raw::try_authenticated(address, trust, user)
            {
                return raw;
            }
            assert!(Instant::now() < deadline, "there is no server to log in to");
            std::thread::yield_now();
        }
    }
}

/// What the two clients and the one who kills the server know of each other.
#[derive(Default)]
struct Shared {
    place: Place,
    /// How many messages of each client were acknowledged.
    acknowledged: [AtomicUsize; 2],
    /// How many each has sent, when it sends no more.
    total: [Mutex<Option<usize>>; 2],
    enough: AtomicBool,
    cuts: AtomicUsize,
    resumed: AtomicUsize,
}

/// A client that counts as XEP-0198 has it, and never gives up its session.
struct Client<'a> {
    shared: &'a Shared,
    me: usize,
    raw: Raw,
    id: String,
    /// How many stanzas it was sent.
    handled: usize,
    /// What the server has not acknowledged, and how many it has.
    unacknowledged: VecDeque<usize>,
    acknowledged: usize,
    sent: usize,
    received: Vec<usize>,
    random: u64,
    /// After so many elements the connection is cut.
    left: u64,
}

impl<'a> Client<'a> {
    fn new(shared: &'a Shared, server: &Server, me: usize) -> Self {
        let mut raw = Raw::login(server, &format!("user{}", me + 1), "there");
        raw.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        let enabled = raw.next_whole().expect("an answer");
        let id = attribute(&enabled, "id").unwrap_or_else(|| panic!("{enabled}"));
        Self {
            shared,
            me,
            raw,
            id,
            handled: 0,
            unacknowledged: VecDeque::new(),
            acknowledged: 0,
            sent: 0,
            received: Vec::new(),
            random: 0x9e37_79b9_7f4a_7c15 ^ (me as u64 + 1),
            left: 100,
        }
    }

    fn chance(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn message(&self, number: usize) -> String {
        let to = 2 - self.me;
        format!(
            "<message type='chat' to='user{to}@localhost/there' id='m{number}'><body>{number}</body></message>"
        )
    }

    /// Sends until the other has all, and has got all that the other has sent; all numbers that came, in order.
    fn run(mut self) -> Vec<usize> {
        loop {
            if self.turn().is_none() {
                self.resume();
            }
            if self.is_done() {
                return self.received;
            }
        }
    }

    fn is_done(&self) -> bool {
        let own = *self.shared.total[self.me].lock().unwrap();
        let others = *self.shared.total[1 - self.me].lock().unwrap();
        own.is_some()
            && self.unacknowledged.is_empty()
            && others.is_some_and(|all| self.received.len() >= all)
    }

    /// Sends a few messages, and takes what comes until they are acknowledged. `None` when the connection is over.
    fn turn(&mut self) -> Option<()> {
        if self.shared.enough.load(Ordering::Acquire) {
            self.shared.total[self.me].lock().unwrap().get_or_insert(self.sent);
        } else {
            let burst: Vec<usize> = (self.sent..self.sent + BURST).collect();
            self.sent += BURST;
            self.unacknowledged.extend(&burst);
            let text: String = burst.iter().map(|number| self.message(*number)).collect();
            self.raw.try_send(text).ok()?;
        }
        self.raw.try_send("<r xmlns='urn:xmpp:sm:3'/>").ok()?;
        while !self.take()? {}
        Some(())
    }

    /// Takes one element; whether it was an acknowledgement.
    fn take(&mut self) -> Option<bool> {
        let element = self.raw.next_whole()?;
        self.left -= 1;
        if self.left == 0 {
            self.left = 20 + self.chance(200);
            self.shared.cuts.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        if element.starts_with("<message") {
            assert!(!element.contains("type='error'"), "{element}");
            let body = element.split_once("<body>").and_then(|(_, rest)| rest.split_once("</body>"));
            self.received.push(body.unwrap_or_else(|| panic!("{element}")).0.parse().unwrap());
            self.handled += 1;
            return Some(false);
        }
        if element.starts_with("<r ") {
            self.raw.try_send(format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", self.handled)).ok()?;
            return Some(false);
        }
        if element.starts_with("<a ") {
            self.acknowledge(&element);
            return Some(true);
        }
        assert!(element.starts_with("<stream:error") || element.starts_with("</stream"), "{element}");
        None
    }

    fn acknowledge(&mut self, element: &str) {
        let h: usize =
            attribute(element, "h").and_then(|h| h.parse().ok()).unwrap_or_else(|| panic!("{element}"));
        assert!(h >= self.acknowledged, "{element} after {}", self.acknowledged);
        for _ in self.acknowledged..h {
            self.unacknowledged.pop_front().unwrap_or_else(|| panic!("{element} is too high"));
        }
        self.acknowledged = h;
        self.shared.acknowledged[self.me].store(h, Ordering::Relaxed);
    }

    /// Goes on with the session on another connection, and sends again what was not acknowledged.
    fn resume(&mut self) {
        loop {
            // However many it has got: what it did not look at it has not got.
            self.raw = self.shared.place.authenticated(&format!("user{}", self.me + 1));
            self.raw
                .send(format!("<resume xmlns='urn:xmpp:sm:3' h='{}' previd='{}'/>", self.handled, self.id));
            let Some(answer) = self.raw.next_whole() else { continue };
            assert!(answer.starts_with("<resumed"), "the session is lost: {answer}");
            self.shared.resumed.fetch_add(1, Ordering::Relaxed);
            self.acknowledge(&answer);
            let again: String = self.unacknowledged.iter().map(|number| self.message(*number)).collect();
            if self.raw.try_send(again).is_ok() {
                return;
            }
        }
    }
}

fn attribute(element: &str, name: &str) -> Option<String> {
    let (_, rest) = element.split_once(&format!(" {name}='"))?;
    rest.split_once('\'').map(|(value, _)| value.to_owned())
}

/// Kills the server whenever some more messages were acknowledged, and starts it again.
fn kill_again_and_again(mut server: Server, shared: &Shared) -> (Server, usize) {
    let start = Instant::now();
    let done = || shared.acknowledged.iter().map(|n| n.load(Ordering::Relaxed)).sum::<usize>();
    let mut kills = 0;
    for number in 0..KILLS {
        if start.elapsed() > BUDGET {
            break;
        }
        let target = done() + 20 + (number * 137) % 400;
        let deadline = Instant::now() + Duration::from_secs(60);
        while done() < target {
            assert!(Instant::now() < deadline, "nothing goes on: {} of {target}", done());
            std::thread::sleep(Duration::from_millis(1));
        }
        server.process().signal(Signal::KILL);
        shared.place.set(None);
        server = Server::start_in(server.kill());
        shared.place.set(Some(&server));
        kills += 1;
    }
    shared.enough.store(true, Ordering::Release);
    (server, kills)
}

#[test]
fn two_clients_that_resume_get_every_message_once_and_in_order_though_the_server_is_killed_and_connections_are_cut()
 {
    let server = Settings::new().start_with_users(2);
    let shared = Shared::default();
    shared.place.set(Some(&server));
    let both = Barrier::new(2);
    let clients = [Client::new(&shared, &server, 0), Client::new(&shared, &server, 1)];
    let (received, (server, kills)) = std::thread::scope(|scope| {
        let running = clients.map(|client| {
            let both = &both;
            scope.spawn(move || {
                both.wait();
                client.run()
            })
        });
        let killed = kill_again_and_again(server, &shared);
        (running.map(|client| client.join().expect("a client does not panic")), killed)
    });
    drop(server);
    for (me, received) in received.iter().enumerate() {
        let sent = shared.total[1 - me].lock().unwrap().expect("it has ended");
        let expected: Vec<usize> = (0..sent).collect();
        assert_eq!(*received, expected, "what client {me} got");
    }
    let all: usize = received.iter().map(Vec::len).sum();
    let (cuts, resumed) = (shared.cuts.load(Ordering::Relaxed), shared.resumed.load(Ordering::Relaxed));
    println!(
        "{all} messages, {kills} kills, {cuts} cuts, {resumed} times resumed: each message once, in order"
    );
    assert!(kills >= 10 && cuts > 0, "this machine is too slow for it: {kills} kills");
}
