//! The parts of the PRECIS framework (RFC 8264) that addresses need, on current Unicode tables.

mod bidi;
mod class;
mod context;
mod mapping;

pub(crate) use self::bidi::satisfies_bidi;
pub(crate) use self::class::{Class, Refusal, check};
pub(crate) use self::mapping::{map_case, map_spaces, map_width, nfc};
