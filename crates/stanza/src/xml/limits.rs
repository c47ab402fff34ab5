//! How much XML a peer may send.

/// Bounds on one first-level element of a stream (or on its header). Counted while bytes arrive, so that
/// nobody makes us hold more than [`bytes`](Limits::bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one element, from its `<` to its `>`. When declarations from outside are copied into it, it
    /// may grow to 1 KiB more. At most [`Limits::MAX_BYTES`].
    pub bytes: usize,
    /// Elements that are open at once; the first-level element is 1. At most [`Limits::MAX_DEPTH`], which
    /// is far below what recursion over a tree bears.
    pub depth: usize,
    /// Elements in all, the first-level element included.
    pub elements: usize,
    /// Attributes of one element, namespace declarations included. At most [`Limits::MAX_ATTRIBUTES`].
    pub attributes: usize,
    /// Namespace declarations in scope at one place, those of the stream header not included. At most
    /// [`Limits::MAX_BINDINGS`].
    pub bindings: usize,
    /// Bytes of one qualified name. At most [`Limits::MAX_NAME`].
    pub name: usize,
}

impl Limits {
    /// The most that [`bytes`](Limits::bytes) can be: 16 MiB.
    pub const MAX_BYTES: usize = 16 << 20;
    /// The most that [`depth`](Limits::depth) can be.
    pub const MAX_DEPTH: usize = 128;
    /// The most that [`attributes`](Limits::attributes) can be: duplicates are found by comparing each with
    /// each.
    pub const MAX_ATTRIBUTES: usize = 256;
    /// The most that [`bindings`](Limits::bindings) can be: prefixes are found by walking the list.
    pub const MAX_BINDINGS: usize = 256;
    /// The most that [`name`](Limits::name) can be.
    pub const MAX_NAME: usize = 4096;

    /// For a peer that has not authenticated: 8 KiB, 32 elements, 8 deep, 32 attributes, 16 bindings,
    /// names of 128 bytes. Enough for stream features, STARTTLS and SASL.
    pub const fn unauthenticated() -> Limits {
        Limits { bytes: 8 << 10, depth: 8, elements: 32, attributes: 32, bindings: 16, name: 128 }
    }

    /// For a peer that has authenticated: 256 KiB, 8192 elements, 64 deep, 64 attributes, 64 bindings,
    /// names of 1024 bytes.
    pub const fn authenticated() -> Limits {
        Limits { bytes: 256 << 10, depth: 64, elements: 8192, attributes: 64, bindings: 64, name: 1024 }
    }

    /// The highest of each: for what this program wrote itself.
    pub const fn highest() -> Limits {
        Limits {
            bytes: Limits::MAX_BYTES,
            depth: Limits::MAX_DEPTH,
            elements: usize::MAX,
            attributes: Limits::MAX_ATTRIBUTES,
            bindings: Limits::MAX_BINDINGS,
            name: Limits::MAX_NAME,
        }
    }

    /// These limits, none above its ceiling.
    pub(crate) fn capped(self) -> Limits {
        Limits {
            bytes: self.bytes.min(Limits::MAX_BYTES),
            depth: self.depth.min(Limits::MAX_DEPTH),
            elements: self.elements,
            attributes: self.attributes.min(Limits::MAX_ATTRIBUTES),
            bindings: self.bindings.min(Limits::MAX_BINDINGS),
            name: self.name.min(Limits::MAX_NAME),
        }
    }
}

impl Default for Limits {
    /// [`Limits::authenticated`].
    fn default() -> Limits {
        Limits::authenticated()
    }
}
