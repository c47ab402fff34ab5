//! The XML declaration that may stand at the start of a stream (XML 1.0 §2.8).

use stonechat_stanza::xml::{Limit, Restricted, Syntax};

use super::Error;

const START: &[u8] = b"<?xml";

/// Longer than any declaration that says something.
const MAX: usize = 256;

/// Looks for a declaration at the start of `bytes`: its length, or 0 if there is none. `None` if that
/// cannot be told yet. At most [`MAX`] bytes are looked at.
pub(super) fn length(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let seen = &bytes[..bytes.len().min(START.len())];
    if !START.starts_with(seen) {
        return match seen.starts_with(b"<?") {
            true => Err(xml(Restricted::ProcessingInstruction)),
            false => Ok(Some(0)),
        };
    }
    let Some(next) = bytes.get(START.len()) else { return Ok(None) };
    if !is_space(*next) {
        return Err(xml(Restricted::ProcessingInstruction));
    }
    let window = &bytes[..bytes.len().min(MAX)];
    match window.windows(2).position(|pair| pair == b"?>") {
        Some(end) => {
            check(&window[START.len()..end])?;
            Ok(Some(end + 2))
        }
        None if window.len() == MAX => Err(xml(Limit::Bytes)),
        None => Ok(None),
    }
}

fn xml(error: impl Into<stonechat_stanza::xml::Error>) -> Error {
    Error::Xml(error.into())
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// `VersionInfo EncodingDecl? SDDecl? S?`
fn check(mut rest: &[u8]) -> Result<(), Error> {
    let version = pseudo_attribute(&mut rest, b"version").ok_or(xml(Syntax::Tag))?;
    if !matches!(version, [b'1', b'.', minor @ ..] if !minor.is_empty() && minor.iter().all(u8::is_ascii_digit))
    {
        return Err(xml(Syntax::Tag));
    }
    if let Some(encoding) = pseudo_attribute(&mut rest, b"encoding")
        && !encoding.eq_ignore_ascii_case(b"utf-8")
    {
        return Err(Error::Encoding);
    }
    let standalone = pseudo_attribute(&mut rest, b"standalone");
    if standalone.is_some_and(|value| value != b"yes" && value != b"no") || !rest.trim_ascii().is_empty() {
        return Err(xml(Syntax::Tag));
    }
    Ok(())
}

/// Takes `S name S? '=' S? quoted` off the front, if it stands there.
fn pseudo_attribute<'a>(rest: &mut &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let behind = rest.trim_ascii_start();
    if behind.len() == rest.len() {
        return None;
    }
    let behind = behind.strip_prefix(name)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, behind) = behind.split_first().filter(|(quote, _)| matches!(quote, b'\'' | b'"'))?;
    let end = behind.iter().position(|b| b == quote)?;
    *rest = &behind[end + 1..];
    Some(&behind[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_passed_over() {
        for text in [
            "<?xml version='1.0'?>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>",
            "<?xml\tversion = '1.1' encoding='utf-8'\n standalone='yes'?>",
        ] {
            assert_eq!(length(text.as_bytes()), Ok(Some(text.len())));
            for cut in 0..text.len() {
                assert_eq!(length(&text.as_bytes()[..cut]), Ok(None), "{}", &text[..cut]);
            }
        }
        assert_eq!(length(b"<stream"), Ok(Some(0)));
    }

    #[test]
    fn only_utf_8_is_taken() {
        assert_eq!(length(b"<?xml version='1.0' encoding='iso-8859-1'?>"), Err(Error::Encoding));
    }

    #[test]
    fn what_is_no_declaration_is_refused() {
        assert_eq!(length(b"<?php ?>"), Err(xml(Restricted::ProcessingInstruction)));
        assert_eq!(length(b"<?xml-stylesheet ?>"), Err(xml(Restricted::ProcessingInstruction)));
        for text in [
            "<?xml ?>",
            "<?xml version='2.0'?>",
            "<?xml version='1.0'encoding='utf-8'?>",
            "<?xml version='1.0' x='y'?>",
            "<?xml encoding='utf-8'?>",
            "<?xml version='1.0?>",
        ] {
            assert_eq!(length(text.as_bytes()), Err(xml(Syntax::Tag)), "{text}");
        }
        assert_eq!(length(&[&b"<?xml "[..], &[b' '; 300]].concat()), Err(xml(Limit::Bytes)));
    }
}
