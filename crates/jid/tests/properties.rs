//! What holds for every string.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use proptest::prelude::*;
use stonechat_jid::{BareJid, Error, FullJid, Jid, JidRef, Parsed, parse_received, prepare};

/// Characters with rules of their own, beside plain and arbitrary ones.
fn awkward() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => prop::char::ranges(vec!['a'..='z', 'A'..='Z', '0'..='9', '-'..='.'].into()),
        2 => prop::sample::select(vec![
            '@', '/', '.', '-', '[', ']', ':', '%', ' ', '\\', '\u{a0}', '\u{3000}', '。', '＠', '／', 'Ａ', 'ﾃ',
            'ß', 'ẞ', 'ς', 'Σ', 'İ', 'ı', 'K', 'Å', '\u{300}', '\u{301}', '\u{327}', '\u{345}', '\u{94d}', '\u{93c}',
            '\u{915}', '\u{200c}', '\u{200d}', '·', 'l', '\u{375}', '\u{5f3}', 'א', 'ب', '\u{661}', '\u{6f1}',
            '\u{30fb}', 'ア', '\u{1100}', '\u{1161}', '가', '🥰', '\u{fe0f}', '\u{378}', '\u{ad}', '\u{0}', '\u{85}',
            'ﬃ', 'Ⅳ', '♚', '𞤀', '\u{1d165}', '\u{fb1d}', '\u{958}',
        ]),
        1 => any::<char>(),
    ]
}

fn text(longest: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(awkward(), 0..longest).prop_map(String::from_iter)
}

/// Strings that look like addresses, with pieces that need mapping.
fn address() -> impl Strategy<Value = String> {
    let label = prop_oneof![3 => "[a-zA-Z0-9-]{1,8}", 1 => text(6), 1 => Just("xn--bcher-kva".to_owned())];
    let domain = prop_oneof![
        8 => prop::collection::vec(label, 1..4).prop_map(|labels| labels.join(".")),
        1 => any::<std::net::Ipv6Addr>().prop_map(|address| format!("[{address}]")),
        1 => any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
    ];
    let part = || prop::option::of(prop_oneof!["[a-zA-Z0-9._-]{1,12}", text(8)]);
    (part(), domain, "\\.?", part()).prop_map(|(local, domain, dot, resource)| {
        let local = local.map(|local| local + "@").unwrap_or_default();
        let resource = resource.map(|resource| format!("/{resource}")).unwrap_or_default();
        format!("{local}{domain}{dot}{resource}")
    })
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![8 => address(), 2 => text(40), 1 => any::<String>()]
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_accepted_address_prints_as_what_parses_to_it(text in anything()) {
        if let Ok(jid) = Jid::parse(&text) {
            prop_assert_eq!(Jid::parse(jid.as_str()), Ok(jid));
        }
        if let Ok(jid) = Jid::parse_received(&text) {
            prop_assert_eq!(Jid::parse_received(jid.as_str()), Ok(jid.clone()));
            prop_assert!(matches!(parse_received(jid.as_str()), Ok(Parsed::Borrowed(_))));
        }
    }

    #[test]
    fn received_rules_accept_all_that_strict_ones_do_with_the_same_result(text in anything()) {
        if let Ok(jid) = Jid::parse(&text) {
            prop_assert_eq!(Jid::parse_received(&text), Ok(jid));
        }
    }

    #[test]
    fn received_rules_forgive_the_resource_only(text in anything()) {
        let bare = text.split('/').next().unwrap();
        prop_assert_eq!(Jid::parse(bare), Jid::parse_received(bare));
    }

    #[test]
    fn borrowed_and_owned_agree(text in anything()) {
        let owned = Jid::parse_received(&text);
        let received = parse_received(&text);
        prop_assert_eq!(received.clone().map(Parsed::into_jid), owned.clone());
        match (JidRef::parse(&text), received) {
            (Ok(jid), Ok(Parsed::Borrowed(same))) => {
                prop_assert_eq!(jid, same);
                prop_assert_eq!(jid.as_str(), text.as_str());
                let owned = owned.unwrap();
                prop_assert_eq!(
                    (jid.local(), jid.domain(), jid.resource(), jid.bare_str(), jid.offsets()),
                    (owned.local(), owned.domain(), owned.resource(), owned.bare_str(), owned.as_jid_ref().offsets())
                );
                prop_assert_eq!(JidRef::from_canonical(&text, jid.offsets()).resource(), jid.resource());
            }
            (Err(Error::NotCanonical), Ok(Parsed::Owned(jid))) => prop_assert_ne!(jid.as_str(), text.as_str()),
            (Err(error), Err(same)) => prop_assert_eq!(error, same),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn parts_join_to_the_address(text in anything()) {
        let Ok(jid) = Jid::parse(&text) else { return Ok(()) };
        let local = jid.local().map(|local| format!("{local}@")).unwrap_or_default();
        let resource = jid.resource().map(|resource| format!("/{resource}")).unwrap_or_default();
        prop_assert_eq!(jid.as_str(), format!("{local}{}{resource}", jid.domain()));
        prop_assert_eq!(Jid::from_parts(jid.local(), jid.domain(), jid.resource()), Ok(jid.clone()));

        let bare = jid.to_bare();
        prop_assert_eq!(bare.as_str(), jid.bare_str());
        prop_assert_eq!(BareJid::from_parts(jid.local(), jid.domain()), Ok(bare.clone()));
        match jid.resource() {
            Some(resource) => prop_assert_eq!(bare.with_resource(resource).unwrap(), FullJid::try_from(jid.clone()).unwrap()),
            None => prop_assert_eq!(&bare, &jid),
        }
    }

    #[test]
    fn no_part_is_empty_or_too_long(text in anything()) {
        let Ok(jid) = Jid::parse_received(&text) else { return Ok(()) };
        for part in [jid.local(), Some(jid.domain()), jid.resource()].into_iter().flatten() {
            prop_assert!((1..=1023).contains(&part.len()));
        }
    }

    #[test]
    fn addresses_compare_order_and_hash_as_their_strings(one in address(), other in address()) {
        let (Ok(one), Ok(other)) = (Jid::parse(&one), Jid::parse(&other)) else { return Ok(()) };
        prop_assert_eq!(one == other, one.as_str() == other.as_str());
        prop_assert_eq!(one.cmp(&other), one.as_str().cmp(other.as_str()));
        prop_assert_eq!(hash(&one), hash(one.as_str()));
        prop_assert_eq!(hash(one.to_bare()), hash(one.bare_str()));
        prop_assert_eq!(hash(one.as_jid_ref()), hash(one.as_str()));
    }

    #[test]
    fn prepared_parts_are_stable(text in text(12)) {
        for rules in [prepare::local, prepare::domain, prepare::resource, prepare::received_resource] {
            if let Ok(part) = rules(&text) {
                let again = rules(&part);
                prop_assert_eq!(again.as_deref(), Ok(&*part));
            }
        }
    }

    #[test]
    fn a_received_resource_is_refused_for_controls_and_length_only(resource in text(40)) {
        let refused = resource.is_empty() || resource.chars().any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
        prop_assert_eq!(prepare::received_resource(&resource).is_err(), refused);
    }
}
