//! Broken connections: nothing is lost, nothing comes twice, the order stays.

use std::time::Duration;

use proptest::prelude::*;
use stonechat_stream::StreamError;

use super::*;

#[derive(Debug, Clone)]
enum Act {
    ClientSends,
    ServerSends,
    Flow(usize, usize),
    Cut,
    Time(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::ClientSends),
        3 => Just(Act::ServerSends),
        8 => (0..400_usize, 0..400_usize).prop_map(|(there, back)| Act::Flow(there, back)),
        1 => Just(Act::Cut),
        1 => (0..5000_u64).prop_map(Act::Time),
    ]
}

fn numbers(count: u64) -> Vec<String> {
    (0..count).map(|id| id.to_string()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Wherever the bytes are cut, whenever the connection breaks.
    #[test]
    fn every_message_arrives_once_and_in_order_whatever_is_cut(acts in prop::collection::vec(act(), 0..150)) {
        let mut world = World::new(config());
        let (mut sent, mut answered) = (0, 0);
        world.settle();
        for act in acts {
            match act {
                Act::ClientSends => {
                    world.send(sent);
                    sent += 1;
                }
                Act::ServerSends => answered += u64::from(world.peer.send(answered)),
                Act::Flow(there, back) => {
                    world.flow(there, back);
                }
                Act::Cut => world.cut(),
                Act::Time(millis) => world.advance(Duration::from_millis(millis)),
            }
        }
        world.settle();
        prop_assert_eq!(&world.peer.received, &numbers(sent));
        prop_assert_eq!(&world.received, &numbers(answered));
        prop_assert_eq!(world.fates.len() as u64, sent);
        for fates in world.fates.values() {
            prop_assert_eq!(fates.last(), Some(&Fate::Acknowledged));
            prop_assert_eq!(fates.iter().filter(|fate| **fate == Fate::Acknowledged).count(), 1);
        }
        prop_assert!(world.online[1..].iter().all(|resumed| *resumed), "{:?}", world.online);
    }
}

#[test]
fn what_is_sent_without_a_connection_waits_for_the_next() {
    let mut world = World::new(config());
    world.settle();
    world.reachable = false;
    world.cut();
    let ticket = world.send(0);
    world.advance(Duration::from_secs(10));
    assert!(matches!(world.offline.last(), Some(Error::Network(_))) && world.fate(ticket).is_none());
    world.reachable = true;
    world.settle();
    assert_eq!((world.fate(ticket), world.online.as_slice()), (Some(Fate::Acknowledged), &[false, true][..]));
}

#[test]
fn an_element_that_is_no_stanza_belongs_to_its_stream() {
    let element = "<inactive xmlns='urn:xmpp:csi:0'/>".parse().unwrap();
    let mut world = World::new(config());
    assert!(!world.machine.send_element(&element));
    world.settle();
    assert!(world.machine.send_element(&element));
    let ticket = world.send(0);
    world.settle();
    assert_eq!(
        (world.peer.elements.as_slice(), world.fate(ticket)),
        (&["inactive".to_owned()][..], Some(Fate::Acknowledged))
    );
    assert!(world.machine.send_element(&element));
    world.cut();
    assert!(!world.machine.send_element(&element));
    world.settle();
    assert_eq!((world.peer.elements.len(), world.online.as_slice()), (1, &[false, true][..]));
}

#[test]
fn who_sends_many_such_elements_has_to_wait_until_they_are_written() {
    let element = "<inactive xmlns='urn:xmpp:csi:0'/>".parse().unwrap();
    let mut world = World::new(config());
    world.settle();
    while world.machine.has_room() {
        assert!(world.machine.send_element(&element));
    }
    world.send(0);
    world.settle();
    assert!(world.machine.has_room() && world.peer.elements.len() > 100);
}

#[test]
fn when_the_session_is_lost_what_was_not_acknowledged_is_reported() {
    let mut world = World::new(config());
    world.settle();
    let known = world.send(0);
    world.settle();
    let unknown = world.send(1);
    world.peer.forgets = true;
    world.cut();
    let later = world.send(2);
    world.settle();
    let fates = [known, unknown, later].map(|ticket| world.fate(ticket).unwrap());
    assert_eq!(fates, [Fate::Acknowledged, Fate::Unknown, Fate::Acknowledged]);
    assert_eq!(world.peer.received, ["0", "2"]);
    assert_eq!(world.online, [false, false]);
}

#[test]
fn or_messages_are_sent_again_where_the_policy_says_so() {
    let mut world = World::new(Config { unacknowledged: Unacknowledged::ResendMessages, ..config() });
    world.settle();
    let ticket = world.send(0);
    world.peer.forgets = true;
    world.cut();
    world.settle();
    assert_eq!(
        (world.fate(ticket), world.peer.received.as_slice()),
        (Some(Fate::Acknowledged), &["0".to_owned()][..])
    );
}

#[test]
fn without_stream_management_stanzas_are_sent_and_no_more_is_known() {
    let mut world = World::new(config());
    world.peer.manages = false;
    world.settle();
    let ticket = world.send(0);
    world.settle();
    assert_eq!((world.fate(ticket), world.peer.received.len()), (Some(Fate::Sent), 1));
    world.cut();
    world.settle();
    assert_eq!(world.online, [false, false]);
}

#[test]
fn a_server_that_vanishes_is_noticed_and_the_session_goes_on_elsewhere() {
    for manages in [true, false] {
        let mut world = World::new(config());
        world.peer.manages = manages;
        world.settle();
        world.vanish();
        world.advance(Duration::from_secs(60));
        world.advance(Duration::from_secs(19));
        assert!(world.offline.is_empty());
        world.advance(Duration::from_secs(1));
        assert!(matches!(world.offline[..], [Error::Silent]));
        world.settle();
        assert_eq!(world.online, [false, manages]);
    }
}

#[test]
fn a_server_that_is_there_answers_and_nothing_ends() {
    for manages in [true, false] {
        let mut world = World::new(config());
        world.peer.manages = manages;
        world.settle();
        for _ in 0..20 {
            world.advance(Duration::from_secs(60));
            world.settle();
        }
        assert!(world.offline.is_empty() && world.received.is_empty());
    }
}

#[test]
fn a_change_of_the_network_tests_a_connection_and_ends_waiting() {
    let mut world = World::new(config());
    world.settle();
    world.network_changed();
    world.settle();
    world.advance(Duration::from_secs(5));
    assert!(world.offline.is_empty(), "the server has answered");
    world.vanish();
    world.network_changed();
    world.advance(Duration::from_secs(5));
    assert!(matches!(world.offline[..], [Error::Silent]));
    world.network_changed();
    world.flow(usize::MAX, usize::MAX);
    for _ in 0..50 {
        world.flow(usize::MAX, usize::MAX);
    }
    assert_eq!(world.online, [false, true], "without any time passing");
}

#[test]
fn a_server_that_acknowledges_what_was_not_sent_is_left() {
    let mut world = World::new(config());
    world.settle();
    world.peer.write("<a xmlns='urn:xmpp:sm:3' h='7'/>");
    world.flow(0, usize::MAX);
    assert!(matches!(world.offline[..], [Error::Protocol(_)]));
}

#[test]
fn who_is_replaced_by_another_client_does_not_come_back() {
    let mut world = World::new(config());
    world.settle();
    let mut error = Vec::new();
    stonechat_stream::codec::Framing::Tcp.write_element(&StreamError::conflict().to_element(), &mut error);
    world.peer.write(std::str::from_utf8(&error).unwrap());
    world.flow(0, usize::MAX);
    assert!(matches!(world.closed, Some(Some(Error::Stream(_)))));
}

#[test]
fn closing_sends_all_and_ends_when_the_server_has_said_so() {
    let mut world = World::new(config());
    world.settle();
    let tickets = [world.send(0), world.send(1)];
    world.close();
    assert!(world.closed.is_none());
    for _ in 0..10 {
        world.flow(usize::MAX, usize::MAX);
    }
    assert!(matches!(world.closed, Some(None)));
    assert_eq!(world.peer.received, ["0", "1"]);
    assert!(tickets.iter().all(|ticket| world.fate(*ticket) == Some(Fate::Acknowledged)));
}

#[test]
fn closing_does_not_wait_for_ever() {
    let mut world = World::new(config());
    world.settle();
    world.vanish();
    let ticket = world.send(0);
    world.close();
    world.advance(Duration::from_secs(5));
    world.advance(Duration::from_secs(5));
    assert!(matches!(world.closed, Some(None)));
    assert_eq!(world.fate(ticket), Some(Fate::Unknown));
    assert_eq!(
        world.machine.send(&stonechat_stanza::Stanza::message(stonechat_stanza::message::Type::Chat)),
        Err(QueueError::Closed)
    );
}

#[test]
fn without_the_wish_to_reconnect_the_first_break_is_the_end() {
    let mut world = World::new(Config { reconnect: None, ..config() });
    world.settle();
    let ticket = world.send(0);
    world.cut();
    assert!(matches!(world.closed, Some(Some(Error::Network(_)))));
    assert_eq!(world.fate(ticket), Some(Fate::Unknown));
}
