//! RFC 6121 appendix A, cell by cell, with the tables as they stand there.

use stonechat_xep_presence::subscription::{Direction, Kind, Standing, State, Step, process};

const TABLE_2: &str = r#"
   |  "None"                  |  MUST [1] |  "None + Pending Out"     |
   |  "None + Pending Out"    |  MUST     |  no state change          |
   |  "None + Pending In"     |  MUST [1] |  "None + Pending Out+In"  |
   |  "None + Pending Out+In" |  MUST     |  no state change          |
   |  "To"                    |  MUST     |  no state change          |
   |  "To + Pending In"       |  MUST     |  no state change          |
   |  "From"                  |  MUST [1] |  "From + Pending Out"     |
   |  "From + Pending Out"    |  MUST     |  no state change          |
   |  "Both"                  |  MUST     |  no state change          |"#;

const TABLE_3: &str = r#"
   |  "None"                  |  MUST    |  no state change          |
   |  "None + Pending Out"    |  MUST    |  "None"                   |
   |  "None + Pending In"     |  MUST    |  no state change          |
   |  "None + Pending Out+In" |  MUST    |  "None + Pending In"      |
   |  "To"                    |  MUST    |  "None"                   |
   |  "To + Pending In"       |  MUST    |  "None + Pending In"      |
   |  "From"                  |  MUST    |  no state change          |
   |  "From + Pending Out"    |  MUST    |  "From"                   |
   |  "Both"                  |  MUST    |  "From"                   |"#;

const TABLE_4: &str = r#"
   |  "None"                  |  M.N.    |  pre-approval [1]         |
   |  "None + Pending Out"    |  M.N.    |  pre-approval [1]         |
   |  "None + Pending In"     |  MUST    |  "From"                   |
   |  "None + Pending Out+In" |  MUST    |  "From + Pending Out"     |
   |  "To"                    |  M.N.    |  pre-approval [1]         |
   |  "To + Pending In"       |  MUST    |  "Both"                   |
   |  "From"                  |  M.N.    |  no state change          |
   |  "From + Pending Out"    |  M.N.    |  no state change          |
   |  "Both"                  |  M.N.    |  no state change          |"#;

const TABLE_5: &str = r#"
   |  "None"                  |  S.N.    |  no state change [1]      |
   |  "None + Pending Out"    |  S.N.    |  no state change [1]      |
   |  "None + Pending In"     |  MUST    |  "None"                   |
   |  "None + Pending Out+In" |  MUST    |  "None + Pending Out"     |
   |  "To"                    |  S.N.    |  no state change [1]      |
   |  "To + Pending In"       |  MUST    |  "To"                     |
   |  "From"                  |  MUST    |  "None"                   |
   |  "From + Pending Out"    |  MUST    |  "None + Pending Out"     |
   |  "Both"                  |  MUST    |  "To"                     |"#;

const TABLE_6: &str = r#"
   |  "None"                  |  MUST [1]  |  "None + Pending In"     |
   |  "None + Pending Out"    |  MUST      |  "None + Pending Out+In" |
   |  "None + Pending In"     |  S.N.      |  no state change         |
   |  "None + Pending Out+In" |  S.N.      |  no state change         |
   |  "To"                    |  MUST      |  "To + Pending In"       |
   |  "To + Pending In"       |  S.N.      |  no state change         |
   |  "From"                  |  S.N. [2]  |  no state change         |
   |  "From + Pending Out"    |  S.N. [2]  |  no state change         |
   |  "Both"                  |  S.N. [2]  |  no state change         |"#;

const TABLE_7: &str = r#"
   |  "None"                  |  S.N.      |  no state change         |
   |  "None + Pending Out"    |  S.N.      |  no state change         |
   |  "None + Pending In"     |  MUST [1]  |  "None"                  |
   |  "None + Pending Out+In" |  MUST [1]  |  "None + Pending Out"    |
   |  "To"                    |  S.N.      |  no state change         |
   |  "To + Pending In"       |  MUST [1]  |  "To"                    |
   |  "From"                  |  MUST [1]  |  "None"                  |
   |  "From + Pending Out"    |  MUST [1]  |  "None + Pending Out"    |
   |  "Both"                  |  MUST [1]  |  "To"                    |"#;

const TABLE_8: &str = r#"
   |  "None"                  |  S.N.      |  no state change         |
   |  "None + Pending Out"    |  MUST      |  "To"                    |
   |  "None + Pending In"     |  S.N.      |  no state change         |
   |  "None + Pending Out+In" |  MUST      |  "To + Pending In"       |
   |  "To"                    |  S.N.      |  no state change         |
   |  "To + Pending In"       |  S.N.      |  no state change         |
   |  "From"                  |  S.N.      |  no state change         |
   |  "From + Pending Out"    |  MUST      |  "Both"                  |
   |  "Both"                  |  S.N.      |  no state change         |"#;

const TABLE_9: &str = r#"
   |  "None"                  |  S.N.      |  no state change         |
   |  "None + Pending Out"    |  MUST      |  "None"                  |
   |  "None + Pending In"     |  S.N.      |  no state change         |
   |  "None + Pending Out+In" |  MUST      |  "None + Pending In"     |
   |  "To"                    |  MUST      |  "None"                  |
   |  "To + Pending In"       |  MUST      |  "None + Pending In"     |
   |  "From"                  |  S.N.      |  no state change         |
   |  "From + Pending Out"    |  MUST      |  "From"                  |
   |  "Both"                  |  MUST      |  "From"                  |"#;

fn state(name: &str) -> State {
    match name {
        "\"None\"" => State::None,
        "\"None + Pending Out\"" => State::NonePendingOut,
        "\"None + Pending In\"" => State::NonePendingIn,
        "\"None + Pending Out+In\"" => State::NonePendingOutIn,
        "\"To\"" => State::To,
        "\"To + Pending In\"" => State::ToPendingIn,
        "\"From\"" => State::From,
        "\"From + Pending Out\"" => State::FromPendingOut,
        "\"Both\"" => State::Both,
        other => panic!("there is no state {other}"),
    }
}

/// The rows of a table: state, MUST or not with its note, new state with its note.
fn rows(table: &'static str) -> Vec<(State, &'static str, &'static str)> {
    let rows: Vec<_> = table
        .trim()
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
            (state(cells[0]), cells[1], cells[2])
        })
        .collect();
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), State::ALL);
    rows
}

/// Checks a table; `reply` is what footnotes of the second column stand for.
fn check(table: &'static str, direction: Direction, kind: Kind, reply: Option<Kind>) {
    for (before, route, after) in rows(table) {
        let got = process(Standing { state: before, approved: false }, direction, kind);
        let expected = Step {
            standing: match after {
                "pre-approval [1]" => Standing { state: before, approved: true },
                "no state change" | "no state change [1]" => Standing { state: before, approved: false },
                after => Standing { state: state(after), approved: false },
            },
            pass: route.starts_with("MUST"),
            reply: reply.filter(|_| route.contains('[')),
        };
        assert_eq!(got, expected, "{direction:?} {kind:?} in {before:?}");
    }
}

#[test]
fn table_2_outbound_subscribe() {
    check(TABLE_2, Direction::Outbound, Kind::Subscribe, None);
}

#[test]
fn table_3_outbound_unsubscribe() {
    check(TABLE_3, Direction::Outbound, Kind::Unsubscribe, None);
}

#[test]
fn table_4_outbound_subscribed() {
    check(TABLE_4, Direction::Outbound, Kind::Subscribed, None);
}

#[test]
fn table_5_outbound_unsubscribed() {
    check(TABLE_5, Direction::Outbound, Kind::Unsubscribed, None);
}

#[test]
fn table_6_inbound_subscribe() {
    // Its note [1] is about pre-approvals, which have a test of their own.
    let plain: &'static str = Box::leak(TABLE_6.replace("[1]", "").into_boxed_str());
    check(plain, Direction::Inbound, Kind::Subscribe, Some(Kind::Subscribed));
}

#[test]
fn table_7_inbound_unsubscribe() {
    check(TABLE_7, Direction::Inbound, Kind::Unsubscribe, Some(Kind::Unsubscribed));
}

#[test]
fn table_8_inbound_subscribed() {
    check(TABLE_8, Direction::Inbound, Kind::Subscribed, None);
}

#[test]
fn table_9_inbound_unsubscribed() {
    check(TABLE_9, Direction::Inbound, Kind::Unsubscribed, None);
}

#[test]
fn a_request_that_was_approved_beforehand_is_granted_and_the_approval_is_used_up() {
    for (before, after) in
        [(State::None, State::From), (State::NonePendingOut, State::FromPendingOut), (State::To, State::Both)]
    {
        let step = process(Standing { state: before, approved: true }, Direction::Inbound, Kind::Subscribe);
        let standing = Standing { state: after, approved: false };
        assert_eq!(step, Step { standing, pass: false, reply: Some(Kind::Subscribed) }, "{before:?}");
    }
}

#[test]
fn an_approval_is_cancelled_by_unsubscribed_of_the_user_and_by_nothing_else() {
    for state in [State::None, State::NonePendingOut, State::To] {
        let standing = Standing { state, approved: true };
        let cancelled = process(standing, Direction::Outbound, Kind::Unsubscribed);
        assert_eq!((cancelled.standing.approved, cancelled.pass), (false, false), "{state:?}");
        for (direction, kind) in [
            (Direction::Outbound, Kind::Subscribe),
            (Direction::Outbound, Kind::Subscribed),
            (Direction::Outbound, Kind::Unsubscribe),
            (Direction::Inbound, Kind::Subscribed),
            (Direction::Inbound, Kind::Unsubscribe),
            (Direction::Inbound, Kind::Unsubscribed),
        ] {
            assert!(
                process(standing, direction, kind).standing.approved,
                "{direction:?} {kind:?} in {state:?}"
            );
        }
    }
}

#[test]
fn the_parts_of_a_state_make_it_up() {
    for state in State::ALL {
        let parts = (state.is_to(), state.is_from(), state.is_pending_out(), state.is_pending_in());
        assert_eq!(State::new(parts.0, parts.1, parts.2, parts.3), state);
    }
}
