//! Self-signed certificates, for a first start and for tests.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::TlsError;
use super::certificates::sni;
use crate::config::KeyPair;

/// Makes a self-signed certificate for these domains and writes both files; the key can be read by its owner only.
///
/// Where the key's file is there already, the certificate is made for that key. Clients have to be told to trust the
/// certificate, so it is for a first start and for tests. It is valid for ten years.
///
/// # Errors
/// [`TlsError::File`] when a file cannot be read or written, or the certificate's file exists; [`TlsError::Generate`].
pub fn generate(domains: &[&str], pair: &KeyPair) -> Result<(), TlsError> {
    if pair.certificate.exists() {
        return Err(TlsError::file(&pair.certificate, "the file exists and is not overwritten"));
    }
    let key = key(&pair.key)?;
    let names: Vec<String> = domains.iter().map(|domain| sni(domain)).collect();
    let mut parameters = rcgen::CertificateParams::new(names)?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(first) = domains.first() {
        parameters.distinguished_name.push(rcgen::DnType::CommonName, *first);
    }
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (month, day) = (u8::try_from(today.month()).unwrap_or(1), u8::try_from(today.day()).unwrap_or(1));
    // On the first of the month, so that clocks which are a little late, and the 29th of February, do no harm.
    parameters.not_before = rcgen::date_time_ymd(today.year().into(), month, 1);
    parameters.not_after = rcgen::date_time_ymd(i32::from(today.year()) + 10, month, day.min(28));
    let certificate = parameters.self_signed(&key)?;
    write(&pair.certificate, certificate.pem().as_bytes(), 0o644)
}

/// As [`generate`], unless both files are there; says whether it made a certificate.
///
/// # Errors
/// As [`generate`]; and [`TlsError::File`] when there is a certificate without its key.
pub fn generate_if_missing(domains: &[&str], pair: &KeyPair) -> Result<bool, TlsError> {
    match (pair.certificate.exists(), pair.key.exists()) {
        (true, true) => Ok(false),
        (true, false) => Err(TlsError::file(&pair.key, "the key of the certificate is missing")),
        (false, _) => generate(domains, pair).map(|()| true),
    }
}

/// The key in this file, or a new one that is written to it.
fn key(file: &Path) -> Result<rcgen::KeyPair, TlsError> {
    match std::fs::read_to_string(file).map(zeroize::Zeroizing::new) {
        Ok(pem) => rcgen::KeyPair::from_pem(&pem).map_err(|error| TlsError::file(file, error)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = rcgen::KeyPair::generate()?;
            let pem = zeroize::Zeroizing::new(key.serialize_pem());
            write(file, pem.as_bytes(), 0o600)?;
            Ok(key)
        }
        Err(error) => Err(TlsError::file(file, error)),
    }
}

fn write(file: &Path, content: &[u8], mode: u32) -> Result<(), TlsError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(file).and_then(|mut open| {
        open.write_all(content)?;
        open.sync_all()
    });
    written.map_err(|error| TlsError::file(file, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Tls};
    use crate::tls::Certificates;

    fn pair(directory: &tempfile::TempDir) -> KeyPair {
        KeyPair { certificate: directory.path().join("cert.pem"), key: directory.path().join("key.pem") }
    }

    #[test]
    fn a_generated_certificate_loads_and_its_key_is_the_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let pair = pair(&directory);
        assert!(generate_if_missing(&["localhost", "bücher.example"], &pair).unwrap());
        assert!(!generate_if_missing(&["localhost"], &pair).unwrap());
        let config = Config { tls: Tls::with(pair.clone()), ..Config::for_host("localhost") };
        Certificates::load(&config).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&pair.key).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn nothing_is_overwritten_and_a_lone_key_is_used() {
        let directory = tempfile::tempdir().unwrap();
        let pair = pair(&directory);
        generate(&["localhost"], &pair).unwrap();
        assert!(generate(&["localhost"], &pair).unwrap_err().to_string().contains("cert.pem"));
        let key = std::fs::read(&pair.key).unwrap();
        std::fs::remove_file(&pair.certificate).unwrap();
        generate(&["localhost"], &pair).unwrap();
        assert_eq!(std::fs::read(&pair.key).unwrap(), key);
        std::fs::remove_file(&pair.key).unwrap();
        assert!(generate_if_missing(&["localhost"], &pair).unwrap_err().to_string().contains("key.pem"));
    }

    #[test]
    fn files_that_are_missing_damaged_or_do_not_fit_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let good = pair(&directory);
        generate(&["localhost"], &good).unwrap();
        let other =
            KeyPair { certificate: directory.path().join("o.pem"), key: directory.path().join("o.key") };
        generate(&["localhost"], &other).unwrap();
        let empty = directory.path().join("empty");
        std::fs::write(&empty, "").unwrap();
        let complaint = |certificate: &Path, key: &Path| {
            let pair = KeyPair { certificate: certificate.to_owned(), key: key.to_owned() };
            let config = Config { tls: Tls::with(pair), ..Config::for_host("localhost") };
            Certificates::load(&config).unwrap_err().to_string()
        };
        let missing = directory.path().join("missing");
        assert!(complaint(&missing, &good.key).contains("missing"));
        assert!(complaint(&good.certificate, &missing).contains("missing"));
        assert!(complaint(&empty, &good.key).contains("empty"));
        assert!(complaint(&good.certificate, &empty).contains("no private key"));
        assert!(complaint(&good.certificate, &other.key).contains("o.key"));
    }
}
