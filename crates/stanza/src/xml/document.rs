//! One element that is there as a whole.

use super::error::Error;
use super::limits::Limits;
use super::scanner::Scanner;
use super::scope::Scope;

/// Checks that `bytes` are exactly one element, and nothing else. The scanner knows about it then.
///
/// # Errors
/// What a [`Scanner`] finds wrong, [`Error::Incomplete`] or [`Error::Trailing`].
pub fn check(bytes: &[u8], scope: &Scope, limits: Limits) -> Result<Scanner, Error> {
    let mut scanner = Scanner::new(limits);
    match scanner.scan(bytes, scope)? {
        Some(end) if end == bytes.len() => Ok(scanner),
        Some(_) => Err(Error::Trailing),
        None => Err(Error::Incomplete),
    }
}
