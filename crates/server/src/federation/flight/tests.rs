use proptest::prelude::*;
use stonechat_stanza::message;

use super::*;

fn parcel(id: u32) -> Parcel {
    let stanza = Stanza::message(message::Type::Chat).with_id(&id.to_string());
    Parcel { stanza, entry: id.to_string().into() }
}

fn numbers(parcels: impl IntoIterator<Item = Parcel>) -> Vec<u32> {
    parcels.into_iter().map(|parcel| number(&parcel.stanza)).collect()
}

fn number(stanza: &Stanza) -> u32 {
    stanza.id().unwrap().parse().unwrap()
}

fn anew() -> Established {
    Established { counting: Counting::Anew { id: Some("id".to_owned()) }, handled_before: None }
}

/// Writes these, after those that are written again; gives the numbers of all.
fn write(flight: &mut Flight, new: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut new = new.into_iter();
    let mut all = Vec::new();
    while let Some(stanza) = flight.next(|| new.next().map(parcel)) {
        all.push(number(stanza));
        flight.note_written(10);
    }
    all
}

#[test]
fn what_is_acknowledged_is_forgotten_and_its_room_is_free() {
    let mut flight = Flight::default();
    flight.begin(&anew()).unwrap();
    assert_eq!(write(&mut flight, 0..5), [0, 1, 2, 3, 4]);
    assert!(flight.settle(0).is_empty(), "written is not arrived");
    assert_eq!(numbers(flight.acknowledge(3).unwrap()), [0, 1, 2]);
    assert!(flight.acknowledge(3).unwrap().is_empty());
    assert_eq!(flight.acknowledge(6).unwrap_err(), TooHigh { handled: 6, sent: 5 });
    let backwards = flight.acknowledge(2).unwrap_err();
    assert_eq!(backwards, TooHigh { handled: 2, sent: 5 }, "it does not count backwards");
    assert_eq!(numbers(flight.into_parcels()), [3, 4]);
}

#[test]
fn a_count_goes_round() {
    let mut flight = Flight::default();
    flight.begin(&anew()).unwrap();
    flight.count.as_mut().unwrap().acked = u32::MAX - 1;
    write(&mut flight, 0..4);
    flight.acknowledge(1).unwrap();
    assert_eq!(flight.parcels.len(), 1);
}

#[test]
fn a_stream_that_goes_on_gets_what_was_not_handled_first() {
    let mut flight = Flight::default();
    flight.begin(&anew()).unwrap();
    write(&mut flight, 0..5);
    assert_eq!(flight.management(7), Management::Resume { id: "id".to_owned(), handled: 7 });
    assert_eq!(flight.needs(), Needs::Stream("id"));
    let resumed = |handled| Established { counting: Counting::Resumed { handled }, handled_before: None };
    flight.begin(&resumed(2)).unwrap();
    // It breaks again before all of that is written; and more may have come than is acknowledged.
    flight.next(|| None).unwrap();
    flight.note_written(10);
    flight.begin(&resumed(4)).unwrap();
    assert_eq!(write(&mut flight, 5..7), [4, 5, 6]);
    flight.acknowledge(7).unwrap();
    assert!(flight.is_empty());
}

#[test]
fn a_stream_that_does_not_go_on_gets_what_was_not_handled_as_far_as_that_is_told() {
    for (handled_before, expected) in [(Some(2), [2, 3, 4].as_slice()), (None, &[0, 1, 2, 3, 4])] {
        for counting in [anew().counting, Counting::Off] {
            let mut flight = Flight::default();
            flight.begin(&anew()).unwrap();
            write(&mut flight, 0..5);
            flight.begin(&Established { counting, handled_before }).unwrap();
            assert_eq!(write(&mut flight, []), expected);
        }
    }
}

#[test]
fn who_goes_on_further_than_it_can_be_is_not_believed() {
    let mut flight = Flight::default();
    flight.begin(&anew()).unwrap();
    write(&mut flight, 0..2);
    let resumed = Established { counting: Counting::Resumed { handled: 3 }, handled_before: None };
    assert_eq!(flight.begin(&resumed).unwrap_err(), TooHigh { handled: 3, sent: 2 });
    flight.lose_count();
    assert_eq!(flight.management(0), Management::Enable, "the next stream is another");
    flight.begin(&anew()).unwrap();
    assert_eq!(write(&mut flight, []), [0, 1]);
}

#[test]
fn where_nothing_is_counted_what_is_written_has_arrived() {
    let mut flight = Flight::default();
    flight.begin(&Established::default()).unwrap();
    write(&mut flight, 0..4);
    assert_eq!(numbers(flight.settle(15)), [0, 1]);
    flight.begin(&Established::default()).unwrap();
    assert_eq!(write(&mut flight, []), [2, 3]);
    assert_eq!(numbers(flight.settle(0)), [2, 3]);
    assert!(flight.is_empty());
}

#[test]
fn a_stream_of_the_other_server_is_joined_where_it_is() {
    let on = |id: &str, handled| reverse::Counting::On { id: Some(id.to_owned()), handled };
    let mut flight = Flight::default();
    assert_eq!(flight.needs(), Needs::Any);
    // Others were sent on it before.
    flight.join(&on("a", 7)).unwrap();
    assert_eq!(write(&mut flight, 0..5), [0, 1, 2, 3, 4]);
    assert_eq!(numbers(flight.acknowledge(8).unwrap()), [0]);
    assert_eq!(flight.needs(), Needs::Stream("a"));
    // It is resumed.
    assert_eq!(numbers(flight.join(&on("a", 10)).unwrap()), [1, 2]);
    assert_eq!(write(&mut flight, 5..6), [3, 4, 5]);
    // Nobody knows how far another was.
    assert!(flight.join(&on("b", 2)).unwrap().is_empty());
    assert_eq!(write(&mut flight, []), [3, 4, 5]);
    assert_eq!(flight.acknowledge(6).unwrap_err(), TooHigh { handled: 6, sent: 5 });
    assert_eq!(numbers(flight.acknowledge(5).unwrap()), [3, 4, 5]);
    assert_eq!(flight.needs(), Needs::Any);
    // Where nothing is counted, what is written has arrived.
    flight.join(&reverse::Counting::Off).unwrap();
    write(&mut flight, 6..7);
    assert_eq!(numbers(flight.settle(0)), [6]);
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_for_an_acknowledgement_once_at_a_time() {
    let mut flight = Flight::default();
    assert!(!flight.ask(Instant::now()));
    flight.begin(&anew()).unwrap();
    assert!(!flight.ask(Instant::now()), "there is nothing to acknowledge");
    write(&mut flight, 0..2);
    assert!(flight.ask(Instant::now()) && !flight.ask(Instant::now()) && flight.asked().is_some());
    flight.acknowledge(1).unwrap();
    assert!(flight.ask(Instant::now()));
    flight.acknowledge(2).unwrap();
    assert!(!flight.ask(Instant::now()));
}

/// The other server, as far as a stream that breaks at any time goes: what is written may arrive or not, in order.
#[derive(Default)]
struct Remote {
    got: Vec<u32>,
    handled: u32,
}

proptest! {
    /// Streams break, go on, and begin anew with what the other server tells of the one before.
    #[test]
    fn each_stanza_arrives_once_and_in_order_however_often_streams_break(
        steps in prop::collection::vec((0..6_u8, 0..8_usize), 0..80),
    ) {
        let (mut flight, mut remote, mut sent) = (Flight::default(), Remote::default(), 0);
        let mut arrived = Vec::new();
        flight.begin(&anew()).unwrap();
        // Written on the stream that there is, and not arrived.
        let mut wire = VecDeque::new();
        for (step, many) in steps {
            match step {
                0 | 1 => {
                    let new = sent..sent + u32::try_from(many).unwrap();
                    sent = new.end;
                    wire.extend(write(&mut flight, new));
                }
                2 => for number in wire.drain(..many.min(wire.len())) {
                    remote.got.push(number);
                    remote.handled += 1;
                },
                3 => arrived.extend(numbers(flight.acknowledge(remote.handled).unwrap())),
                _ => {
                    wire.clear();
                    flight.interrupt();
                    let counting = match step {
                        4 => Counting::Resumed { handled: remote.handled },
                        _ => Counting::Anew { id: Some("id".to_owned()) },
                    };
                    let handled_before = (step == 5).then_some(remote.handled);
                    let established = Established { counting, handled_before };
                    arrived.extend(numbers(flight.begin(&established).unwrap()));
                    if step == 5 {
                        remote.handled = 0;
                    }
                    // Not all that is to be written again may be before the next time.
                    for _ in 0..many {
                        if let Some(stanza) = flight.next(|| None) {
                            wire.push_back(number(stanza));
                            flight.note_written(10);
                        }
                    }
                }
            }
        }
        wire.extend(write(&mut flight, []));
        remote.got.extend(wire);
        prop_assert_eq!(remote.got, (0..sent).collect::<Vec<_>>());
        arrived.extend(numbers(flight.into_parcels()));
        prop_assert_eq!(arrived, (0..sent).collect::<Vec<_>>());
    }
}
