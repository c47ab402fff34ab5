//! Buffers that are lent to a connection while it has bytes to read, so that those which are idle hold none.

use std::cell::RefCell;

use bytes::BytesMut;

/// What is read at once: the most that a TLS record holds.
pub(super) const READ: usize = 16 << 10;

/// Larger buffers, which had to take a large stanza, are not kept.
const LARGEST: usize = 4 * READ;

/// How many each thread keeps.
const KEPT: usize = 8;

thread_local! {
    static FREE: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer.
pub(super) fn take() -> BytesMut {
    FREE.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Gives a buffer back, which has to be empty.
pub(super) fn give(mut buffer: BytesMut) {
    buffer.clear();
    // What was read has moved the start; reserving moves it back, without an allocation where none is due.
    if buffer.capacity() <= LARGEST && buffer.try_reclaim(READ) {
        FREE.with_borrow_mut(|free| {
            if free.len() < KEPT {
                free.push(buffer);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use bytes::Buf as _;

    use super::*;

    #[test]
    fn a_buffer_that_was_read_from_is_lent_again_without_an_allocation() {
        let mut buffer = take();
        buffer.reserve(READ);
        buffer.extend_from_slice(&[b'x'; READ]);
        let start = buffer.as_ptr();
        buffer.advance(READ);
        give(buffer);
        let mut again = take();
        again.reserve(READ);
        again.extend_from_slice(b"y");
        assert_eq!(again.as_ptr(), start);
    }

    #[test]
    fn a_large_buffer_is_not_kept() {
        while !take().is_empty() || take().capacity() > 0 {}
        give(BytesMut::with_capacity(LARGEST + 1));
        assert_eq!(take().capacity(), 0);
    }
}
