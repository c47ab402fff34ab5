//! The characters of a stream: UTF-8 and the production `Char` (XML 1.0 §2.2), checked in bulk ahead of
//! the grammar.

use memchr::memchr_iter;

use super::error::{Error, Syntax};

const BLOCK: usize = 64;

/// How far a buffer is known to hold whole, legal characters.
#[derive(Debug, Clone, Default)]
pub(super) struct Chars {
    checked: usize,
    fault: Option<Error>,
}

impl Chars {
    /// Checks what is new in `bytes`, which start where they started last time. The result is the length
    /// of the part that is whole and legal; what follows it may be the start of a character or a
    /// [`fault`](Chars::fault).
    pub(super) fn check(&mut self, bytes: &[u8]) -> usize {
        if self.fault.is_none() && self.checked < bytes.len() {
            let (good, fault) = legal_prefix(&bytes[self.checked..]);
            self.checked += good;
            self.fault = fault;
        }
        self.checked.min(bytes.len())
    }

    /// What is wrong right behind the checked part.
    pub(super) fn fault(&self) -> Option<Error> {
        self.fault
    }

    /// The first `n` bytes left the buffer.
    pub(super) fn consume(&mut self, n: usize) {
        self.checked = self.checked.saturating_sub(n);
    }
}

/// The length of the legal part, and what is wrong behind it (nothing if a character is cut off there).
fn legal_prefix(bytes: &[u8]) -> (usize, Option<Error>) {
    let mut at = 0;
    while at < bytes.len() {
        let block = &bytes[at..bytes.len().min(at + BLOCK)];
        if is_plain(block) {
            at += block.len();
            continue;
        }
        // Whatever is unusual here is probably unusual for a while: look at the whole run.
        let mut end = at + block.len();
        while end < bytes.len() && !is_plain(&bytes[end..bytes.len().min(end + BLOCK)]) {
            end = bytes.len().min(end + BLOCK);
        }
        match legal_run(&bytes[at..end]) {
            (good, None) if at + good == end => at = end,
            // A character is cut off by the end of the run, not of the bytes.
            (good, None) if end < bytes.len() => match legal_run(&bytes[at + good..bytes.len().min(end + 4)])
            {
                (0, fault) => return (at + good, fault),
                (more, _) => at += good + more,
            },
            (good, fault) => return (at + good, fault),
        }
    }
    (at, None)
}

/// Only printable ASCII and spaces (or U+007F)? Written so that it becomes vector instructions.
fn is_plain(block: &[u8]) -> bool {
    match <&[u8; BLOCK]>::try_from(block) {
        Ok(block) => !block.iter().fold(false, |bad, &b| bad | (b as i8).lt(&0x20)),
        Err(_) => block.iter().all(|&b| (b as i8) >= 0x20),
    }
}

fn legal_run(bytes: &[u8]) -> (usize, Option<Error>) {
    let (text, mut fault) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let good = &bytes[..error.valid_up_to()];
            let text = std::str::from_utf8(good).expect("valid up to there");
            (text, error.error_len().map(|_| Error::Encoding))
        }
    };
    let mut good = text.len();
    if let Some(at) = text.bytes().position(|b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) {
        (good, fault) = (at, Some(Syntax::Character.into()));
    }
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    let bytes = &text.as_bytes()[..good];
    if let Some(at) = memchr_iter(0xEF, bytes).find(|&at| bytes[at + 1] == 0xBF && bytes[at + 2] >= 0xBE) {
        (good, fault) = (at, Some(Syntax::Character.into()));
    }
    (good, fault)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::names::is_xml_char;
    use super::*;

    /// The rule without any speed.
    fn plainly(bytes: &[u8]) -> (usize, Option<Error>) {
        let (text, encoding) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(e) => {
                let text = std::str::from_utf8(&bytes[..e.valid_up_to()]).unwrap();
                (text, e.error_len().map(|_| Error::Encoding))
            }
        };
        match text.char_indices().find(|(_, c)| !is_xml_char(*c)) {
            Some((at, _)) => (at, Some(Syntax::Character.into())),
            None => (text.len(), encoding),
        }
    }

    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            6 => "[a-z]{0,90}".prop_map(String::into_bytes),
            4 => "\\PC{0,40}".prop_map(String::into_bytes),
            1 => any::<char>().prop_map(|c| c.to_string().into_bytes()),
            1 => prop::sample::select(vec![&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\0", b"\xe2\x82", b"\r\n\t", b"\xf4\x90\x80\x80"]).prop_map(<[u8]>::to_vec),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn bulk_checking_agrees_with_the_plain_rule(bytes in pieces()) {
            prop_assert_eq!(legal_prefix(&bytes), plainly(&bytes));
        }

        #[test]
        fn any_cut_ends_with_the_same_verdict(bytes in pieces(), cuts in prop::collection::vec(0usize..400, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut chars = Chars::default();
            for cut in cuts {
                chars.check(&bytes[..cut]);
            }
            let good = chars.check(&bytes);
            prop_assert_eq!((good, chars.fault()), plainly(&bytes));
        }
    }
}
