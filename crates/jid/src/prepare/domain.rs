//! Domainparts: host names and IP addresses.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use idna::uts46::{AsciiDenyList, Hyphens, Uts46};

use super::{check_class, check_length, settle};
use crate::ascii::{MAX_HOST_BYTES, MAX_LABEL_BYTES, is_nr_ldh};
use crate::error::{Error, Part};
use crate::precis::Class;

/// What an A-label begins with (RFC 5890 §2.3.2.1).
const ACE_PREFIX: &str = "xn--";

/// The canonical form of a domainpart (RFC 7622 §3.2): without a final dot, and
///
/// - a host name of NR-LDH labels and U-labels in lower case (A-labels are converted; RFC 5890, RFC 5892; mapped as
///   UTS #46 does), within the lengths of the DNS;
/// - or an IPv4 address; a name of digits and dots alone has to be one;
/// - or an IPv6 address in brackets as RFC 5952 writes it, with or without a zone (RFC 6874).
///
/// # Errors
///
/// The first rule broken.
pub fn domain(raw: &str) -> Result<Cow<'_, str>, Error> {
    check_length(Part::Domain, raw)?;
    settle(Part::Domain, raw, canonical)
}

fn canonical(raw: &str) -> Result<Cow<'_, str>, Error> {
    let name = raw.strip_suffix('.').unwrap_or(raw);
    if let Some(literal) = name.strip_prefix('[') {
        return ip_literal(literal).map(Cow::Owned);
    }
    if name.is_ascii() && !has_a_label(name) { ascii_name(name) } else { international_name(name) }
}

/// Checks what follows the opening bracket of an IP literal and writes the literal anew.
fn ip_literal(literal: &str) -> Result<String, Error> {
    let inner = literal.strip_suffix(']').ok_or(Error::IpAddress)?;
    let (address, zone) = match inner.split_once("%25") {
        Some((address, zone)) => (address, Some(zone)),
        None => (inner, None),
    };
    let address: Ipv6Addr = address.parse().map_err(|_| Error::IpAddress)?;
    match zone {
        None => Ok(format!("[{address}]")),
        Some(zone) if is_zone(zone) => Ok(format!("[{address}%25{zone}]")),
        Some(_) => Err(Error::IpAddress),
    }
}

/// `ZoneID = 1*( unreserved / pct-encoded )` (RFC 6874 §2).
fn is_zone(zone: &str) -> bool {
    let mut bytes = zone.bytes();
    while let Some(byte) = bytes.next() {
        let good = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~".contains(&byte),
        };
        if !good {
            return false;
        }
    }
    !zone.is_empty()
}

fn has_a_label(name: &str) -> bool {
    name.split('.').any(is_a_label)
}

fn is_a_label(label: &str) -> bool {
    label.get(..ACE_PREFIX.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(ACE_PREFIX))
}

/// A name of NR-LDH labels, or an IPv4 address.
fn ascii_name(name: &str) -> Result<Cow<'_, str>, Error> {
    check_length(Part::Domain, name)?;
    if let Some(found) =
        name.chars().find(|found| !found.is_ascii_alphanumeric() && !matches!(found, '-' | '.'))
    {
        return Err(Error::Forbidden { part: Part::Domain, found });
    }
    if name.len() > MAX_HOST_BYTES {
        return Err(Error::HostTooLong);
    }
    if !name.split('.').all(|label| is_nr_ldh(label.as_bytes())) {
        return Err(Error::Label);
    }
    let numeric = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if numeric && name.parse::<Ipv4Addr>().is_err() {
        return Err(Error::IpAddress);
    }
    Ok(if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    })
}

/// A name with U-labels or A-labels.
fn international_name(raw: &str) -> Result<Cow<'_, str>, Error> {
    let (name, verdict) = Uts46::new().to_unicode(raw.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
    verdict.map_err(|_| Error::Idna)?;
    check_length(Part::Domain, &name)?;
    if name.is_ascii() {
        return Ok(Cow::Owned(ascii_name(name.strip_suffix('.').unwrap_or(&name))?.into_owned()));
    }
    let mut octets = 0;
    for label in name.strip_suffix('.').unwrap_or(&name).split('.') {
        octets += label_octets(label)? + 1;
    }
    // The dots between the labels count, one after the last does not.
    if octets - 1 > MAX_HOST_BYTES {
        return Err(Error::HostTooLong);
    }
    Ok(name)
}

/// Checks a mapped label by IDNA2008 and gives its length as the DNS has it.
fn label_octets(label: &str) -> Result<usize, Error> {
    if label.is_ascii() {
        return if is_nr_ldh(label.as_bytes()) { Ok(label.len()) } else { Err(Error::Label) };
    }
    // UTS #46 lets through symbols that IDNA2008 does not. Of what it has mapped, the code points valid by RFC 5892
    // §3 are those of the IdentifierClass, which was made from them (RFC 8264 §9).
    check_class(Part::Domain, label, Class::Identifier)?;
    let punycode = idna::punycode::encode_str(label).ok_or(Error::Label)?;
    let octets = ACE_PREFIX.len() + punycode.len();
    if octets > MAX_LABEL_BYTES { Err(Error::Label) } else { Ok(octets) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_mapped_to_one_form() {
        let cases = [
            ("Example.COM", "example.com"),
            ("example.com.", "example.com"),
            ("localhost", "localhost"),
            ("xn--bcher-kva.example", "bücher.example"),
            ("XN--BCHER-KVA.Example.", "bücher.example"),
            ("BÜCHER.example", "bücher.example"),
            ("bu\u{308}cher.example", "bücher.example"),
            ("straße.example", "straße.example"),
            ("ｅｘａｍｐｌｅ。com", "example.com"),
            ("example。com。", "example.com"),
            ("bücher。example。", "bücher.example"),
            ("例え.テスト", "例え.テスト"),
            ("אבג.example", "אבג.example"),
            ("a-b.c-d.example", "a-b.c-d.example"),
        ];
        for (raw, canonical) in cases {
            assert_eq!(domain(raw).as_deref(), Ok(canonical), "{raw}");
        }
    }

    #[test]
    fn ip_addresses_are_written_one_way() {
        let cases = [
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1.", "127.0.0.1"),
            ("１27.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("[0:0:0:0:0:0:0:1]", "[::1]"),
            ("[2001:DB8::A]", "[2001:db8::a]"),
            ("[::FFFF:192.0.2.1]", "[::ffff:192.0.2.1]"),
            ("[fe80::1%25eth0]", "[fe80::1%25eth0]"),
            ("[FE80::1%25en%201]", "[fe80::1%25en%201]"),
        ];
        for (raw, canonical) in cases {
            assert_eq!(domain(raw).as_deref(), Ok(canonical), "{raw}");
        }
    }

    #[test]
    fn what_only_looks_like_an_ip_address_is_refused() {
        let cases = [
            "1.2.3",
            "256.1.1.1",
            "1.2.3.4.5",
            "0177.0.0.1",
            "1",
            "[::1",
            "[]",
            "[1.2.3.4]",
            "[::1]x",
            "[v1.x]",
            "[fe80::1%25]",
            "[fe80::1%eth0]",
            "[fe80::1%25e/]",
            "[fe80::1%25%2]",
            "[fe80::1%25%zz]",
        ];
        for raw in cases {
            assert_eq!(domain(raw), Err(Error::IpAddress), "{raw}");
        }
        assert!(domain("::1").is_err());
    }

    #[test]
    fn names_that_are_no_host_names_are_refused() {
        let long_label = "a".repeat(64);
        let long_name = format!("{}b", "a.".repeat(127));
        let long_u_label = "ü".repeat(60);
        let long_u_name = format!("{}ü", "ü.".repeat(50));
        let cases = [
            ("", Error::Empty(Part::Domain)),
            (".", Error::Empty(Part::Domain)),
            ("a..b", Error::Label),
            (".a", Error::Label),
            ("a..", Error::Label),
            ("ü..b", Error::Label),
            ("-a.b", Error::Label),
            ("a-.b", Error::Label),
            ("ab--cd", Error::Label),
            (&long_label, Error::Label),
            (&long_name, Error::HostTooLong),
            (&long_u_label, Error::Label),
            (&long_u_name, Error::HostTooLong),
            ("a_b", Error::Forbidden { part: Part::Domain, found: '_' }),
            ("a b", Error::Forbidden { part: Part::Domain, found: ' ' }),
            ("a:5222", Error::Forbidden { part: Part::Domain, found: ':' }),
            ("ü_b", Error::Idna),
            ("xn--a", Error::Idna),
            ("xn--", Error::Idna),
            ("אa.example", Error::Idna),
            ("☃.example", Error::Forbidden { part: Part::Domain, found: '☃' }),
            ("xn--n3h.example", Error::Forbidden { part: Part::Domain, found: '☃' }),
        ];
        for (raw, error) in cases {
            assert_eq!(domain(raw), Err(error), "{raw}");
        }
        assert!(domain(&"ü".repeat(100_000)).is_err());
    }
}
