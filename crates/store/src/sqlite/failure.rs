//! Errors inside the driver, before they are told which file they are about.

use crate::Error;
use rusqlite::ErrorCode;
use std::sync::Arc;

#[derive(Debug)]
pub(super) enum Failure {
    /// A rule of the store: a precondition, a quota.
    Rule(Error),
    /// The database.
    Sqlite(rusqlite::Error),
    /// What was read makes no sense.
    Corrupt(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Rule(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Failure {
    /// The error for the caller.
    pub(super) fn at(self, place: &Arc<str>, doing: &'static str) -> Error {
        let place = place.clone();
        let error = match self {
            Self::Rule(error) => return error,
            Self::Corrupt(detail) => return Error::Corrupt { place, detail },
            Self::Sqlite(error) => error,
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt) => Error::Corrupt { place, detail: error.to_string() },
            Some(ErrorCode::NotADatabase) => Error::Foreign { file: place },
            Some(ErrorCode::DiskFull) => Error::Full { place },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy { place },
            _ => Error::Io { place, doing, source: Box::new(error) },
        }
    }

    /// Whether a uniqueness constraint of a table was violated.
    pub(super) fn is_duplicate(error: &rusqlite::Error) -> bool {
        error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
    }
}

/// Counts and lengths as SQLite has them; ours never come near the end of either type.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The reverse of [`signed`].
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
