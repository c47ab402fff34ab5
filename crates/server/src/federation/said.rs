//! What is to be written on a stream of our own: stanzas, and the stream's own words between them.

use bytes::BytesMut;

/// Nothing is read while so many bytes of the stream's own words wait to be written: who does not listen is not answered for ever.
pub(super) const MOST_WORDS: usize = 4096;

/// What is to be written, in order.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What is not written. Whoever writes takes it from the front.
    pub(super) bytes: BytesMut,
    /// How many bytes were ever added.
    added: u64,
    /// The bytes of the stream's own words since all of them were written the last time.
    words: usize,
    /// How many bytes were added up to the end of the last word.
    last_word: u64,
}

impl Said {
    /// Adds a stanza.
    pub(super) fn stanza(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.added += bytes.len() as u64;
    }

    /// Adds what the stream itself has to say.
    pub(super) fn word(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.written() >= self.last_word {
            self.words = 0;
        }
        self.stanza(bytes);
        self.words += bytes.len();
        self.last_word = self.added;
    }

    /// How many bytes were ever written.
    pub(super) fn written(&self) -> u64 {
        self.added - self.bytes.len() as u64
    }

    /// Whether more may be read that has to be answered.
    pub(super) fn has_few_words(&self) -> bool {
        self.words < MOST_WORDS || self.written() >= self.last_word
    }
}

#[cfg(test)]
mod tests {
    use bytes::Buf as _;

    use super::*;

    #[test]
    fn who_does_not_read_is_read_no_more_until_the_last_word_is_written() {
        let mut said = Said::default();
        said.stanza(&[b's'; 2 * MOST_WORDS]);
        assert!(said.has_few_words(), "stanzas are bounded elsewhere");
        said.word(&[b'w'; MOST_WORDS - 1]);
        assert!(said.has_few_words());
        said.word(b"w");
        said.stanza(&[b's'; 100]);
        assert!(!said.has_few_words());
        said.bytes.advance(3 * MOST_WORDS - 1);
        assert!(!said.has_few_words());
        said.bytes.advance(1);
        assert!(said.has_few_words() && said.written() == 3 * MOST_WORDS as u64);
        said.word(&[b'w'; MOST_WORDS - 1]);
        assert!(said.has_few_words(), "those before are forgotten");
    }
}
