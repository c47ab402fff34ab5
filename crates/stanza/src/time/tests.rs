use proptest::prelude::*;

use super::*;

fn moment(text: &str) -> Result<String, Invalid> {
    text.parse::<DateTime>().map(|moment| moment.to_string())
}

/// XEP-0082 examples 1 to 4.
#[test]
fn the_examples_parse() {
    assert_eq!("1776-07-04".parse::<Date>().unwrap().to_string(), "1776-07-04");
    assert_eq!(moment("1969-07-21T02:56:15Z").unwrap(), "1969-07-21T02:56:15Z");
    assert_eq!(moment("1969-07-20T21:56:15-05:00").unwrap(), "1969-07-21T02:56:15Z");
    let tea: Time = "16:00:00".parse().unwrap();
    assert_eq!((tea.to_string().as_str(), tea.utc), ("16:00:00", false));
}

#[test]
fn times_with_a_zone_are_brought_to_utc() {
    assert_eq!("21:30:00-05:00".parse::<Time>().unwrap().to_string(), "02:30:00Z");
    assert_eq!("01:00:00.5+07:00".parse::<Time>().unwrap().to_string(), "18:00:00.500Z");
    assert_eq!("24:00:00Z".parse::<Time>().unwrap().to_string(), "00:00:00Z");
}

#[test]
fn fractions_have_any_number_of_digits() {
    assert_eq!(moment("2002-09-10T23:08:25.1Z").unwrap(), "2002-09-10T23:08:25.100Z");
    assert_eq!(moment("2002-09-10T23:08:25.000Z").unwrap(), "2002-09-10T23:08:25Z");
    assert_eq!(moment("2002-09-10T23:08:25.1234Z").unwrap(), "2002-09-10T23:08:25.123400Z");
    assert_eq!(moment("2002-09-10T23:08:25.9999999999999Z").unwrap(), "2002-09-10T23:08:25.999999999Z");
}

#[test]
fn leap_seconds_stay_between_their_neighbours() {
    let parse = |text: &str| text.parse::<DateTime>();
    let leap = parse("2016-12-31T23:59:60Z").unwrap();
    assert!(leap > parse("2016-12-31T23:59:59.999Z").unwrap());
    assert!(leap < parse("2017-01-01T00:00:00Z").unwrap());
    assert_eq!(parse("2017-01-01T01:59:60.5+02:00"), Ok(leap));
    assert_eq!(parse("2016-12-31T22:59:60Z"), Err(Invalid));
    assert!("23:59:60".parse::<Time>().is_ok() && "05:29:60+05:30".parse::<Time>().is_ok());
    assert!("05:29:60Z".parse::<Time>().is_err() && "12:30:60".parse::<Time>().is_err());
}

#[test]
fn midnight_may_end_a_day() {
    assert_eq!(moment("2016-12-31T24:00:00Z").unwrap(), "2017-01-01T00:00:00Z");
    assert_eq!(moment("2016-12-31T24:00:01Z"), Err(Invalid));
}

#[test]
fn loose_shapes_are_refused() {
    for text in [
        "",
        "2002-09-10T23:08:25",
        "2002-09-10 23:08:25Z",
        "2002-09-10t23:08:25z",
        "20020910T23:08:25Z",
        "20020910T230825Z",
        "2002-09-10T23:08Z",
        "2002-09-10T23:08:25.Z",
        "2002-09-10T23:08:25,5Z",
        "2002-09-10T23:08:25+0100",
        "2002-09-10T23:08:25+1:00",
        "2002-09-10T23:08:25+14:01",
        "2002-09-10T23:08:25+01:60",
        "2002-09-10T23:08:25Z[UTC]",
        "2002-09-10T23:08:25Z ",
        " 2002-09-10T23:08:25Z",
        "-002-09-10T23:08:25Z",
        "12002-09-10T23:08:25Z",
        "2002-02-29T00:00:00Z",
        "2002-13-01T00:00:00Z",
        "2002-00-01T00:00:00Z",
        "2002-09-10T25:00:00Z",
        "2002-09-10T23:60:00Z",
        "2002-09-10T23:08:61Z",
        "2002-09-10T23:08:25\u{ff3a}",
        "9999-12-31T24:00:00Z",
        "0000-01-01T00:00:00+01:00",
    ] {
        assert_eq!(moment(text), Err(Invalid), "{text}");
    }
    assert!("2002-9-10".parse::<Date>().is_err() && "2002-09-10Z".parse::<Date>().is_err());
    assert!("16:00".parse::<Time>().is_err() && "16:00:00 Z".parse::<Time>().is_err());
}

#[test]
fn years_the_profile_cannot_write_are_clamped() {
    assert_eq!(DateTime::new(Timestamp::MIN).to_string(), "0000-01-01T00:00:00Z");
    assert_eq!(moment(&DateTime::new(Timestamp::MAX).to_string()).unwrap(), "9999-12-30T22:00:00.999999999Z");
    assert_eq!(Date::new(civil::Date::MIN).to_string(), "0000-01-01");
}

#[test]
fn now_has_no_more_than_milliseconds() {
    assert_eq!(DateTime::now().timestamp().subsec_nanosecond() % 1_000_000, 0);
}

proptest! {
    #[test]
    fn moments_survive_a_round_trip(
        seconds in -377_705_023_201_i64..=253_402_207_200, nanos in 0..1_000_000_000,
    ) {
        let moment = DateTime::new(Timestamp::new(seconds, nanos).expect("a second in range"));
        prop_assert_eq!(moment.to_string().parse(), Ok(moment));
    }

    #[test]
    fn times_survive_a_round_trip(
        hour in 0_i8..24, minute in 0_i8..60, second in 0_i8..60, nanos in 0..1_000_000_000,
        utc in any::<bool>(),
    ) {
        let time = civil::Time::new(hour, minute, second, nanos).expect("in range");
        let time = Time { time, utc };
        prop_assert_eq!(time.to_string().parse(), Ok(time));
    }

    #[test]
    fn an_offset_only_moves_the_moment(seconds in 0_i64..4_000_000_000, minutes in -840_i64..=840) {
        let utc = DateTime::new(Timestamp::from_second(seconds).expect("in range"));
        let local = Timestamp::from_second(seconds + minutes * 60).expect("in range");
        let (sign, size) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
        let zone = format!("{sign}{:02}:{:02}", size / 60, size % 60);
        let text = DateTime::new(local).to_string().replace('Z', &zone);
        prop_assert_eq!(text.parse(), Ok(utc));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "[0-9TZ:.+ -]{0,30}|\\PC{0,30}") {
        let _ = (text.parse::<DateTime>(), text.parse::<Date>(), text.parse::<Time>());
    }

    #[test]
    fn jiff_agrees_on_whatever_parses(
        day in "[0-9]{4}-[01][0-9]-[0-3][0-9]",
        clock in "[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?",
        zone in "Z|[+-]1[0-3]:[0-5][0-9]",
    ) {
        let text = format!("{day}T{clock}{zone}");
        if let Ok(moment) = text.parse::<DateTime>() && !text.contains("T24") {
            prop_assert_eq!(text.parse::<Timestamp>().ok(), Some(moment.timestamp()));
        }
    }
}
