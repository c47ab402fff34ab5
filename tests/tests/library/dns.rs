//! Where the client library looks for a domain's server, with a DNS server of the test's own (RFC 6120 §3.2, XEP-0368).

use crate::client::{Online, WITHIN, read};
use stonechat_client::{Builder, Client, Error, Event, Trust};
use stonechat_tests::{Dns, Server, Settings, Srv, free_port};
use tokio::time::timeout;

const DOMAIN: &str = "chat.example";

fn server() -> Server {
    let server = Settings::new().host(DOMAIN).start();
    server.add_user(&format!("user1@{DOMAIN}"), "pw-user1");
    server
}

fn record(service: &str, priority: u16, port: u16) -> Srv {
    Srv { name: format!("{service}._tcp.{DOMAIN}"), priority, port, target: "localhost".to_owned() }
}

fn builder(server: &Server, dns: &Dns) -> Builder {
    Client::builder(format!("user1@{DOMAIN}").parse().unwrap())
        .password("pw-user1")
        .trust(Trust::roots(read(&server.certificate(DOMAIN))))
        .name_server(dns.address())
}

/// Why there is no session.
async fn refusal(builder: Builder) -> Error {
    let (_client, mut events) = builder.configure(|config| config.reconnect = None).start().unwrap();
    match timeout(WITHIN, events.next()).await.unwrap() {
        Some(Event::Offline { error, .. }) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_records_are_tried_by_priority_until_one_is_good() {
    let server = server();
    let records = vec![
        record("_xmpp-client", 30, server.c2s().port()),
        record("_xmpp-client", 10, free_port()),
        record("_xmpps-client", 20, free_port()),
    ];
    let dns = Dns::start(records);
    let online = Online::start(builder(&server, &dns)).await;
    assert_eq!(online.jid.bare_str(), "user1@chat.example");
    for service in ["_xmpp-client", "_xmpps-client"] {
        let name = format!("{service}._tcp.{DOMAIN}");
        assert!(dns.asked().contains(&name), "{:?}", dns.asked());
    }
    online.client.close().await;
}

#[tokio::test]
async fn a_record_of_direct_tls_is_as_good() {
    let server = server();
    let dns = Dns::start(vec![record("_xmpps-client", 0, server.c2s_direct_tls().port())]);
    Online::start(builder(&server, &dns)).await.client.close().await;
}

#[tokio::test]
async fn a_domain_that_says_that_it_has_no_server_is_believed() {
    let server = server();
    let none = Srv { target: ".".to_owned(), ..record("_xmpp-client", 0, 0) };
    let error = refusal(builder(&server, &Dns::start(vec![none]))).await;
    assert!(matches!(&error, Error::Network(why) if why.contains("no server for clients")), "{error}");
}

#[tokio::test]
async fn who_forges_dns_still_has_to_have_the_domain_s_certificate() {
    let (server, other) = (server(), Settings::new().start());
    let dns = Dns::start(vec![record("_xmpps-client", 0, other.c2s_direct_tls().port())]);
    let error = refusal(builder(&server, &dns)).await;
    assert!(matches!(error, Error::Tls(_)), "{error}");
}
