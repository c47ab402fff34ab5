//! What is taken out of a mailbox.

/// What was taken out of a mailbox in one go: the bytes of some stanzas, and the length of each.
#[derive(Debug, Default)]
pub struct Letters {
    bytes: Vec<u8>,
    lengths: Vec<u32>,
}

/// Buffers up to this many bytes are kept for reuse.
const KEEP: usize = 16 * 1024;

impl Letters {
    /// All of them, one after the other, as they are to be written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        self.lengths.iter().map(move |&length| {
            let (letter, after) = rest.split_at((length as usize).min(rest.len()));
            rest = after;
            letter
        })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Forgets them. The buffers are kept for the next time unless they have grown large.
    pub fn clear(&mut self) {
        if self.bytes.capacity() > KEEP {
            *self = Self::default();
        }
        self.bytes.clear();
        self.lengths.clear();
    }

    /// Adds one, unless there are `limit` bytes then and it is not the only one. Says whether it was added.
    pub(super) fn add(&mut self, limit: usize, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let before = self.bytes.len();
        if before > 0 && before >= limit {
            return false;
        }
        // Written first and measured then: nearly everything fits, and to know the length costs as much as to write.
        write(&mut self.bytes);
        if before > 0 && self.bytes.len() > limit {
            self.bytes.truncate(before);
            return false;
        }
        self.lengths.push(u32::try_from(self.bytes.len() - before).unwrap_or(u32::MAX));
        true
    }

    /// Adds one whose bytes are there.
    pub(super) fn push(&mut self, letter: &[u8]) {
        self.add(usize::MAX, |out| out.extend_from_slice(letter));
    }
}
