//! Typed values out of text.

use std::any::Any;
use std::str::FromStr;

use stonechat_jid::{BareJid, Error, FullJid, Jid};

use super::ParseError;
use crate::error::Condition;

/// Parses `text`, if need be without the whitespace around it. `fault` says what is wrong otherwise.
pub(super) fn parse<T: FromStr + 'static>(
    text: &str,
    fault: impl FnOnce() -> ParseError,
) -> Result<T, ParseError> {
    // What others sent is read by the rules for received addresses, which `FromStr` does not apply.
    if let Some(address) = address(text) {
        let trimmed = address.or_else(|| self::address(trim(text)).flatten());
        return trimmed.ok_or_else(|| fault().with_condition(Condition::JidMalformed));
    }
    if let Ok(value) = text.parse() {
        return Ok(value);
    }
    trim(text).parse().map_err(|_| fault())
}

/// `None` when `T` is no address type, otherwise the address, if it is one.
fn address<T: 'static>(text: &str) -> Option<Option<T>> {
    received(|| Jid::parse_received(text))
        .or_else(|| received(|| BareJid::parse_received(text)))
        .or_else(|| received(|| FullJid::parse_received(text)))
}

/// Parses a `J` if that is what `T` is.
fn received<T: 'static, J: 'static>(parse: impl FnOnce() -> Result<J, Error>) -> Option<Option<T>> {
    let mut slot: Option<T> = None;
    let place: &mut dyn Any = &mut slot;
    *place.downcast_mut::<Option<J>>()? = parse().ok();
    Some(slot)
}

/// Without the whitespace of XML (XML 1.0 §2.3) around it, which is less than Unicode's.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// The lexical forms of `xs:boolean`: `true`, `1`, `false` and `0`, with whitespace around them or not.
pub fn parse_boolean(value: &str) -> Option<bool> {
    match trim(value) {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
