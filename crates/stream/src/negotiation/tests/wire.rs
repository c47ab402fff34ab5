//! XML in and out, for scripts.

use stonechat_stanza::xml::{Content, Limits, Scanner, Scope};
use stonechat_stanza::{Nonza, Stanza};

use super::*;

/// What the codec would read from this first-level child of a stream.
pub(super) fn read(xml: &str) -> Frame {
    let mut scope = Scope::stream(Content::Client);
    scope.bind("stream", stonechat_stanza::ns::STREAM);
    let mut scanner = Scanner::new(Limits::authenticated());
    let complete = scanner.scan(xml.as_bytes(), &scope).expect("scripts are well-formed");
    assert_eq!(complete, Some(xml.len()), "{xml}");
    match scanner.is_stanza() {
        true => Frame::Stanza(Stanza::scanned(&scanner, xml.as_bytes(), &scope, None).unwrap()),
        false => Frame::Nonza(Nonza::scanned(&scanner, xml.as_bytes(), &scope).unwrap()),
    }
}

/// The bytes as text.
pub(super) fn written(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what is sent is UTF-8")
}
