//! Stanzas on the wire.

use super::Stanza;
use crate::xml::{escape_attribute_bytes, escaped_len};

impl Stanza {
    /// Appends the stanza as it stands in a stream whose default namespace is the content namespace.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(self.usual_len());
        self.write_tag(out, None);
    }

    /// Appends the stanza with its namespace, so that it can stand anywhere: in a store, in a WebSocket
    /// message, forwarded in another stanza. `ns` is to be one of the content namespaces.
    pub fn write_in(&self, out: &mut Vec<u8>, ns: &str) {
        out.reserve(self.usual_len() + " xmlns=''".len() + ns.len());
        self.write_tag(out, Some(ns));
    }

    /// About how many bytes [`write`](Stanza::write) appends, without looking at any.
    fn usual_len(&self) -> usize {
        const TAGS: usize = 80;
        TAGS + self.raw.bytes().len() + self.to.own_len() + self.from.own_len()
    }

    /// How many bytes [`write`](Stanza::write) appends.
    pub fn wire_len(&self) -> usize {
        let attributes = self
            .attributes()
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| name.len() + escaped_len(value) + "'".len()));
        let tags = match self.raw.payload().is_empty() {
            true => "</>".len() + self.kind.name().len(),
            false => "<></>".len() + 2 * self.kind.name().len(),
        };
        tags + attributes.sum::<usize>() + self.raw.payload().len()
    }

    /// The attributes in the order they are written, each name with what stands around it.
    fn attributes(&self) -> [(&'static [u8], Option<&[u8]>); 5] {
        [
            (b" to='", self.to.bytes(&self.raw)),
            (b" from='", self.from.bytes(&self.raw)),
            (b" id='", self.id.bytes(&self.raw)),
            (b" type='", self.kind.type_attribute().map(str::as_bytes)),
            (b" xml:lang='", self.lang.bytes(&self.raw)),
        ]
    }

    fn write_tag(&self, out: &mut Vec<u8>, ns: Option<&str>) {
        let name = self.kind.name().as_bytes();
        out.push(b'<');
        out.extend_from_slice(name);
        if let Some(ns) = ns {
            write_attribute(b" xmlns='", ns.as_bytes(), out);
        }
        for (name, value) in self.attributes() {
            if let Some(value) = value {
                write_attribute(name, value, out);
            }
        }
        if self.raw.payload().is_empty() {
            out.extend_from_slice(b"/>");
            return;
        }
        out.push(b'>');
        out.extend_from_slice(self.raw.payload());
        out.extend_from_slice(b"</");
        out.extend_from_slice(name);
        out.push(b'>');
    }
}

/// `name` with what stands around it.
fn write_attribute(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    escape_attribute_bytes(value, out);
    out.push(b'\'');
}
