//! The steps of the way to another server in plain words.

use std::net::SocketAddr;

use rustls::ProtocolVersion;
use rustls_pki_types::CertificateDer;
use stonechat_net::certificate::{Distrust, names};
use stonechat_net::{Service, Target};
use stonechat_stanza::{Element, ns};
use stonechat_stream::codec::Frame;
use stonechat_stream::{Features, sasl};

use super::steps::{Record, Stage};
use crate::connection::Socket;

/// What is said of a domain that has let us in for our certificate.
pub(super) const EXTERNAL: &str = "it takes our certificate (SASL EXTERNAL)";
/// What is said of one that has asked our own server.
pub(super) const DIALBACK: &str = "it has asked our server back and was told that it was us (dialback)";
/// So many hosts, names and the like are named.
const MOST: usize = 8;

pub(super) fn targets(domain: &str, targets: &[Target], is_route: bool) -> String {
    let named = list(targets.iter().map(|target| {
        let tls = if target.direct_tls { "direct TLS" } else { "STARTTLS" };
        format!("{} port {} ({tls})", target.host, target.port)
    }));
    match targets {
        _ if is_route => format!("not asked: the configuration has a route to {named}"),
        [only] if *only == Target::fallback(domain, Service::Server) => {
            format!("no SRV record names a host, so it is the domain itself: {named}")
        }
        _ => format!("SRV records name {named}"),
    }
}

pub(super) fn addresses(host: &str, addresses: &[SocketAddr]) -> String {
    format!("{host} is {}", list(addresses.iter().map(|address| address.ip().to_string())))
}

pub(super) fn connection(stream: &Socket) -> String {
    match stream.peer_addr() {
        Some(address) => format!("connected with {address}"),
        None => "connected".to_owned(),
    }
}

pub(super) fn tls(connection: &rustls::CommonState) -> String {
    let version = tls_version(connection.protocol_version());
    match connection.negotiated_cipher_suite() {
        Some(suite) => format!("{version} with {:?}", suite.suite()),
        None => version.to_owned(),
    }
}

pub(super) const fn tls_version(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    }
}

pub(super) fn certificate(chain: &[CertificateDer<'_>], judged: Result<(), Distrust>) -> String {
    let names = chain.first().map(|leaf| names(leaf)).unwrap_or_default();
    let names = list(names.iter().map(ToString::to_string));
    match judged {
        Ok(()) => format!("good: for {names}, and signed by who is trusted here"),
        Err(why) => format!("not good, which the policy for this domain does not ask for: {why}"),
    }
}

/// The features that are offered under TLS.
pub(super) fn heard(frame: &Frame, record: &Record) {
    if !record.is_at(Stage::Features) {
        return;
    }
    let Frame::Nonza(nonza) = frame else { return };
    let Some(features) = nonza.element().ok().and_then(|element| Features::from_element(&element)) else {
        return;
    };
    record.done(|| describe(&features));
    record.begin(Stage::Authentication);
}

fn describe(features: &Features) -> String {
    let mut offered = Vec::new();
    for feature in features.iter() {
        offered.push(match name(feature) {
            Some(name) => name.to_owned(),
            None if feature.is("mechanisms", ns::SASL) => {
                let mechanisms = features.get::<sasl::Mechanisms>().ok().flatten().unwrap_or_default();
                format!("SASL {}", mechanisms.names.join(" "))
            }
            None => feature.ns().escape_debug().to_string(),
        });
    }
    if offered.is_empty() { "none is offered".to_owned() } else { list(offered.into_iter()) }
}

/// What a feature is called where its namespace says little to people.
fn name(feature: &Element) -> Option<&'static str> {
    match feature.ns().as_str() {
        "urn:xmpp:features:dialback" => Some("dialback"),
        "urn:xmpp:bidi" | "urn:xmpp:features:bidi" => Some("streams for both directions"),
        "urn:xmpp:sm:3" => Some("stream management"),
        "urn:xmpp:stream-limits:0" => Some("limits"),
        _ => None,
    }
}

/// A few of them, and how many others there are.
fn list(mut words: impl Iterator<Item = String>) -> String {
    let mut named = words.by_ref().take(MOST).collect::<Vec<_>>().join(", ");
    let others = words.count();
    if named.is_empty() {
        named.push_str("nothing");
    }
    if others > 0 {
        named.push_str(&format!(" and {others} others"));
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str, port: u16, direct_tls: bool) -> Target {
        Target { host: host.to_owned(), port, direct_tls }
    }

    #[test]
    fn where_the_hosts_come_from_is_said() {
        let own = target("a.example", 5269, false);
        assert_eq!(
            targets("a.example", std::slice::from_ref(&own), false),
            "no SRV record names a host, so it is the domain itself: a.example port 5269 (STARTTLS)"
        );
        assert_eq!(
            targets("a.example", &[target("x.example", 5270, true), own.clone()], false),
            "SRV records name x.example port 5270 (direct TLS), a.example port 5269 (STARTTLS)"
        );
        assert!(
            targets("a.example", &[own], true).starts_with("not asked: the configuration has a route to")
        );
    }

    #[test]
    fn of_many_a_few_are_named() {
        let words = |count: usize| list((0..count).map(|number| number.to_string()));
        assert_eq!(words(0), "nothing");
        assert_eq!(words(2), "0, 1");
        assert_eq!(words(10), "0, 1, 2, 3, 4, 5, 6, 7 and 2 others");
    }

    #[test]
    fn features_are_called_what_people_call_them() {
        let mut features = Features::new();
        assert_eq!(describe(&features), "none is offered");
        features.push(&sasl::Mechanisms { names: vec!["EXTERNAL".to_owned()], other: Vec::new() });
        features.push_element(Element::bare("dialback", "urn:xmpp:features:dialback"));
        features.push_element(Element::bare("x", "urn:x"));
        assert_eq!(describe(&features), "SASL EXTERNAL, dialback, urn:x");
    }

    #[test]
    fn a_certificate_that_will_do_is_not_called_good_when_it_is_not() {
        assert!(certificate(&[], Ok(())).starts_with("good"));
        let text = certificate(&[], Err(Distrust::Expired));
        assert!(text.starts_with("not good") && text.ends_with("has expired"), "{text}");
    }
}
