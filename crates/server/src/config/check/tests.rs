use super::*;
use crate::config::{Authentication, Component, Host, KeyPair, Limits, Listener, Throttle, Timeouts, Tls};

fn good() -> Config {
    let pair = KeyPair { certificate: "a.pem".into(), key: "a.key".into() };
    Config { tls: Tls::with(pair), ..Config::for_host("example.org") }
}

fn complaint(config: &Config) -> String {
    config.check().unwrap_err().key().to_owned()
}

#[test]
fn the_defaults_with_a_certificate_and_a_host_make_sense() {
    good().check().unwrap();
    assert_eq!(complaint(&Config::for_host("example.org")), "hosts.example.org.tls");
}

#[test]
fn plaintext_is_refused_but_on_a_loopback_address_with_starttls() {
    let with = |address: &str, kind| Config {
        listeners: vec![Listener { address: address.parse().unwrap(), kind, plaintext: true }],
        ..good()
    };
    with("127.0.0.1:5222", Kind::Starttls).check().unwrap();
    with("[::1]:5222", Kind::Starttls).check().unwrap();
    with("[::ffff:127.0.0.1]:5222", Kind::Starttls).check().unwrap();
    for address in ["0.0.0.0:5222", "[::]:5222", "192.0.2.1:5222"] {
        assert_eq!(complaint(&with(address, Kind::Starttls)), "listeners.0.plaintext", "{address}");
    }
    assert_eq!(complaint(&with("127.0.0.1:5222", Kind::DirectTls)), "listeners.0.plaintext");
}

#[test]
fn each_mistake_is_named_by_its_key() {
    let limits = |limits| Config { limits, ..good() };
    let authentication = |authentication| Config { authentication, ..good() };
    let throttle = Throttle { failures: 0, ..Authentication::default().per_ip };
    let mechanisms =
        |name: &str| Authentication { mechanisms: vec![name.to_owned()], ..Authentication::default() };
    let same = Listener::starttls("127.0.0.1:5222".parse().unwrap());
    let cases = [
        ("tls.key", Config { tls: Tls { key: None, ..good().tls }, ..good() }),
        ("tls.certificate", Config { tls: Tls { certificate: None, ..good().tls }, ..good() }),
        ("listeners.1.address", Config { listeners: vec![same.clone(), same], ..good() }),
        ("limits.connections", limits(Limits { connections: 0, ..Limits::default() })),
        ("limits.stanza_bytes", limits(Limits { stanza_bytes: 9_999, ..Limits::default() })),
        (
            "limits.stanza_bytes_before_login",
            limits(Limits { stanza_bytes_before_login: 0, ..Limits::default() }),
        ),
        ("limits.burst_bytes", limits(Limits { burst_bytes: 0, ..Limits::default() })),
        (
            "timeouts.login",
            Config {
                timeouts: Timeouts { login: std::time::Duration::ZERO, ..Timeouts::default() },
                ..good()
            },
        ),
        ("authentication.mechanisms", authentication(mechanisms("SCRAM-SHA-257"))),
        ("authentication.mechanisms", authentication(mechanisms("ANONYMOUS"))),
        ("authentication.mechanisms", authentication(mechanisms("HT-SHA-256-NONE"))),
        (
            "authentication.iterations",
            authentication(Authentication { iterations: 1, ..Authentication::default() }),
        ),
        (
            "authentication.per_ip",
            authentication(Authentication { per_ip: throttle, ..Authentication::default() }),
        ),
        ("hosts.Example.org", Config { hosts: [("Example.org".into(), Host::default())].into(), ..good() }),
        ("hosts.a@b", Config { hosts: [("a@b".into(), Host::default())].into(), ..good() }),
    ];
    for (key, config) in cases {
        assert_eq!(complaint(&config), key);
    }
}

#[test]
fn components_listen_on_the_loopback_interface_unless_it_is_said_that_they_may_be_heard() {
    let with = |address: &str, plaintext| {
        let listener = Listener { plaintext, ..Listener::component(address.parse().unwrap()) };
        Config { listeners: vec![listener], ..Config::for_host("example.org") }
    };
    // They need no certificate.
    with("127.0.0.1:5347", false).check().unwrap();
    with("[::1]:5347", true).check().unwrap();
    assert_eq!(complaint(&with("192.0.2.1:5347", false)), "listeners.0.address");
    with("192.0.2.1:5347", true).check().unwrap();
}

#[test]
fn a_component_has_a_domain_and_a_secret_of_its_own() {
    let with =
        |domain: &str, component| Config { components: [(domain.to_owned(), component)].into(), ..good() };
    let (irc, good_one) = ("irc.example.org", || Component::with_secret("s"));
    with(irc, good_one()).check().unwrap();
    with("gateway.example.net", good_one()).check().unwrap();
    let mut peer = with(irc, good_one());
    peer.federation.peers.insert(irc.to_owned(), crate::config::Peer::default());
    for (key, config) in [
        ("components.example.org", with("example.org", good_one())),
        ("components.IRC.example.org", with("IRC.example.org", good_one())),
        ("components.a@irc.example.org", with("a@irc.example.org", good_one())),
        ("components.irc.example.org", peer),
        ("components.irc.example.org.secret", with(irc, Component::default())),
        ("components.irc.example.org.secret", with(irc, Component::with_secret(""))),
        (
            "components.irc.example.org.secret_file",
            with(irc, Component { secret_file: Some("s".into()), ..good_one() }),
        ),
        ("components.irc.example.org.connections", with(irc, Component { connections: 0, ..good_one() })),
        ("components.irc.example.org.queue_bytes", with(irc, Component { queue_bytes: 0, ..good_one() })),
    ] {
        assert_eq!(complaint(&config), key);
    }
}

#[test]
fn a_misspelt_mechanism_gets_a_suggestion() {
    let authentication =
        Authentication { mechanisms: vec!["SCRAM-SHA-265".into()], ..Authentication::default() };
    let message = Config { authentication, ..good() }.check().unwrap_err().to_string();
    assert!(message.contains("did you mean `SCRAM-SHA-25"), "{message}");
}

#[test]
fn what_is_written_reads_back() {
    let config = good();
    let text = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
}

#[test]
fn unknown_keys_and_impossible_values_are_refused() {
    for text in [
        "colour = 1",
        "[limits]\nconnection = 1",
        "[limits]\nconnections = -1",
        "[hosts.\"a\"]\nanonymos = true",
        "[timeouts]\nidle = -1",
        "[timeouts]\nidle = nan",
        "[timeouts]\nidle = 1e12",
        "[timeouts]\nidle = \"1h\"",
        "[[listeners]]\naddress = \"localhost:1\"\nkind = \"starttls\"",
        "[[listeners]]\naddress = \"127.0.0.1:1\"\nkind = \"tls\"",
    ] {
        assert!(toml::from_str::<Config>(text).is_err(), "{text}");
    }
    let config: Config = toml::from_str("[timeouts]\nidle = 0.5").unwrap();
    assert_eq!(config.timeouts.idle, std::time::Duration::from_millis(500));
}
