use jiff::Timestamp;

use super::super::room::Whom;
use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn line(id: &str, second: i64) -> Line {
    Line::new(Some(id.to_owned()), false, at(second), format!("text of {id}"), State::Received)
}

fn own(id: &str, second: i64) -> Line {
    Line { mine: true, state: State::Sent, ..line(id, second) }
}

fn conversation(lines: impl IntoIterator<Item = Line>) -> Conversation {
    let mut one = Conversation::new("romeo@example.net".parse().unwrap());
    for line in lines {
        one.insert(line);
    }
    one
}

fn remark(about: &str, mine: bool, second: i64, change: Change) -> Remark {
    Remark {
        about: about.to_owned(),
        mine,
        by: None,
        whom: Whom::Peer,
        id: Some(format!("{about}-{second}")),
        archive_id: None,
        at: at(second),
        change,
    }
}

fn corrected(body: &str) -> Change {
    Change::Corrected(body.to_owned())
}

fn reacted(emoji: &str) -> Change {
    Change::Reacted(vec![emoji.to_owned()])
}

fn ids(conversation: &Conversation) -> Vec<&str> {
    conversation.lines.iter().filter_map(|line| line.id.as_deref()).collect()
}

#[test]
fn messages_are_in_the_order_of_their_time_and_each_is_there_once() {
    let mut one = conversation([]);
    assert!(one.insert(line("b", 2)) && one.insert(line("c", 3)) && one.insert(line("a", 1)));
    assert!(one.insert(line("d", 3)));
    let again = Line { archive_id: Some("7".to_owned()), ..line("b", 2) };
    assert!(!one.insert(again.clone()) && !one.insert(Line { id: None, ..again }));
    assert_eq!(ids(&one), ["a", "b", "c", "d"]);
    assert_eq!(one.lines[1].archive_id.as_deref(), Some("7"));
}

#[test]
fn an_id_that_the_other_side_has_taken_from_us_hides_nothing() {
    let mut one = conversation([own("a", 1)]);
    assert!(one.insert(line("a", 2)));
    assert!(one.insert(Line { body: "another".to_owned(), ..line("a", 3) }));
}

#[test]
fn what_the_archive_has_did_arrive() {
    let mine = Line { state: State::Failed("the session ended".to_owned()), ..own("a", 1) };
    let one = conversation([mine.clone(), Line { state: State::Stored, ..mine }]);
    assert_eq!(one.lines[0].state, State::Stored);
}

#[test]
fn what_is_kept_has_a_bound() {
    let mut one = conversation([]);
    for at in 0..2 * MOST_LINES {
        one.insert(line(&at.to_string(), at as i64));
        one.remark(remark(&format!("unknown {at}"), false, 1, Change::Retracted));
    }
    assert_eq!((one.lines.len(), one.waiting.len()), (MOST_LINES, MOST_WAITING));
}

#[test]
fn a_message_is_corrected_and_taken_back_by_its_author_alone() {
    let mut one = conversation([line("a", 1), own("b", 2)]);
    one.remark(remark("a", true, 3, corrected("forged")));
    one.remark(remark("a", true, 3, Change::Retracted));
    one.remark(remark("b", false, 3, Change::Retracted));
    assert_eq!((one.lines[0].body.as_str(), one.lines[1].retracted), ("text of a", false));
    one.remark(remark("a", false, 5, corrected("second")));
    one.remark(remark("a", false, 4, corrected("first, and late")));
    assert_eq!(one.lines[0].body, "second");
    // The archive has the original.
    assert!(!one.insert(line("a", 1)));
    one.remark(remark("a", false, 6, Change::Retracted));
    one.remark(remark("a", false, 7, corrected("too late")));
    assert!(one.lines[0].retracted && one.lines[0].body.is_empty());
}

#[test]
fn a_correction_stands_for_an_original_that_is_not_here() {
    let mut one = conversation([]);
    assert!(one.remark(remark("a", false, 5, corrected("right"))), "there is something to read");
    assert!(!one.insert(line("a", 1)));
    assert_eq!(one.lines[0].body, "right");
}

#[test]
fn what_is_said_about_a_message_waits_for_it() {
    let mut one = conversation([]);
    one.remark(remark("a", false, 3, Change::Retracted));
    one.remark(remark("b", true, 3, reacted("y")));
    for message in [line("b", 2), line("a", 1)] {
        one.insert(message);
    }
    assert!(one.lines[0].retracted);
    assert_eq!(one.lines[1].reactions[0].all, ["y"]);
}

#[test]
fn the_last_reactions_of_each_side_count() {
    let mut one = conversation([line("a", 1)]);
    one.remark(remark("a", false, 5, reacted("new")));
    one.remark(remark("a", false, 4, reacted("old")));
    one.remark(remark("a", true, 2, reacted("mine")));
    let [theirs, ours] = &one.lines[0].reactions[..] else { panic!("{:?}", one.lines) };
    assert!(!theirs.mine && ours.mine);
    assert_eq!(
        (theirs.all.as_slice(), ours.all.as_slice()),
        (&["new".to_owned()][..], &["mine".to_owned()][..])
    );
}

#[test]
fn a_message_gets_farther_and_never_back() {
    let mut one = conversation([own("a", 1), own("b", 2), own("c", 3)]);
    one.remark(remark("b", false, 4, Change::Read));
    one.remark(remark("a", false, 5, Change::Delivered));
    one.remark(remark("c", true, 5, Change::Delivered));
    let states: Vec<_> = one.lines.iter().map(|line| line.state.clone()).collect();
    assert_eq!(states, [State::Read, State::Read, State::Sent]);
}

#[test]
fn what_another_device_has_read_is_read() {
    let mut one = conversation([line("a", 1), line("b", 2), line("c", 3)]);
    one.unread = 3;
    one.remark(remark("b", true, 4, Change::Read));
    assert_eq!(one.unread, 1);
    one.remark(remark("a", true, 4, Change::Read));
    assert_eq!(one.unread, 1);
    // Of the other side it says nothing about what we have read.
    one.remark(remark("c", false, 4, Change::Read));
    assert_eq!(one.unread, 1);
}

#[test]
fn one_chooses_from_the_newest_to_the_oldest_and_back() {
    let mut one = conversation([line("a", 1), own("b", 2), line("c", 3)]);
    assert_eq!(one.target(true).and_then(|line| line.id.as_deref()), Some("b"));
    assert_eq!(one.target(false).and_then(|line| line.id.as_deref()), Some("c"));
    for (older, expected) in
        [(true, Some("c")), (true, Some("b")), (true, Some("a")), (true, Some("a")), (false, Some("b"))]
    {
        one.choose(older);
        let chosen = one.lines.iter().find(|line| Some(line.key) == one.chosen);
        assert_eq!(chosen.and_then(|line| line.id.as_deref()), expected);
    }
    assert_eq!(
        one.target(false).and_then(|line| line.id.as_deref()),
        Some("b"),
        "one's own, as it is chosen"
    );
    one.choose(false);
    one.choose(false);
    assert_eq!(one.chosen, None);
}
