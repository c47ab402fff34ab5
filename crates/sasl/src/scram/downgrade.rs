//! Downgrade protection: the hash over what the server advertised (XEP-0474 §6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Hash;

/// What a server advertised on a stream, word for word: mechanism names, and the types of channel binding if it
/// announced them (XEP-0440). Where SASL and SASL2 are both offered, only the list that the client uses counts.
///
/// ```
/// use stonechat_sasl::scram::{Advertised, Hash};
///
/// let advertised = Advertised::new(["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"])
///     .with_binding_types(["tls-server-end-point", "tls-exporter"]);
/// assert_eq!(advertised.digest(Hash::Sha1), "G6k/rBLDqgOhRRaCuuatSDFkJ08=");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertised {
    mechanisms: Vec<String>,
    binding_types: Option<Vec<String>>,
}

impl Advertised {
    /// Mechanism names, in any order, and no announcement of channel bindings.
    #[must_use]
    pub fn new(mechanisms: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { mechanisms: mechanisms.into_iter().map(Into::into).collect(), binding_types: None }
    }

    /// Adds the announcement of XEP-0440, in any order. An announcement without any type is still one.
    #[must_use]
    pub fn with_binding_types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.binding_types = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// The mechanism names.
    #[must_use]
    pub fn mechanisms(&self) -> &[String] {
        &self.mechanisms
    }

    /// The types of channel binding, if they were announced.
    #[must_use]
    pub fn binding_types(&self) -> Option<&[String]> {
        self.binding_types.as_deref()
    }

    /// The value of SCRAM's attribute `h` (XEP-0474 §6.1), in base64.
    #[must_use]
    pub fn digest(&self, hash: Hash) -> String {
        let mut text = joined(&self.mechanisms);
        if let Some(types) = &self.binding_types {
            text.push('\x1F');
            text.push_str(&joined(types));
        }
        STANDARD.encode(hash.digest(text.as_bytes()).as_slice())
    }
}

/// Sorted by octets, joined by the record separator.
fn joined(names: &[String]) -> String {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.join("\x1E")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_lists_does_not_matter_but_every_entry_does() {
        let full = Advertised::new(["B", "A"]).with_binding_types(["y", "x"]);
        let digest = full.digest(Hash::Sha256);
        assert_eq!(digest, Advertised::new(["A", "B"]).with_binding_types(["x", "y"]).digest(Hash::Sha256));
        for other in [
            Advertised::new(["A"]).with_binding_types(["x", "y"]),
            Advertised::new(["A", "B"]).with_binding_types(["x"]),
            Advertised::new(["A", "B"]),
            Advertised::new(["A", "B", "x", "y"]),
        ] {
            assert_ne!(digest, other.digest(Hash::Sha256), "{other:?}");
        }
    }

    #[test]
    fn an_empty_announcement_differs_from_none() {
        let none = Advertised::new(["A"]);
        let empty = none.clone().with_binding_types(Vec::<String>::new());
        assert_ne!(none.digest(Hash::Sha1), empty.digest(Hash::Sha1));
    }
}
