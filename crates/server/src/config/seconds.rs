//! Durations as numbers of seconds: `30`, `0.5`. For `#[serde(with = "seconds")]`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de};

/// Longer than any timeout can sensibly be: a year.
const MOST: f64 = 365.0 * 24.0 * 3600.0;

/// Writes a duration: whole seconds as an integer, others with their fraction.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    if duration.subsec_nanos() == 0 {
        serializer.serialize_u64(duration.as_secs())
    } else {
        serializer.serialize_f64(duration.as_secs_f64())
    }
}

/// Reads a duration.
///
/// # Errors
/// For what is no number from 0 to the seconds of a year.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(u32),
        Fraction(f64),
    }
    let seconds = match Number::deserialize(deserializer) {
        Ok(Number::Whole(seconds)) => f64::from(seconds),
        Ok(Number::Fraction(seconds)) => seconds,
        Err(_) => return Err(de::Error::custom("this has to be a number of seconds")),
    };
    if (0.0..=MOST).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(de::Error::custom("this has to be a number of seconds from 0 to those of a year"))
    }
}
