//! The rules for each part of an address, for those who have a part alone: a user name from SASL, a nickname, a
//! host name from the configuration.
//!
//! Each function gives the canonical form, borrowed where the part is canonical already. All are bounded: input
//! that could not shrink to the limits is refused before it is looked at.
//!
//! ```
//! use stonechat_jid::prepare;
//!
//! assert_eq!(prepare::local("Juliet")?, "juliet");
//! assert_eq!(prepare::domain("XN--BCHER-KVA.Example.")?, "bücher.example");
//! # Ok::<(), stonechat_jid::Error>(())
//! ```

mod domain;
mod local;
mod resource;

use std::borrow::Cow;

pub use self::domain::domain;
pub use self::local::local;
pub use self::resource::{received_resource, resource};

use crate::MAX_PART_BYTES;
use crate::error::{Error, Part};
use crate::precis::{self, Class, Refusal};

/// The longest part worth looking at, in bytes: no mapping of these rules makes a string shorter than a quarter.
const MAX_RAW_BYTES: usize = 4 * MAX_PART_BYTES;

/// How often the rules are applied again until the result no longer changes (RFC 8264 §7).
const ROUNDS: usize = 3;

/// Applies `rules` until the result no longer changes.
fn settle<'a>(
    part: Part,
    raw: &'a str,
    rules: impl Fn(&str) -> Result<Cow<'_, str>, Error>,
) -> Result<Cow<'a, str>, Error> {
    if raw.len() > MAX_RAW_BYTES {
        return Err(Error::TooLong(part));
    }
    let mut current = rules(raw)?;
    if current == raw {
        return Ok(Cow::Borrowed(raw));
    }
    for _ in 0..ROUNDS {
        let next = rules(&current)?.into_owned();
        if next == current {
            return Ok(Cow::Owned(next));
        }
        current = Cow::Owned(next);
    }
    Err(Error::Unstable(part))
}

/// Checks a part against a PRECIS string class.
fn check_class(part: Part, text: &str, class: Class) -> Result<(), Error> {
    precis::check(text, class).map_err(|refusal| match refusal {
        Refusal::Disallowed(found) => Error::Forbidden { part, found },
        Refusal::Unassigned(found) => Error::Unassigned { part, found },
        Refusal::Context(found) => Error::Context { part, found },
    })
}

/// The length a part has to have at the end.
fn check_length(part: Part, text: &str) -> Result<(), Error> {
    match text.len() {
        0 => Err(Error::Empty(part)),
        1..=MAX_PART_BYTES => Ok(()),
        _ => Err(Error::TooLong(part)),
    }
}
