//! Certificates as they come from authorities, good and bad.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, SanType, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, UnixTime};
use stonechat_net::Service;
use stonechat_net::certificate::{Distrust, Name, Roots, judge, names};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn roots(&self) -> Roots {
        Roots::of([&self.certificate]).unwrap()
    }

    fn sign(&self, params: &CertificateParams) -> CertificateDer<'static> {
        params.signed_by(&KeyPair::generate().unwrap(), &self.issuer).unwrap().der().clone()
    }
}

fn for_names(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

fn verdict(authority: &Authority, params: &CertificateParams, domain: &str) -> Result<(), Distrust> {
    judge(&[authority.sign(params)], domain, Service::Server, &authority.roots(), UnixTime::now())
}

const XMPP_ADDR: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 8, 5];

#[test]
fn a_certificate_that_names_the_domain_is_trusted() {
    let authority = Authority::new("trusted");
    let mut addresses = for_names(&[]);
    addresses.subject_alt_names =
        vec![SanType::OtherName((XMPP_ADDR.to_vec(), "bücher.example".to_owned().into()))];
    for (params, domain) in [
        (for_names(&["example.org"]), "example.org"),
        (for_names(&["other.example", "*.example.org"]), "chat.example.org"),
        (for_names(&["xn--bcher-kva.example"]), "bücher.example"),
        (addresses, "bücher.example"),
        (for_names(&["127.0.0.1"]), "127.0.0.1"),
    ] {
        assert_eq!(verdict(&authority, &params, domain), Ok(()), "{domain}");
    }
}

#[test]
fn a_certificate_for_others_is_not() {
    let authority = Authority::new("trusted");
    for (named, domain, told) in [
        (&["example.com"][..], "example.org", "example.com"),
        (&["*.example.org"][..], "example.org", "*.example.org"),
        (&["*.example.org"][..], "a.b.example.org", "*.example.org"),
        (&["a.b", "c.d", "e.f", "g.h", "i.j"][..], "example.org", "a.b, c.d, e.f and 2 others"),
        (&[][..], "example.org", "nobody"),
    ] {
        let expected = Err(Distrust::OtherName(told.to_owned()));
        assert_eq!(verdict(&authority, &for_names(named), domain), expected, "{domain}");
    }
}

#[test]
fn the_common_name_does_not_count() {
    let authority = Authority::new("trusted");
    let mut params = for_names(&[]);
    params.distinguished_name.push(DnType::CommonName, "example.org");
    assert_eq!(verdict(&authority, &params, "example.org"), Err(Distrust::OtherName("nobody".to_owned())));
}

#[test]
fn usage_by_tls_servers_is_enough_and_needed_where_usages_are_named() {
    use ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
    let authority = Authority::new("trusted");
    let verdict = |usages: Vec<_>| {
        let mut params = for_names(&["example.org"]);
        params.extended_key_usages = usages;
        verdict(&authority, &params, "example.org")
    };
    assert_eq!(verdict(vec![]), Ok(()));
    assert_eq!(verdict(vec![ServerAuth]), Ok(()));
    assert_eq!(verdict(vec![ServerAuth, ClientAuth]), Ok(()));
    assert!(matches!(verdict(vec![ClientAuth]), Err(Distrust::Unusable(_))));
}

#[test]
fn time_and_issuer_are_told_apart() {
    let (authority, other) = (Authority::new("trusted"), Authority::new("another"));
    let mut expired = for_names(&["example.org"]);
    expired.not_before = date_time_ymd(2000, 1, 1);
    expired.not_after = date_time_ymd(2001, 1, 1);
    assert_eq!(verdict(&authority, &expired, "example.org"), Err(Distrust::Expired));
    let mut early = for_names(&["example.org"]);
    early.not_before = date_time_ymd(2999, 1, 1);
    early.not_after = date_time_ymd(3000, 1, 1);
    assert_eq!(verdict(&authority, &early, "example.org"), Err(Distrust::NotYetValid));

    let good = for_names(&["example.org"]);
    let chain = [other.sign(&good)];
    let judged = judge(&chain, "example.org", Service::Server, &authority.roots(), UnixTime::now());
    assert_eq!(judged, Err(Distrust::UnknownIssuer));
    let own = good.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone();
    let judge = |roots: &Roots| {
        judge(std::slice::from_ref(&own), "example.org", Service::Server, roots, UnixTime::now())
    };
    assert_eq!(judge(&authority.roots()), Err(Distrust::UnknownIssuer));
    assert_eq!(judge(&Roots::of([&own]).unwrap()), Ok(()));
}

#[test]
fn what_is_no_certificate_is_not_trusted() {
    let authority = Authority::new("trusted");
    let judge = |chain: &[CertificateDer<'_>]| {
        judge(chain, "example.org", Service::Server, &authority.roots(), UnixTime::now())
    };
    assert_eq!(judge(&[]), Err(Distrust::Missing));
    assert!(matches!(judge(&[CertificateDer::from(vec![0x30, 0])]), Err(Distrust::Unusable(_))));
}

/// RFC 6120 §13.7.1.2.2, the first example, as an authority would write it: an `IA5String` in an `otherName`.
#[test]
fn an_srv_name_is_read() {
    let name = b"_xmpp-server.im.example.com";
    let length = |inner: &[u8]| u8::try_from(inner.len()).unwrap();
    let wrap = |tag: u8, inner: &[u8]| [&[tag, length(inner)], inner].concat();
    let id = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 8, 7];
    let other = wrap(0xa0, &[&id[..], &wrap(0xa0, &wrap(0x16, name))].concat());
    let mut params = for_names(&[]);
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], wrap(0x30, &other))];
    let authority = Authority::new("trusted");
    let found = names(&authority.sign(&params));
    assert_eq!(found, [Name::Srv("_xmpp-server.im.example.com".to_owned())]);
    assert_eq!(verdict(&authority, &params, "im.example.com"), Ok(()));
}
