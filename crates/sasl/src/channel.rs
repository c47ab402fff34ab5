//! What the SASL exchange needs to know of the stream beneath it: TLS, its bindings, the peer's certificate.

use core::fmt;
use core::str::FromStr;

use zeroize::Zeroizing;

/// A type of channel binding, by its registered prefix.
///
/// `tls-unique` is left out on purpose: it does not exist for TLS 1.3 and is broken for TLS 1.2 without the
/// extended master secret (RFC 7677 §4, RFC 9266 §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BindingType {
    /// `tls-server-end-point` (RFC 5929 §4): the hash of the certificate that the server sent.
    TlsServerEndPoint,
    /// `tls-exporter` (RFC 9266): 32 bytes of keying material of this very connection. The stronger one.
    TlsExporter,
}

impl BindingType {
    /// Every type, weakest first.
    pub const ALL: [Self; 2] = [Self::TlsServerEndPoint, Self::TlsExporter];

    /// The registered name, as in XEP-0440 and in SCRAM's `p=`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TlsServerEndPoint => "tls-server-end-point",
            Self::TlsExporter => "tls-exporter",
        }
    }
}

impl fmt::Display for BindingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is not a type of channel binding that this crate implements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown type of channel binding")]
pub struct UnknownBindingType;

impl FromStr for BindingType {
    type Err = UnknownBindingType;

    fn from_str(name: &str) -> Result<Self, UnknownBindingType> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or(UnknownBindingType)
    }
}

/// One channel binding of a TLS connection: its type and its data. The data is not shown by `Debug` and is wiped
/// when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    kind: BindingType,
    data: Zeroizing<Vec<u8>>,
}

impl ChannelBinding {
    /// The `tls-exporter` binding from 32 bytes exported with the label `EXPORTER-Channel-Binding` and an empty
    /// context (RFC 9266 §2). Over TLS 1.2 only with the extended master secret (§4.2).
    #[must_use]
    pub fn tls_exporter(data: [u8; 32]) -> Self {
        Self { kind: BindingType::TlsExporter, data: Zeroizing::new(data.to_vec()) }
    }

    /// The `tls-server-end-point` binding from the hash of the server's certificate, made with the hash function
    /// of the certificate's signature, and SHA-256 in the place of MD5 and SHA-1 (RFC 5929 §4.1).
    ///
    /// Nothing if `hash` is empty: RFC 5802 §7 wants data behind `p=`.
    #[must_use]
    pub fn tls_server_end_point(hash: &[u8]) -> Option<Self> {
        (!hash.is_empty())
            .then(|| Self { kind: BindingType::TlsServerEndPoint, data: Zeroizing::new(hash.to_vec()) })
    }

    /// The type.
    #[must_use]
    pub fn kind(&self) -> BindingType {
        self.kind
    }

    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }

    #[cfg(test)]
    pub(crate) fn fake(kind: BindingType, data: &[u8]) -> Self {
        Self { kind, data: Zeroizing::new(data.to_vec()) }
    }
}

impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelBinding").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What the stream rests on, as seen from one end. At most one binding per type is kept.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    encrypted: bool,
    bindings: Vec<ChannelBinding>,
    peer_identities: Vec<String>,
}

impl Channel {
    /// A stream in the clear: no PLAIN, no channel binding, no EXTERNAL.
    #[must_use]
    pub fn plaintext() -> Self {
        Self::default()
    }

    /// A stream over TLS.
    #[must_use]
    pub fn tls() -> Self {
        Self { encrypted: true, ..Self::default() }
    }

    /// Adds a channel binding of this TLS connection, in the place of an earlier one of the same type. Without
    /// effect on a stream in the clear.
    #[must_use]
    pub fn with_binding(mut self, binding: ChannelBinding) -> Self {
        if self.encrypted {
            self.bindings.retain(|other| other.kind != binding.kind);
            self.bindings.push(binding);
            self.bindings.sort_by_key(|binding| core::cmp::Reverse(binding.kind));
        }
        self
    }

    /// Server role: adds an identity that the client's *verified* certificate proves, in canonical form: a bare
    /// JID for a client, a domain for a server. Without effect on a stream in the clear.
    #[must_use]
    pub fn with_peer_identity(mut self, identity: impl Into<String>) -> Self {
        if self.encrypted {
            self.peer_identities.push(identity.into());
        }
        self
    }

    /// Whether TLS is in place.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// The bindings, strongest type first.
    #[must_use]
    pub fn bindings(&self) -> &[ChannelBinding] {
        &self.bindings
    }

    /// The identities of the peer's certificate.
    #[must_use]
    pub fn peer_identities(&self) -> &[String] {
        &self.peer_identities
    }

    pub(crate) fn binding(&self, kind: BindingType) -> Option<&ChannelBinding> {
        self.bindings.iter().find(|binding| binding.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_data_of_a_binding() {
        let shown = format!("{:?}", Channel::tls().with_binding(ChannelBinding::tls_exporter([0xAB; 32])));
        assert!(shown.contains("TlsExporter") && !shown.contains("171"), "{shown}");
    }

    #[test]
    fn the_strongest_binding_comes_first_and_there_is_one_per_type() {
        let channel = Channel::tls()
            .with_binding(ChannelBinding::tls_server_end_point(b"hash").unwrap())
            .with_binding(ChannelBinding::tls_exporter([1; 32]))
            .with_binding(ChannelBinding::tls_exporter([2; 32]));
        let kinds: Vec<_> = channel.bindings().iter().map(ChannelBinding::kind).collect();
        assert_eq!(kinds, [BindingType::TlsExporter, BindingType::TlsServerEndPoint]);
        assert_eq!(channel.bindings()[0].data(), [2; 32]);
    }

    #[test]
    fn a_stream_in_the_clear_has_neither_bindings_nor_a_certificate() {
        let channel = Channel::plaintext()
            .with_binding(ChannelBinding::tls_exporter([1; 32]))
            .with_peer_identity("juliet@example.com");
        assert!(channel.bindings().is_empty() && channel.peer_identities().is_empty());
    }

    #[test]
    fn a_binding_without_data_is_not_a_binding() {
        assert!(ChannelBinding::tls_server_end_point(b"").is_none());
    }
}
