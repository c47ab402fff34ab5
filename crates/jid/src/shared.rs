//! What the owned types are made of: one counted string and the places of the separators.

use std::sync::Arc;

use crate::ascii::Scan;
use crate::jid_ref::JidRef;

/// An address in shared memory: the first `len` bytes of `text`.
///
/// A bare JID made from a full one keeps its text and is just shorter.
#[derive(Clone)]
pub(crate) struct Shared {
    text: Arc<str>,
    len: u16,
    at: u16,
    slash: u16,
}

impl Shared {
    /// Copies a canonical address of at most [`MAX_BYTES`](crate::MAX_BYTES) with its separators.
    pub(crate) fn new(text: &str, at: u16, slash: u16) -> Shared {
        Shared { len: text.len() as u16, text: Arc::from(text), at, slash }
    }

    /// Copies a scanned address, lowering it in the copy if it has to be.
    #[inline]
    pub(crate) fn from_ascii(text: &str, scan: Scan) -> Shared {
        let mut shared = Shared::new(text, scan.at, scan.slash);
        if scan.upper {
            let end = if scan.slash == 0 { text.len() } else { usize::from(scan.slash) };
            if let Some(head) = Arc::get_mut(&mut shared.text).and_then(|text| text.get_mut(..end)) {
                head.make_ascii_lowercase();
            }
        }
        shared
    }

    #[inline]
    pub(crate) fn as_jid_ref(&self) -> JidRef<'_> {
        JidRef::trusted(self.as_str(), self.at, self.slash)
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        self.text.get(..usize::from(self.len)).unwrap_or(&self.text)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.slash != 0
    }

    /// The same address without its resource, in the same memory.
    pub(crate) fn into_bare(mut self) -> Shared {
        if self.slash != 0 {
            self.len = self.slash;
            self.slash = 0;
        }
        self
    }
}
