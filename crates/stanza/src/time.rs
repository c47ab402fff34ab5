//! Dates and times as XMPP writes them: the three profiles of XEP-0082, over [`jiff`].
//!
//! Reading is strict about the shape (`2002-09-10T23:08:25.123Z` and nothing shorter, looser or with
//! lower-case letters), because a lenient reader and a strict one further on disagree about what was
//! said. Writing is always in UTC with `Z` (XEP-0082 §6: an offset tells where somebody lives).
//!
//! - Fractions may have any number of digits (§2.1); beyond nanoseconds they are cut off.
//! - `24:00:00` is the following midnight, as XML Schema, which overrules (§3.2), has it.
//! - A leap second, which occurs at 23:59:60 UTC, is read as the last nanosecond of 23:59:59: never
//!   later than the midnight after it, and never earlier than what came before it.
//! - Years have four digits (§5 lets the rest be ignored).
//!
//! ```
//! use stonechat_stanza::time::DateTime;
//!
//! let steps: DateTime = "1969-07-20T21:56:15-05:00".parse()?;
//! assert_eq!(steps.to_string(), "1969-07-21T02:56:15Z");
//! assert!("1969-07-21 02:56:15Z".parse::<DateTime>().is_err());
//! # Ok::<(), stonechat_stanza::time::Invalid>(())
//! ```

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz::Offset};

mod scan;

use scan::{Clock, Scanner};

/// The text does not follow its profile, or names a day or time that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date or time of XEP-0082")]
pub struct Invalid;

/// A moment: the DateTime profile (XEP-0082 §3.2), `CCYY-MM-DDThh:mm:ss[.sss]TZD`.
///
/// Its year is between 0000 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(Timestamp);

impl DateTime {
    /// Now, to the millisecond: no stanza needs to tell more about this machine's clock.
    pub fn now() -> Self {
        Self::new(Timestamp::now()).to_millisecond()
    }

    /// The millisecond that the moment is in. What is written for a peer had better be no more exact: there are libraries that
    /// cannot read a fraction of more than six digits.
    #[must_use]
    pub fn to_millisecond(self) -> Self {
        Self(Timestamp::from_millisecond(self.0.as_millisecond()).unwrap_or(self.0))
    }

    /// The moment of a timestamp. One before the year 0000, which the profile cannot write, becomes the
    /// start of that year.
    pub fn new(timestamp: Timestamp) -> Self {
        const YEAR_ZERO: i64 = -62_167_219_200;
        let earliest = Timestamp::from_second(YEAR_ZERO).unwrap_or(Timestamp::UNIX_EPOCH);
        Self(timestamp.max(earliest))
    }

    /// The moment as a timestamp.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl From<Timestamp> for DateTime {
    fn from(timestamp: Timestamp) -> Self {
        Self::new(timestamp)
    }
}

impl From<DateTime> for Timestamp {
    fn from(moment: DateTime) -> Self {
        moment.0
    }
}

impl FromStr for DateTime {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut scanner = Scanner::new(text);
        let date = scanner.date()?;
        scanner.literal(b'T')?;
        let clock = scanner.clock()?;
        let offset = scanner.zone()?.ok_or(Invalid)?;
        scanner.end()?;
        let moment = to_timestamp(date, &clock, offset)?;
        // An offset can move a moment across the first midnight of the year 0000.
        if Self::new(moment).0 != moment {
            return Err(Invalid);
        }
        Ok(Self(moment))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = Offset::UTC.to_datetime(self.0);
        write_date(f, utc.date())?;
        f.write_str("T")?;
        write_time(f, utc.time())?;
        f.write_str("Z")
    }
}

/// A day: the Date profile (XEP-0082 §3.1), `CCYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The day. One before the year 0000, which the profile cannot write, becomes the first of that year.
    pub fn new(date: civil::Date) -> Self {
        Self(date.max(civil::date(0, 1, 1)))
    }

    /// The day.
    pub fn date(self) -> civil::Date {
        self.0
    }
}

impl FromStr for Date {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut scanner = Scanner::new(text);
        let date = scanner.date()?;
        scanner.end()?;
        Ok(Self(date))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_date(f, self.0)
    }
}

/// A time of every day: the Time profile (XEP-0082 §3.3), `hh:mm:ss[.sss][TZD]`.
///
/// A time with a zone is brought to UTC when it is read, `21:00:00-05:00` as `02:00:00Z`; one without is
/// a local time of whatever place the protocol means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// The time of day.
    pub time: civil::Time,
    /// Whether it is in UTC; otherwise the zone is not said.
    pub utc: bool,
}

impl FromStr for Time {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut scanner = Scanner::new(text);
        let clock = scanner.clock()?;
        let offset = scanner.zone()?;
        scanner.end()?;
        let shift = SignedDuration::from_secs(i64::from(offset.unwrap_or(0)));
        let time = clock.time.wrapping_sub(shift);
        if clock.leap && (time.minute() != 59 || (offset.is_some() && time.hour() != 23)) {
            return Err(Invalid);
        }
        Ok(Self { time, utc: offset.is_some() })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_time(f, self.time)?;
        f.write_str(if self.utc { "Z" } else { "" })
    }
}

/// The moment at which a clock `offset` seconds ahead of UTC shows `clock` on `date`.
fn to_timestamp(date: civil::Date, clock: &Clock, offset: i32) -> Result<Timestamp, Invalid> {
    let date = if clock.next_day { date.checked_add(1.day()).map_err(|_| Invalid)? } else { date };
    let local = Offset::UTC.to_timestamp(date.to_datetime(clock.time)).map_err(|_| Invalid)?;
    let moment = local.checked_sub(SignedDuration::from_secs(i64::from(offset))).map_err(|_| Invalid)?;
    let utc = Offset::UTC.to_datetime(moment);
    if clock.leap && (utc.hour(), utc.minute()) != (23, 59) {
        return Err(Invalid);
    }
    Ok(moment)
}

fn write_date(f: &mut fmt::Formatter<'_>, date: civil::Date) -> fmt::Result {
    write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// The fraction is written in as few groups of three digits as say it all.
fn write_time(f: &mut fmt::Formatter<'_>, time: civil::Time) -> fmt::Result {
    write!(f, "{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())?;
    match time.subsec_nanosecond() {
        0 => Ok(()),
        nanos if nanos % 1_000_000 == 0 => write!(f, ".{:03}", nanos / 1_000_000),
        nanos if nanos % 1_000 == 0 => write!(f, ".{:06}", nanos / 1_000),
        nanos => write!(f, ".{nanos:09}"),
    }
}

/// `xs:date` of XML Schema, a [`Date`] with an optional zone, as the moment the day starts; UTC without a zone.
pub(crate) fn xs_date(text: &str) -> Result<Timestamp, Invalid> {
    let mut scanner = Scanner::new(text);
    let date = scanner.date()?;
    let offset = scanner.zone()?.unwrap_or(0);
    scanner.end()?;
    to_timestamp(date, &Clock::MIDNIGHT, offset)
}

#[cfg(test)]
mod tests;
