//! The lexical parts of the profiles, byte by byte.

use jiff::civil;

use super::Invalid;

/// What a clock shows.
pub(super) struct Clock {
    /// The time of day; of a leap second, the last nanosecond before it.
    pub(super) time: civil::Time,
    /// Whether it stood as `:60`.
    pub(super) leap: bool,
    /// Whether it stood as `24:00:00`, the midnight that ends the day.
    pub(super) next_day: bool,
}

impl Clock {
    pub(super) const MIDNIGHT: Self = Self { time: civil::Time::midnight(), leap: false, next_day: false };
}

/// Reads parts from the front of a text.
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.as_bytes() }
    }

    /// `CCYY-MM-DD`, an existing day.
    pub(super) fn date(&mut self) -> Result<civil::Date, Invalid> {
        let century = self.two_digits()?;
        let year = century * 100 + self.two_digits()?;
        self.literal(b'-')?;
        let month = self.two_digits()?;
        self.literal(b'-')?;
        let day = self.two_digits()?;
        civil::Date::new(year, small(month)?, small(day)?).map_err(|_| Invalid)
    }

    /// `hh:mm:ss[.s…]`.
    pub(super) fn clock(&mut self) -> Result<Clock, Invalid> {
        let hour = self.two_digits()?;
        self.literal(b':')?;
        let minute = self.two_digits()?;
        self.literal(b':')?;
        let second = self.two_digits()?;
        let nanos = self.fraction()?;
        if hour == 24 {
            let exact = minute == 0 && second == 0 && nanos == 0;
            return if exact { Ok(Clock { next_day: true, ..Clock::MIDNIGHT }) } else { Err(Invalid) };
        }
        let leap = second == 60;
        let (second, nanos) = if leap { (59, 999_999_999) } else { (second, nanos) };
        let time =
            civil::Time::new(small(hour)?, small(minute)?, small(second)?, nanos).map_err(|_| Invalid)?;
        Ok(Clock { time, leap, next_day: false })
    }

    /// `.` and at least one digit, in nanoseconds; zero without one.
    fn fraction(&mut self) -> Result<i32, Invalid> {
        if self.literal(b'.').is_err() {
            return Ok(0);
        }
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(Invalid);
        }
        let (fraction, rest) = self.rest.split_at(digits);
        self.rest = rest;
        let padded = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(9);
        Ok(padded.fold(0, |nanos, digit| nanos * 10 + i32::from(digit - b'0')))
    }

    /// `Z` or `(+|-)hh:mm`, in seconds ahead of UTC; at most 14 hours (XML Schema Part 2 §3.3.7). `None`
    /// where there is none.
    pub(super) fn zone(&mut self) -> Result<Option<i32>, Invalid> {
        let sign = match self.rest.first() {
            Some(b'Z') => 0,
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Ok(None),
        };
        self.rest = &self.rest[1..];
        if sign == 0 {
            return Ok(Some(0));
        }
        let hours = self.two_digits()?;
        self.literal(b':')?;
        let minutes = self.two_digits()?;
        let total = hours * 60 + minutes;
        if minutes > 59 || total > 14 * 60 {
            return Err(Invalid);
        }
        Ok(Some(sign * i32::from(total) * 60))
    }

    pub(super) fn literal(&mut self, byte: u8) -> Result<(), Invalid> {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                Ok(())
            }
            _ => Err(Invalid),
        }
    }

    pub(super) fn end(&self) -> Result<(), Invalid> {
        if self.rest.is_empty() { Ok(()) } else { Err(Invalid) }
    }

    fn two_digits(&mut self) -> Result<i16, Invalid> {
        match self.rest {
            [tens @ b'0'..=b'9', units @ b'0'..=b'9', rest @ ..] => {
                self.rest = rest;
                Ok(i16::from(tens - b'0') * 10 + i16::from(units - b'0'))
            }
            _ => Err(Invalid),
        }
    }
}

fn small(number: i16) -> Result<i8, Invalid> {
    i8::try_from(number).map_err(|_| Invalid)
}
