//! Names in certificates.

use std::fmt;
use std::net::IpAddr;

use stonechat_jid::BareJid;
use x509_parser::der_parser::oid;
use x509_parser::der_parser::oid::Oid;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{Service, ascii};

/// `id-on-xmppAddr` (RFC 6120 §13.7.1.4).
const XMPP_ADDR: Oid<'static> = oid!(1.3.6.1.5.5.7.8.5);
/// `id-on-dnsSRV` (RFC 4985 §2).
const SRV_NAME: Oid<'static> = oid!(1.3.6.1.5.5.7.8.7);
/// So many names of a certificate are looked at.
const MOST: usize = 1000;

/// A subject alternative name of a kind that can name an XMPP domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// `dNSName`.
    Dns(String),
    /// `SRVName` (RFC 4985): `_xmpp-server.example.org`.
    Srv(String),
    /// `XmppAddr` (RFC 6120 §13.7.1.4).
    Xmpp(String),
    /// `iPAddress`.
    Ip(IpAddr),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) | Self::Srv(name) | Self::Xmpp(name) => write!(f, "{}", name.escape_debug()),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// The names in a certificate (DER), the first 1000 of them; none of one that cannot be read.
#[must_use]
pub fn names(certificate: &[u8]) -> Vec<Name> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let names = alternatives.map(|names| &names.value.general_names).into_iter().flatten();
    names.take(MOST).filter_map(name).collect()
}

fn name(name: &GeneralName<'_>) -> Option<Name> {
    match name {
        GeneralName::DNSName(name) => Some(Name::Dns((*name).to_owned())),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| Name::Ip(bytes.into())),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| Name::Ip(bytes.into())),
            _ => None,
        },
        GeneralName::OtherName(id, value) if *id == XMPP_ADDR => text(value, UTF8_STRING).map(Name::Xmpp),
        GeneralName::OtherName(id, value) if *id == SRV_NAME => text(value, IA5_STRING).map(Name::Srv),
        _ => None,
    }
}

const UTF8_STRING: u8 = 0x0c;
const IA5_STRING: u8 = 0x16;
/// `[0]`, constructed.
const EXPLICIT: u8 = 0xa0;

/// The text in the value of an `otherName`, which is in an explicit tag (RFC 5280 §4.2.1.6).
fn text(value: &[u8], tag: u8) -> Option<String> {
    let text = content(content(value, EXPLICIT)?, tag)?;
    std::str::from_utf8(text).ok().map(str::to_owned)
}

/// What is in a DER value with this tag, which is all that there is.
fn content(value: &[u8], tag: u8) -> Option<&[u8]> {
    let (first, rest) = value.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, content) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => rest.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest))?,
        _ => return None,
    };
    (*first == tag && content.len() == length).then_some(content)
}

/// Whether one of these names is that of the domain, which has to be in its canonical form (RFC 7622 §3.2), when it serves `service`.
///
/// A wildcard stands for one label, and only where it is the whole left-most one of a `dNSName` (RFC 9525 §6.3).
#[must_use]
pub fn covers(names: &[Name], domain: &str, service: Service) -> bool {
    let address = domain.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    let host = ascii(domain);
    names.iter().any(|name| match name {
        Name::Ip(name) => address == Some(*name),
        Name::Xmpp(name) => BareJid::parse(name).is_ok_and(|name| name.as_str() == domain),
        // An address is no name, whatever stands in a name (RFC 9525 §6.5).
        Name::Dns(_) | Name::Srv(_) if address.is_some() => false,
        Name::Dns(name) => covers_host(name, &host),
        Name::Srv(name) => name
            .strip_prefix('_')
            .and_then(|name| name.split_once('.'))
            .is_some_and(|(of, name)| of.eq_ignore_ascii_case(service.name()) && is_same(name, &host)),
    })
}

fn covers_host(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(label, rest)| {
            // Not a label that only looks like one of DNS, and not a whole top-level domain.
            !label.is_empty() && parent.contains('.') && is_same(parent, rest)
        }),
        None => is_same(name, host),
    }
}

fn is_same(name: &str, host: &str) -> bool {
    !name.contains('*') && !name.is_empty() && name.eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dns(name: &str, domain: &str) -> bool {
        covers(&[Name::Dns(name.to_owned())], domain, Service::Server)
    }

    #[test]
    fn a_dns_name_is_the_domain_in_any_case_and_in_a_labels() {
        assert!(dns("example.org", "example.org") && dns("EXAMPLE.org", "example.org"));
        assert!(dns("xn--bcher-kva.example", "bücher.example"));
        for (name, domain) in [
            ("example.org", "chat.example.org"),
            ("chat.example.org", "example.org"),
            ("bücher.example", "bücher.example"),
            ("example.org.", "example.org"),
            ("example.org\0.evil.example", "example.org"),
            ("example.org,evil.example", "example.org"),
            ("", "example.org"),
        ] {
            assert!(!dns(name, domain), "{name} {domain}");
        }
    }

    #[test]
    fn a_wildcard_is_the_whole_left_most_label_and_stands_for_one() {
        assert!(dns("*.example.org", "chat.example.org"));
        assert!(
            dns("*.example.org", "xn--bcher-kva.example.org") && dns("*.example.org", "bücher.example.org")
        );
        for (name, domain) in [
            ("*.example.org", "example.org"),
            ("*.example.org", "a.b.example.org"),
            ("*.example.org", "badexample.org"),
            ("*.example.org", ".example.org"),
            ("*.org", "example.org"),
            ("*", "example"),
            ("c*.example.org", "chat.example.org"),
            ("*t.example.org", "chat.example.org"),
            ("xn--*.example.org", "xn--bcher-kva.example.org"),
            ("chat.*.org", "chat.example.org"),
            ("*.*.org", "chat.example.org"),
        ] {
            assert!(!dns(name, domain), "{name} {domain}");
        }
    }

    #[test]
    fn an_srv_name_is_for_its_service_alone() {
        let srv = |name: &str, service| covers(&[Name::Srv(name.to_owned())], "example.org", service);
        assert!(srv("_xmpp-server.example.org", Service::Server));
        assert!(srv("_XMPP-Server.Example.ORG", Service::Server));
        assert!(srv("_xmpp-client.example.org", Service::Client));
        assert!(!srv("_xmpp-client.example.org", Service::Server));
        for name in ["xmpp-server.example.org", "_xmpp-server.org", "_xmpp-server", "_xmpp-server.*.org"] {
            assert!(!srv(name, Service::Server), "{name}");
        }
    }

    #[test]
    fn an_xmpp_address_is_the_domain_and_nothing_before_or_behind_it() {
        let xmpp = |name: &str, domain: &str| covers(&[Name::Xmpp(name.to_owned())], domain, Service::Server);
        assert!(xmpp("example.org", "example.org") && xmpp("BÜCHER.example", "bücher.example"));
        for name in ["juliet@example.org", "example.org/x", "*.example.org", "", "org"] {
            assert!(!xmpp(name, "example.org"), "{name}");
        }
    }

    #[test]
    fn an_address_is_named_by_an_address() {
        let names = [Name::Ip("::1".parse().unwrap()), Name::Dns("127.0.0.1".to_owned())];
        assert!(covers(&names, "[::1]", Service::Server));
        assert!(!covers(&names, "127.0.0.1", Service::Server));
    }

    proptest! {
        #[test]
        fn no_certificate_and_no_name_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), name: String, domain: String) {
            let _ = names(&bytes);
            let _ = text(&bytes, UTF8_STRING);
            for name in [Name::Dns(name.clone()), Name::Srv(name.clone()), Name::Xmpp(name)] {
                let _ = covers(&[name], &domain, Service::Server);
            }
        }

        #[test]
        fn a_wildcard_never_covers_what_has_another_number_of_labels(labels in prop::collection::vec("[a-z]{1,5}", 1..5)) {
            let domain = labels.join(".");
            prop_assert_eq!(dns("*.example.org", &domain), false);
            let below = format!("{domain}.example.org");
            prop_assert_eq!(dns("*.example.org", &below), labels.len() == 1);
        }
    }
}
