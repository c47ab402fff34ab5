//! Fifty servers in one process, on a network in memory that breaks, with a clock that does not wait.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod peers;
mod simulation {
    pub(crate) mod network;
    pub(crate) mod people;
}

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use peers::Authority;
use simulation::network::{Network, State};
use simulation::people::{Book, Person};
use stonechat_extension::Registry;
use stonechat_server::config::{Config, Federation, Listener, Peer, Policy, Route, RouteKind, Tls};
use stonechat_server::{RunningServer, Server};
use stonechat_store::Store;
use tokio::time::sleep;

const SERVERS: usize = 50;
/// How many others each person knows.
const CONTACTS: usize = 4;
/// So many times something happens.
const ROUNDS: usize = 20;
/// Longer than any server waits before it tries again, and than a stream may take to come about.
const PATIENCE: Duration = Duration::from_secs(300);
/// Of the servers every so many have a certificate of their own making, so that dialback has to do.
const WITHOUT_AUTHORITY: usize = 5;

fn domain(number: usize) -> String {
    format!("s{number}.example")
}

fn account(number: usize) -> String {
    format!("me@{}", domain(number))
}

/// Presence, which is to converge, and a place for what comes while nobody is there.
fn extensions() -> Registry {
    let those =
        [&stonechat_xep_roster::SERVER, &stonechat_xep_presence::SERVER, &stonechat_xep_offline::SERVER];
    Registry::of(&those).unwrap()
}

struct World {
    network: Network,
    servers: Vec<Arc<RunningServer>>,
    people: Vec<Person>,
    book: Book,
}

impl World {
    async fn new(seed: u64) -> Self {
        let (network, book) = (Network::new(seed), Book::default());
        let (authority, strangers) = (Authority::new(), Authority::new());
        let (mut servers, mut people) = (Vec::new(), Vec::new());
        for number in 0..SERVERS {
            let signer = if number % WITHOUT_AUTHORITY == 0 { &strangers } else { &authority };
            let config = config(number, signer, &authority);
            let server = Server::new(config, Store::memory()).extensions(extensions());
            let server = server.connector(network.connector(&domain(number))).start().await.unwrap();
            let server = Arc::new(server);
            network.add(&domain(number), u8::try_from(number).unwrap(), &server);
            people.push(Person::new(&server.host(&domain(number)).unwrap(), &book).await);
            servers.push(server);
        }
        let mut world = Self { network, servers, people, book };
        world.introduce();
        world
    }

    /// Who knows whom: both know each other.
    fn introduce(&mut self) {
        for one in 0..SERVERS {
            for _ in 0..CONTACTS / 2 {
                let other = (one + 1 + self.network.random(SERVERS - 1)) % SERVERS;
                self.people[one].contacts.insert(account(other));
                self.people[other].contacts.insert(account(one));
            }
        }
    }

    /// Something happens: people come, go, say something; wires break under it, servers lose each other or find each other again.
    async fn round(&mut self) {
        for at in 0..SERVERS {
            self.acts(at).await;
        }
        sleep(Duration::from_millis(self.network.random(400) as u64)).await;
        self.breaks();
        sleep(Duration::from_millis(self.network.random(5000) as u64)).await;
    }

    async fn acts(&mut self, at: usize) {
        let contact = self.contact(at);
        let (network, person) = (&self.network, &mut self.people[at]);
        match network.random(12) {
            0 if person.waits_for_nothing() => person.log_in().await,
            1 if person.waits_for_nothing() => person.log_out().await,
            2 => person.shows(&format!("status {}", network.random(1000))).await,
            3 => person.subscribes(&contact).await,
            _ if person.is_online() => person.writes(&contact).await,
            _ => {}
        }
    }

    fn breaks(&self) {
        for _ in 0..self.network.random(10) {
            self.network.cut_one();
        }
        for _ in 0..self.network.random(20) {
            let one = self.network.random(SERVERS);
            let (one, other) = (domain(one), domain_of(&self.contact(one)).to_owned());
            let how = if self.network.random(2) == 0 { State::Silent } else { State::Cut };
            self.network.part(&one, &other, how);
        }
        for (one, other) in self.network.parted() {
            if self.network.random(4) == 0 {
                self.network.heal(&one, &other);
            }
        }
    }

    /// Somebody whom this one knows.
    fn contact(&self, at: usize) -> String {
        let contacts = &self.people[at].contacts;
        let which = self.network.random(contacts.len());
        contacts.iter().nth(which).cloned().unwrap_or_default()
    }

    /// Everybody is there, and sees everybody whom they know.
    async fn converge(&mut self) {
        for (one, other) in self.network.parted() {
            self.network.heal(&one, &other);
        }
        sleep(PATIENCE).await;
        // Twice: what was lost of a request is sent again at a login (RFC 6121 §3.1.2), and what comes of it is there at the next.
        for _ in 0..2 {
            for person in &mut self.people {
                person.log_in().await;
                for contact in person.contacts.clone() {
                    person.subscribes(&contact).await;
                }
            }
            sleep(PATIENCE).await;
        }
    }

    fn statuses(&self) -> BTreeMap<String, Vec<String>> {
        let status = |person: &Person| person.is_online().then(|| person.status.clone());
        self.people
            .iter()
            .map(|person| (person.jid.to_string(), status(person).into_iter().collect()))
            .collect()
    }

    /// RFC 6121 §4: everybody sees of everybody else what is so.
    fn check_presence(&self) {
        let statuses = self.statuses();
        for person in self.people.iter().filter(|person| person.is_online()) {
            for contact in &person.contacts {
                assert_eq!(person.sees(contact), statuses[contact], "what {} sees of {contact}", person.jid);
            }
        }
    }

    /// Each message arrives, or comes back; never both, never twice, and none is lost, whatever broke under it. How many of each.
    fn check_messages(&self) -> [usize; 2] {
        let mut counts = [0; 2];
        for (id, fate) in self.book.lock().iter() {
            let what = match (fate.arrived, fate.bounced) {
                (1, 0) => 0,
                (0, 1) => 1,
                _ => panic!("{id} to {}: {fate:?}", fate.to),
            };
            counts[what] += 1;
        }
        counts
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_servers_agree_when_the_network_is_whole_again() {
    let mut world = World::new(0x5eed_0f57_04ec_4a75).await;
    // So that something is there to be lost.
    for at in 0..SERVERS {
        world.people[at].log_in().await;
        for contact in world.people[at].contacts.clone() {
            world.people[at].subscribes(&contact).await;
        }
    }
    for _ in 0..ROUNDS {
        world.round().await;
    }
    world.converge().await;
    world.check_presence();

    // Nobody answers errors with errors, or anything else for ever.
    let before = world.network.moved();
    sleep(PATIENCE).await;
    assert_eq!(world.network.moved(), before, "something goes round");

    for at in 0..SERVERS {
        for contact in world.people[at].contacts.clone() {
            world.people[at].writes(&contact).await;
        }
        // Some go, which the others have to see.
        if at % 7 == 0 {
            world.people[at].shows("about to go").await;
        }
    }
    sleep(PATIENCE).await;
    let [arrived, bounced] = world.check_messages();
    for at in (0..SERVERS).step_by(7) {
        world.people[at].log_out().await;
    }
    sleep(PATIENCE).await;
    world.check_presence();
    // Both have happened, or the network was not what this is about.
    assert!(arrived > 300 && bounced > 20, "{arrived} arrived, {bounced} bounced");
    assert!(world.servers.iter().all(|server| server.federation().iter().all(|pair| pair.waiting == 0)));
}

fn domain_of(account: &str) -> &str {
    account.split_once('@').unwrap().1
}

fn config(number: usize, signer: &Authority, believed: &Authority) -> Config {
    let others = (0..SERVERS).filter(|other| *other != number);
    let peers = others.map(|other| {
        let route = Route { host: domain(other), port: 5269, kind: RouteKind::S2s };
        (domain(other), Peer { policy: None, route: Some(route) })
    });
    let mut config = Config {
        listeners: vec![Listener::s2s("127.0.0.1:0".parse().unwrap())],
        tls: Tls::with(signer.sign(&domain(number))),
        federation: Federation {
            policy: Policy::Dialback,
            authorities: Some(believed.certificate()),
            connect: Duration::from_secs(10),
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_secs(20),
            peers: peers.collect(),
            // Nothing but what is wanted moves while it is watched.
            idle: Duration::from_secs(24 * 3600),
            ..Federation::default()
        },
        ..Config::for_host(&domain(number))
    };
    config.authentication.iterations = 4096;
    config
}
