//! The mechanisms' names and their order of strength.

use core::fmt;
use core::str::FromStr;

use crate::BindingType;
use crate::scram::Hash;

/// A SASL mechanism that this crate implements.
///
/// The order is the order of strength that both roles prefer: a client certificate over SCRAM with channel
/// binding, that over SCRAM without, a better hash over a weaker one, and all of these over PLAIN. The HT mechanisms are apart from
/// these: they are for tokens, not passwords, and each token is for one of them.
///
/// ```
/// use stonechat_sasl::Mechanism;
///
/// let mechanism: Mechanism = "SCRAM-SHA-256-PLUS".parse().unwrap();
/// assert!(mechanism > Mechanism::SCRAM_SHA_512);
/// assert_eq!(mechanism.name(), "SCRAM-SHA-256-PLUS");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mechanism {
    /// ANONYMOUS (RFC 4505): nobody in particular.
    Anonymous,
    /// PLAIN (RFC 4616): the password itself; only ever under TLS.
    Plain,
    /// HT with SHA-256 (draft-schmaus-kitten-sasl-ht-09): a token that the server has issued, without channel binding or with one
    /// of this type. HT-SHA-256-UNIQ is left out for the reasons for which [`BindingType`] has no `tls-unique`.
    HashedToken(Option<BindingType>),
    /// SCRAM without channel binding (RFC 5802, RFC 7677).
    Scram(Hash),
    /// SCRAM bound to the TLS channel (RFC 5802 §6).
    ScramPlus(Hash),
    /// EXTERNAL (RFC 4422 appendix A): the TLS client certificate.
    External,
}

impl Mechanism {
    /// SCRAM-SHA-1.
    pub const SCRAM_SHA_1: Self = Self::Scram(Hash::Sha1);
    /// SCRAM-SHA-1-PLUS.
    pub const SCRAM_SHA_1_PLUS: Self = Self::ScramPlus(Hash::Sha1);
    /// SCRAM-SHA-256.
    pub const SCRAM_SHA_256: Self = Self::Scram(Hash::Sha256);
    /// SCRAM-SHA-256-PLUS.
    pub const SCRAM_SHA_256_PLUS: Self = Self::ScramPlus(Hash::Sha256);
    /// SCRAM-SHA-512.
    pub const SCRAM_SHA_512: Self = Self::Scram(Hash::Sha512);
    /// SCRAM-SHA-512-PLUS.
    pub const SCRAM_SHA_512_PLUS: Self = Self::ScramPlus(Hash::Sha512);

    /// HT-SHA-256-NONE.
    pub const HT_SHA_256_NONE: Self = Self::HashedToken(None);
    /// HT-SHA-256-ENDP.
    pub const HT_SHA_256_ENDP: Self = Self::HashedToken(Some(BindingType::TlsServerEndPoint));
    /// HT-SHA-256-EXPR.
    pub const HT_SHA_256_EXPR: Self = Self::HashedToken(Some(BindingType::TlsExporter));

    /// Every mechanism, weakest first.
    pub const ALL: [Self; 12] = [
        Self::Anonymous,
        Self::Plain,
        Self::HT_SHA_256_NONE,
        Self::HT_SHA_256_ENDP,
        Self::HT_SHA_256_EXPR,
        Self::SCRAM_SHA_1,
        Self::SCRAM_SHA_256,
        Self::SCRAM_SHA_512,
        Self::SCRAM_SHA_1_PLUS,
        Self::SCRAM_SHA_256_PLUS,
        Self::SCRAM_SHA_512_PLUS,
        Self::External,
    ];

    /// The SCRAM mechanisms, weakest first.
    pub const SCRAM: [Self; 6] = [
        Self::SCRAM_SHA_1,
        Self::SCRAM_SHA_256,
        Self::SCRAM_SHA_512,
        Self::SCRAM_SHA_1_PLUS,
        Self::SCRAM_SHA_256_PLUS,
        Self::SCRAM_SHA_512_PLUS,
    ];

    /// The mechanisms for tokens, weakest first.
    pub const HASHED_TOKEN: [Self; 3] = [Self::HT_SHA_256_NONE, Self::HT_SHA_256_ENDP, Self::HT_SHA_256_EXPR];

    /// The name in the registry of SASL mechanisms, as it stands in `<mechanism/>`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "ANONYMOUS",
            Self::Plain => "PLAIN",
            Self::HashedToken(None) => "HT-SHA-256-NONE",
            Self::HashedToken(Some(BindingType::TlsServerEndPoint)) => "HT-SHA-256-ENDP",
            Self::HashedToken(Some(BindingType::TlsExporter)) => "HT-SHA-256-EXPR",
            Self::Scram(hash) => hash.mechanism_name(),
            Self::ScramPlus(Hash::Sha1) => "SCRAM-SHA-1-PLUS",
            Self::ScramPlus(Hash::Sha256) => "SCRAM-SHA-256-PLUS",
            Self::ScramPlus(Hash::Sha512) => "SCRAM-SHA-512-PLUS",
            Self::External => "EXTERNAL",
        }
    }

    /// The hash of a SCRAM mechanism.
    #[must_use]
    pub const fn hash(self) -> Option<Hash> {
        match self {
            Self::Scram(hash) | Self::ScramPlus(hash) => Some(hash),
            Self::Anonymous | Self::Plain | Self::HashedToken(_) | Self::External => None,
        }
    }

    /// Whether the mechanism is for tokens that the server has issued.
    #[must_use]
    pub const fn takes_token(self) -> bool {
        matches!(self, Self::HashedToken(_))
    }

    /// Whether the mechanism binds to the TLS channel.
    #[must_use]
    pub const fn binds_channel(self) -> bool {
        matches!(self, Self::ScramPlus(_) | Self::HashedToken(Some(_)))
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The mechanism's name is not one that this crate implements. To a client, a server answers
/// [`Failure::InvalidMechanism`](crate::Failure::InvalidMechanism).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown SASL mechanism")]
pub struct UnknownMechanism;

impl FromStr for Mechanism {
    type Err = UnknownMechanism;

    /// Reads a mechanism's name. Names are upper case (RFC 4422 §3.1); nothing else is taken.
    fn from_str(name: &str) -> Result<Self, UnknownMechanism> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name() == name).ok_or(UnknownMechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_its_mechanism() {
        for mechanism in Mechanism::ALL {
            assert_eq!(mechanism.name().parse(), Ok(mechanism));
            assert!(mechanism.name().len() <= 20, "RFC 4422 §3.1: {mechanism}");
        }
    }

    #[test]
    fn names_in_lower_case_and_unknown_names_are_refused() {
        for name in ["plain", "SCRAM-SHA-256-plus", "", "SCRAM-MD5", "PLAIN "] {
            assert_eq!(name.parse::<Mechanism>(), Err(UnknownMechanism));
        }
    }

    #[test]
    fn the_list_of_all_mechanisms_is_in_order_of_strength() {
        assert!(Mechanism::ALL.is_sorted());
        assert!(Mechanism::SCRAM.is_sorted());
    }
}
