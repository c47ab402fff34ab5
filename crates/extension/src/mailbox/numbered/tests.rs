use proptest::prelude::*;

use super::*;

const REQUEST: &[u8] = b"<r/>";

fn numbered(limit: usize, journalled: bool) -> Numbered {
    Numbered::new(Weak::new(), limit, journalled, REQUEST, 0)
}

fn add(numbered: &mut Numbered, text: &str, letters: &mut Letters) -> bool {
    let at = Timestamp::from_millisecond(1_000).unwrap();
    numbered.add(true, None, at, letters, |out| out.extend_from_slice(text.as_bytes()))
}

fn texts(letters: &Letters) -> Vec<String> {
    letters.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
}

fn write_all(numbered: &mut Numbered, letters: &mut Letters) {
    let gathered = numbered.gather(|_| true);
    numbered.release(gathered.upto, letters);
}

#[test]
fn what_is_journalled_reaches_the_connection_when_it_is_written() {
    let (mut numbered, mut letters) = (numbered(1000, true), Letters::default());
    assert!(add(&mut numbered, "a", &mut letters) && add(&mut numbered, "b", &mut letters));
    assert!(letters.is_empty() && numbered.is_waiting());
    let gathered = numbered.gather(|_| true);
    let numbers: Vec<u64> = gathered.stanzas.iter().map(|stanza| stanza.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert!(!numbered.is_waiting() && !numbered.is_settled());
    numbered.release(gathered.upto, &mut letters);
    assert!(numbered.is_settled());
    assert_eq!(texts(&letters), ["a", "b"]);
}

#[test]
fn what_is_not_journalled_reaches_the_connection_at_once() {
    let (mut numbered, mut letters) = (numbered(1000, false), Letters::default());
    add(&mut numbered, "a", &mut letters);
    assert_eq!(texts(&letters), ["a"]);
}

/// XEP-0198 §4: what is not a stanza is not counted; here it waits for what was sent before it.
#[test]
fn what_is_no_stanza_is_not_counted_and_keeps_its_place() {
    let (mut numbered, mut letters) = (numbered(1000, true), Letters::default());
    add(&mut numbered, "a", &mut letters);
    numbered.add(false, None, Timestamp::UNIX_EPOCH, &mut letters, |out| out.extend_from_slice(b"<a/>"));
    add(&mut numbered, "b", &mut letters);
    write_all(&mut numbered, &mut letters);
    assert_eq!(texts(&letters), ["a", "<a/>", "b"]);
    assert_eq!(numbered.acknowledge(3), Err(TooHigh { handled: 3, sent: 2 }));
    assert_eq!(numbered.acknowledge(2), Ok(()));
    assert_eq!(numbered.len(), 0);
}

/// XEP-0198 §6.
#[test]
fn what_was_not_sent_yet_cannot_be_acknowledged() {
    let (mut numbered, mut letters) = (numbered(1000, true), Letters::default());
    add(&mut numbered, "a", &mut letters);
    assert_eq!(numbered.acknowledge(1), Err(TooHigh { handled: 1, sent: 0 }));
}

/// XEP-0198 §5.
#[test]
fn another_connection_gets_what_was_not_acknowledged_and_nothing_else() {
    let (mut numbered, mut letters) = (numbered(1000, true), Letters::default());
    ["a", "b", "c"].iter().for_each(|text| assert!(add(&mut numbered, text, &mut letters)));
    numbered.add(false, None, Timestamp::UNIX_EPOCH, &mut letters, |out| out.extend_from_slice(b"<a/>"));
    write_all(&mut numbered, &mut letters);
    numbered.detach();
    add(&mut numbered, "d", &mut letters);
    letters = Letters::default();
    write_all(&mut numbered, &mut letters);
    assert!(letters.is_empty(), "nobody is there");
    numbered.acknowledge(1).unwrap();
    numbered.attach(&mut letters, |bytes, at| [bytes, at.to_string().as_bytes()].concat());
    assert_eq!(texts(&letters), ["b", "c", "d1970-01-01T00:00:01Z"]);
    assert_eq!(numbered.request(), Some(REQUEST));
    assert_eq!(numbered.request(), None, "one at a time");
}

/// XEP-0198 §4.
#[test]
fn the_count_goes_on_from_zero_after_two_to_the_thirty_second() {
    let mut letters = Letters::default();
    let mut numbered = Numbered::new(Weak::new(), 1000, false, REQUEST, (1 << 32) - 1);
    assert!(add(&mut numbered, "a", &mut letters) && add(&mut numbered, "b", &mut letters));
    assert_eq!(numbered.acknowledge(u32::MAX), Ok(()));
    assert_eq!(numbered.acknowledge(0), Ok(()));
    assert_eq!(numbered.acked(), 1 << 32);
    assert_eq!(numbered.acknowledge(1), Ok(()));
    assert_eq!(numbered.acknowledge(2), Err(TooHigh { handled: 2, sent: 1 }));
    assert_eq!(numbered.acknowledge(0), Err(TooHigh { handled: 0, sent: 1 }), "it never goes back");
}

#[test]
fn what_is_kept_is_bounded() {
    let (mut numbered, mut letters) = (numbered(10, false), Letters::default());
    assert!(add(&mut numbered, "longer than the limit", &mut letters), "one always fits");
    assert!(!add(&mut numbered, "b", &mut letters));
    let aside = |numbered: &mut Numbered, letters: &mut Letters| {
        numbered.add(false, None, Timestamp::UNIX_EPOCH, letters, |out| out.extend_from_slice(b"<a/>"))
    };
    assert!(!aside(&mut numbered, &mut letters));
    numbered.acknowledge(1).unwrap();
    assert!(add(&mut numbered, "b", &mut letters));
    assert_eq!((0..100).filter(|_| aside(&mut numbered, &mut letters)).count(), 4);
}

#[derive(Debug, Clone)]
enum Op {
    Add(u8),
    Aside,
    Gather,
    Release,
    Acknowledge(u8),
    Detach,
    Attach,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => (1_u8..20).prop_map(Op::Add),
        1 => Just(Op::Aside),
        2 => Just(Op::Gather),
        2 => Just(Op::Release),
        2 => (0_u8..4).prop_map(Op::Acknowledge),
        1 => Just(Op::Detach),
        1 => Just(Op::Attach),
    ];
    proptest::collection::vec(op, 0..60)
}

proptest! {
    /// Whatever happens in whatever order, a client that counts what it gets has got, over all its connections, every stanza once
    /// and in order.
    #[test]
    fn a_client_that_counts_gets_everything_once_and_in_order(ops in ops(), journalled: bool) {
        let (mut numbered, mut letters) = (numbered(10_000, journalled), Letters::default());
        let (mut sent, mut got): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let mut upto = None;
        let read = |letters: &mut Letters, got: &mut Vec<String>, numbered: &Numbered| {
            if numbered.attached {
                got.extend(texts(letters).into_iter().filter(|text| !text.starts_with('<')));
            }
            letters.clear();
        };
        for op in ops {
            match op {
                Op::Add(length) => {
                    let text = format!("{}{}", sent.len(), "x".repeat(length.into()));
                    if add(&mut numbered, &text, &mut letters) {
                        sent.push(text);
                    }
                }
                Op::Aside => {
                    let write = |out: &mut Vec<u8>| out.extend_from_slice(b"<a/>");
                    numbered.add(false, None, Timestamp::UNIX_EPOCH, &mut letters, write);
                }
                Op::Gather if upto.is_none() => upto = Some(numbered.gather(|_| true).upto),
                Op::Gather => {}
                Op::Release => {
                    if let Some(upto) = upto.take() {
                        numbered.release(upto, &mut letters);
                    }
                }
                Op::Acknowledge(less) => {
                    read(&mut letters, &mut got, &numbered);
                    let handled = got.len().saturating_sub(less.into()).max(usize::try_from(numbered.acked()).unwrap());
                    prop_assert_eq!(numbered.acknowledge(u32::try_from(handled).unwrap()), Ok(()));
                }
                Op::Detach => {
                    read(&mut letters, &mut got, &numbered);
                    numbered.detach();
                }
                Op::Attach if !numbered.attached => {
                    letters.clear();
                    prop_assert_eq!(numbered.acknowledge(u32::try_from(got.len()).unwrap()), Ok(()));
                    numbered.attach(&mut letters, |bytes, _| bytes.to_vec());
                }
                Op::Attach => {}
            }
            let left: Vec<String> =
                numbered.unacknowledged().iter().map(|s| String::from_utf8_lossy(&s.bytes).into_owned()).collect();
            prop_assert_eq!(&left[..], &sent[usize::try_from(numbered.acked()).unwrap()..]);
        }
        if let Some(upto) = upto {
            numbered.release(upto, &mut letters);
        }
        write_all(&mut numbered, &mut letters);
        read(&mut letters, &mut got, &numbered);
        if !numbered.attached {
            numbered.acknowledge(u32::try_from(got.len()).unwrap()).unwrap();
            numbered.attach(&mut letters, |bytes, _| bytes.to_vec());
            read(&mut letters, &mut got, &numbered);
        }
        prop_assert_eq!(got, sent);
    }
}
