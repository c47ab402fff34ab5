//! An authority that the servers of a test believe, and the certificates that it has signed.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};

use crate::{TempDir, tempdir};

/// An authority with a folder of its own for what it signs.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate and its key, in PEM files.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// Where there is no randomness, or no place for files.
    #[must_use]
    pub fn new() -> Self {
        let mut params = params(&[]);
        params.distinguished_name.push(DnType::CommonName, "the authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = key();
        let certificate = params.self_signed(&key).expect("the key can sign");
        let folder = tempdir();
        write(&folder.path().join("authority.pem"), &certificate.pem());
        Self { issuer: Issuer::new(params, key), folder }
    }

    /// The certificate of the authority.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A certificate for servers, and for them alone, as public authorities issue them, that is for these names.
    #[must_use]
    pub fn sign(&self, names: &[&str]) -> Identity {
        self.sign_with(names, |_| {})
    }

    /// One for TLS clients as well: older servers insist on that.
    #[must_use]
    pub fn sign_for_both(&self, names: &[&str]) -> Identity {
        self.sign_with(names, |params| params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth))
    }

    /// One whose time is over.
    #[must_use]
    pub fn sign_expired(&self, names: &[&str]) -> Identity {
        self.sign_with(names, |params| params.not_after = date_time_ymd(2021, 1, 1))
    }

    /// One that nobody else has signed.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[must_use]
    pub fn self_signed(&self, names: &[&str]) -> Identity {
        let key = key();
        let certificate = params(names).self_signed(&key).expect("the key can sign");
        self.keep(&certificate.pem(), &key)
    }

    fn sign_with(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = params(names);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        change(&mut params);
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer).expect("the authority can sign");
        self.keep(&certificate.pem(), &key)
    }

    fn keep(&self, certificate: &str, key: &KeyPair) -> Identity {
        let folder = tempfile::Builder::new().prefix("signed-").tempdir_in(self.folder.path());
        // The authority's folder goes, and all that is in it.
        let folder = folder.expect("the folder can be written to").keep();
        let identity = Identity { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
        write(&identity.certificate, certificate);
        write(&identity.key, &key.serialize_pem());
        identity
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let all: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(all).expect("the names are names");
    if let Some(first) = names.first() {
        params.distinguished_name.push(DnType::CommonName, *first);
    }
    // Not every server reads dates behind 2049, as these are written differently (RFC 5280 §4.1.2.5).
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 1, 1);
    params
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("there is randomness")
}

fn write(file: &Path, text: &str) {
    fs::write(file, text).expect("the folder can be written to");
}
