//! Two Stonechats, and between them a network that breaks.

#![allow(clippy::print_stderr, reason = "what the servers have said belongs to the failure")]

use crate::client;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::client::Online;
use crate::support::{OURS, THEIRS, log_in, routed, settings, start};
use stonechat_client::Event;
use stonechat_stanza::{Kind, message, ns};
use stonechat_tests::{Authority, Cutter, Server, free_port};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// In each direction.
const CUTS: usize = 100;
/// From each user of one server to each of the other: 10 000 messages in each direction, or more until all cuts are made.
const EACH: usize = 2_500;
/// So many messages are under way from one user to another at most.
const WINDOW: usize = 50;
/// TLS and the negotiation are some 8 KB, so that about a quarter of the cuts are in the middle of them.
const BYTES: u64 = 36_000;

/// Two servers, each of which reaches the other over a network that is cut at random bytes.
struct Pair {
    _authority: Authority,
    servers: [Server; 2],
    cutters: [Arc<Cutter>; 2],
}

impl Pair {
    fn start(cuts: usize, bidi: bool) -> Self {
        let authority = Authority::new();
        let (own, other) = (authority.sign(&[OURS]), authority.sign(&[THEIRS]));
        let (to_theirs, to_ours) = (free_port(), free_port());
        let serve = |domain, identity, other, port| {
            let settings = settings(domain, &authority, identity, "certificate");
            let settings = settings.set("federation.bidi", bidi);
            start(&routed(settings, other, port, "s2s"), domain)
        };
        let ours = serve(OURS, &own, THEIRS, to_theirs);
        let theirs = serve(THEIRS, &other, OURS, to_ours);
        let cutters = [(to_theirs, &theirs, 0x5eed), (to_ours, &ours, 0xfeed)].map(|(port, server, seed)| {
            Arc::new(Cutter::cutting_at(port, server.ready().address("s2s"), cuts, BYTES, seed))
        });
        Self { _authority: authority, servers: [ours, theirs], cutters }
    }

    async fn users(&self, server: usize) -> [Online; 2] {
        let (domain, at) = ([OURS, THEIRS][server], self.servers[server].c2s());
        [log_in(&format!("user1@{domain}"), at).await, log_in(&format!("user2@{domain}"), at).await]
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let [ours, theirs] = &self.servers;
            eprintln!("{}\n{}", ours.process().transcript(), theirs.process().transcript());
        }
    }
}

/// Room for what is under way between two addresses, by both.
type Windows = Arc<HashMap<(String, String), Semaphore>>;

/// Sends numbered messages to these addresses in turn, until there were as many cuts of the connections that carry them as there are to be; says
/// how many to each.
async fn send(
    client: stonechat_client::Client,
    from: String,
    to: [String; 2],
    windows: Windows,
    cutters: Vec<Arc<Cutter>>,
) -> usize {
    let mut number = 0;
    while number < EACH || cutters.iter().map(|cutter| cutter.cuts()).sum::<usize>() < CUTS {
        for to in &to {
            windows[&(from.clone(), to.clone())].acquire().await.unwrap().forget();
            client.send(client::message(to, &number.to_string())).await.unwrap();
        }
        number += 1;
    }
    number
}

/// Expects numbered messages, from each address each once and in order, until it was quiet for a while; says how many from each.
async fn receive(mut online: Online, windows: Windows) -> HashMap<String, usize> {
    let to = online.jid.to_string();
    let mut expected: HashMap<String, usize> = HashMap::new();
    while let Ok(Some(event)) = timeout(Duration::from_secs(10), online.events.next()).await {
        let Event::Stanza(inbound) = event else { continue };
        let Some(body) = inbound.stanza.find(ns::CLIENT, "body") else { continue };
        let (stanza, from) = (&inbound.stanza, inbound.stanza.from().unwrap().to_string());
        assert_eq!(stanza.kind(), Kind::Message(message::Type::Chat), "{stanza}");
        let next = expected.entry(from.clone()).or_default();
        assert_eq!(body.element().unwrap().text(), next.to_string(), "from {from} to {to}");
        *next += 1;
        windows[&(from, to.clone())].add_permits(1);
    }
    expected
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_link_that_is_cut_100_times_10_000_messages_arrive_once_and_in_order() {
    println!("{}", over_cuts(false).await);
}

/// Whichever of the two opens the connection that carries them both ways.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_so_they_do_where_one_connection_is_for_both_directions() {
    println!("{}", over_cuts(true).await);
}

/// Says how many cuts there were, and how many messages.
async fn over_cuts(bidi: bool) -> String {
    let pair = Pair::start(CUTS, bidi);
    let users = [pair.users(0).await, pair.users(1).await];
    let jids = users.each_ref().map(|users| users.each_ref().map(|user| user.jid.to_string()));
    let all = |from: usize| {
        let (senders, receivers) = (jids[from].clone(), jids[1 - from].clone());
        senders
            .into_iter()
            .flat_map(move |sender| receivers.clone().map(|receiver| (sender.clone(), receiver)))
    };
    let windows = all(0).chain(all(1)).map(|pair| (pair, Semaphore::new(WINDOW)));
    let windows: Windows = Arc::new(windows.collect());
    let (mut senders, mut receivers) = (Vec::new(), Vec::new());
    for (server, users) in users.into_iter().enumerate() {
        for user in users {
            let (from, to) = (user.jid.to_string(), jids[1 - server].clone());
            let cutters = if bidi { pair.cutters.to_vec() } else { vec![Arc::clone(&pair.cutters[server])] };
            senders.push(tokio::spawn(send(user.client.clone(), from, to, Arc::clone(&windows), cutters)));
            receivers.push(tokio::spawn(receive(user, Arc::clone(&windows))));
        }
    }
    let mut sent = HashMap::new();
    for (sender, from) in senders.into_iter().zip(jids.iter().flatten()) {
        let many = timeout(Duration::from_secs(300), sender).await;
        let cuts = pair.cutters.each_ref().map(|cutter| cutter.cuts());
        let many = many.unwrap_or_else(|_| panic!("after {cuts:?} cuts {from} is not done"));
        sent.insert(from.clone(), many.unwrap());
    }
    for (receiver, to) in receivers.into_iter().zip(jids.iter().flatten()) {
        let received = receiver.await.unwrap();
        for (from, many) in &received {
            assert_eq!(many, &sent[from], "from {from} to {to}");
        }
        assert_eq!(received.len(), 2, "{to}");
    }
    format!("{:?} cuts, {sent:?} to each", pair.cutters.each_ref().map(|cutter| cutter.cuts()))
}
