//! References, and what starts with `<!`.

use super::super::error::{Error, Restricted, Syntax};
use super::super::escape::{Unresolved, resolve};
use super::super::names::{NAME, char_at, is, is_name_char, is_name_start};

/// Moves to the semicolon of a reference, as far as there is one.
pub(super) fn reference_on(bytes: &[u8], mut at: usize) -> Result<usize, Error> {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b';' => break,
            b'#' | b':' => at += 1,
            byte if is(byte, NAME) => at += 1,
            0x80.. => match char_at(bytes, at) {
                Some((c, len)) if is_name_char(c) => at += len,
                _ => return Err(Syntax::Reference.into()),
            },
            _ => return Err(Syntax::Reference.into()),
        }
    }
    Ok(at)
}

pub(super) fn reference_done(name: &[u8]) -> Result<(), Error> {
    match resolve(name) {
        Ok(_) => Ok(()),
        Err(Unresolved::Entity) if !name.contains(&b'#') && starts_name(name, 0).is_ok() => {
            Err(Restricted::Entity.into())
        }
        Err(_) => Err(Syntax::Reference.into()),
    }
}

pub(super) const CDATA: &[u8] = b"[CDATA[";

/// What stands behind `<!`: `true` if it opens a CDATA section, `false` if that cannot be told yet.
pub(super) fn declaration(bytes: &[u8], inside: bool) -> Result<bool, Error> {
    match bytes.first() {
        Some(b'-') => Err(Restricted::Comment.into()),
        Some(b'[') if !inside => Err(Syntax::Markup.into()),
        Some(b'[') if bytes.starts_with(CDATA) => Ok(true),
        Some(b'[') if CDATA.starts_with(bytes) => Ok(false),
        Some(b'A'..=b'Z') => Err(Restricted::Doctype.into()),
        _ => Err(Syntax::Markup.into()),
    }
}

/// Does a name start at `at`?
pub(super) fn starts_name(bytes: &[u8], at: usize) -> Result<(), Syntax> {
    match char_at(bytes, at) {
        Some((c, _)) if is_name_start(c) => Ok(()),
        _ => Err(Syntax::Name),
    }
}
