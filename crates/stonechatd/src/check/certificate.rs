//! A host's certificate: whether it is there, fits its key, names the host, and for how long.

use std::path::Path;

use jiff::{Timestamp, ToSpan as _};
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use stonechat_net::Service;
use stonechat_net::certificate::{Name, covers, names};
use stonechat_server::config::{Host, KeyPair};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::Report;
use crate::config::Settings;

/// How many days before its end a certificate is warned of.
const SOON: i64 = 14;

/// What is to be known of a certificate.
#[derive(Debug, PartialEq)]
struct Facts {
    names: Vec<Name>,
    begins: Timestamp,
    ends: Timestamp,
    is_self_signed: bool,
}

/// Checks the certificate of a host.
pub(super) fn check(settings: &Settings, domain: &str, host: &Host, report: &mut Report) {
    let (key, pair) = match (&host.tls, settings.server.tls.key_pair()) {
        (Some(pair), _) => (format!("hosts.{domain}.tls"), pair.clone()),
        (None, Some(pair)) => ("tls".to_owned(), pair),
        (None, None) => return report.fact("certificate", "none, as no listener has TLS"),
    };
    let is_own = settings.own_certificates.contains_key(domain);
    if is_own && !pair.certificate.exists() {
        return report
            .warn("certificate", "none is configured: a self-signed one is made when the server starts");
    }
    let file = pair.certificate.display();
    match read(&pair) {
        Err(why) => report.problem("certificate", key, why),
        Ok(facts) => match judge(&facts, domain, Timestamp::now()) {
            Err(why) => report.problem("certificate", key, format!("{file}: {why}")),
            Ok(warnings) => {
                let (names, ends) = (list(&facts.names), day(facts.ends));
                report.fact("certificate", format!("{file}, for {names}, until {ends}"));
                warnings.iter().for_each(|why| report.warn("certificate", why));
            }
        },
    }
}

fn read(pair: &KeyPair) -> Result<Facts, String> {
    let failed = |file: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let bytes = |file: &Path| std::fs::read(file).map_err(|error| failed(file, &error));
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes(&pair.certificate)?)
        .map(|item| item.map(CertificateDer::into_owned))
        .collect();
    let chain = chain.map_err(|error| failed(&pair.certificate, &error))?;
    let leaf =
        chain.first().ok_or_else(|| failed(&pair.certificate, &"there is no certificate in this file"))?;
    let facts = parse(leaf).map_err(|error| failed(&pair.certificate, &error))?;
    let pem = zeroize::Zeroizing::new(bytes(&pair.key)?);
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| failed(&pair.key, &error))?;
    CertifiedKey::from_der(chain.clone(), key, &aws_lc_rs::default_provider())
        .map_err(|error| format!("{} with {}: {error}", pair.certificate.display(), pair.key.display()))?;
    Ok(facts)
}

fn parse(leaf: &[u8]) -> Result<Facts, String> {
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(|error| error.to_string())?;
    let time = |time: x509_parser::time::ASN1Time| {
        Timestamp::from_second(time.timestamp()).map_err(|error| error.to_string())
    };
    let validity = certificate.validity();
    Ok(Facts {
        names: names(leaf),
        begins: time(validity.not_before)?,
        ends: time(validity.not_after)?,
        is_self_signed: certificate.subject() == certificate.issuer(),
    })
}

/// What is wrong with a certificate for this domain, or else what its operator should know.
fn judge(facts: &Facts, domain: &str, now: Timestamp) -> Result<Vec<String>, String> {
    if now < facts.begins {
        return Err(format!("it is not valid before {}", day(facts.begins)));
    }
    if now > facts.ends {
        return Err(format!("it expired on {}", day(facts.ends)));
    }
    if !covers(&facts.names, domain, Service::Client) {
        let names = if facts.names.is_empty() { "nobody".to_owned() } else { list(&facts.names) };
        return Err(format!("it is for {names}, not for {domain}"));
    }
    let mut warnings = Vec::new();
    if facts.is_self_signed {
        warnings.push("self-signed: clients have to be told to trust it".to_owned());
    }
    if now.checked_add((SOON * 24).hours()).is_ok_and(|soon| soon > facts.ends) {
        warnings.push(format!("it expires on {}", day(facts.ends)));
    }
    Ok(warnings)
}

fn list(names: &[Name]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(names: &[&str]) -> Facts {
        Facts {
            names: names.iter().map(|name| Name::Dns((*name).to_owned())).collect(),
            begins: "2026-01-01T00:00:00Z".parse().unwrap(),
            ends: "2026-03-01T00:00:00Z".parse().unwrap(),
            is_self_signed: false,
        }
    }

    fn at(day: &str) -> Timestamp {
        format!("{day}T12:00:00Z").parse().unwrap()
    }

    #[test]
    fn it_has_to_name_the_host() {
        let now = at("2026-02-01");
        assert_eq!(judge(&facts(&["example.org"]), "example.org", now), Ok(vec![]));
        assert_eq!(judge(&facts(&["xn--bcher-kva.example"]), "bücher.example", now), Ok(vec![]));
        assert_eq!(judge(&facts(&["*.example.org"]), "chat.example.org", now), Ok(vec![]));
        for (name, domain) in
            [("*.example.org", "example.org"), ("*.example.org", "a.b.example.org"), ("a", "b")]
        {
            let why = judge(&facts(&[name]), domain, now).unwrap_err();
            assert!(why.contains(name) && why.contains(domain), "{why}");
        }
    }

    #[test]
    fn its_time_has_to_be_now_and_its_end_is_warned_of() {
        let facts = facts(&["a"]);
        assert!(judge(&facts, "a", at("2025-12-31")).unwrap_err().contains("2026-01-01"));
        assert!(judge(&facts, "a", at("2026-03-01")).unwrap_err().contains("expired on 2026-03-01"));
        assert_eq!(judge(&facts, "a", at("2026-02-01")), Ok(vec![]));
        assert_eq!(judge(&facts, "a", at("2026-02-20")).unwrap(), ["it expires on 2026-03-01"]);
    }

    #[test]
    fn a_certificate_that_was_made_here_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let pair = KeyPair { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
        stonechat_server::tls::generate(&["localhost"], &pair).unwrap();
        let facts = read(&pair).unwrap();
        assert!(facts.is_self_signed && facts.names == [Name::Dns("localhost".to_owned())]);
        assert_eq!(judge(&facts, "localhost", Timestamp::now()).unwrap().len(), 1);
        std::fs::remove_file(&pair.key).unwrap();
        assert!(read(&pair).unwrap_err().contains("k.pem"));
    }
}
