//! The `tls-server-end-point` channel binding (RFC 5929 §4.1): a hash of the certificate, made with the hash function of
//! the certificate's signature.

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::signature_algorithm::SignatureAlgorithm;

/// The hash of a certificate, given as DER, for [`ChannelBinding::tls_server_end_point`](crate::ChannelBinding::tls_server_end_point) (RFC
/// 5929 §4.1); nothing where none is defined, as for Ed25519, or the algorithm is not known.
#[must_use]
pub fn end_point_hash(leaf: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
    let algorithm = &certificate.signature_algorithm;
    let hash = match SignatureAlgorithm::try_from(algorithm).ok()? {
        SignatureAlgorithm::RSASSA_PSS(parameters) => {
            of_digest(&parameters.hash_algorithm_oid().to_id_string())
        }
        _ => of_signature(&algorithm.algorithm.to_id_string()),
    };
    Some(match hash? {
        Hash::Sha256 => Sha256::digest(leaf).to_vec(),
        Hash::Sha384 => Sha384::digest(leaf).to_vec(),
        Hash::Sha512 => Sha512::digest(leaf).to_vec(),
    })
}

#[derive(Debug, Clone, Copy)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// The hash of a signature algorithm (RFC 4055 §5, RFC 5758 §3); SHA-256 in place of MD5 and SHA-1.
fn of_signature(oid: &str) -> Option<Hash> {
    match oid {
        // md5, sha1 and sha256 WithRSAEncryption; ecdsa-with-SHA1 and -SHA256.
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.2.840.113549.1.1.11"
        | "1.2.840.10045.4.1"
        | "1.2.840.10045.4.3.2" => Some(Hash::Sha256),
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Some(Hash::Sha384),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Some(Hash::Sha512),
        _ => None,
    }
}

fn of_digest(oid: &str) -> Option<Hash> {
    match oid {
        "1.2.840.113549.2.5" | "1.3.14.3.2.26" | "2.16.840.1.101.3.4.2.1" => Some(Hash::Sha256),
        "2.16.840.1.101.3.4.2.2" => Some(Hash::Sha384),
        "2.16.840.1.101.3.4.2.3" => Some(Hash::Sha512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(algorithm: &'static rcgen::SignatureAlgorithm) -> Vec<u8> {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_hash_is_that_of_the_certificates_signature() {
        let leaf_256 = leaf(&rcgen::PKCS_ECDSA_P256_SHA256);
        assert_eq!(end_point_hash(&leaf_256).unwrap(), Sha256::digest(&leaf_256).to_vec());
        let leaf_384 = leaf(&rcgen::PKCS_ECDSA_P384_SHA384);
        assert_eq!(end_point_hash(&leaf_384).unwrap(), Sha384::digest(&leaf_384).to_vec());
    }

    #[test]
    fn there_is_none_for_ed25519_and_for_what_is_no_certificate() {
        assert_eq!(end_point_hash(&leaf(&rcgen::PKCS_ED25519)), None);
        assert_eq!(end_point_hash(b"not a certificate"), None);
    }
}
