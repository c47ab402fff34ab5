//! Where Stonechat looks for another domain's server, with a DNS server of the test's own (RFC 6120 §3.2, XEP-0368).

use crate::client;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};

use crate::support::{OURS, THEIRS, log_in, refused, settings, start};
use stonechat_stanza::error::Condition;
use stonechat_tests::{Authority, Dns, Identity, Server, Settings, Srv, free_port};

/// The host on which the other server is, as DNS has it.
const HOST: &str = "xmpp.hosting.test";

fn record(service: &str, domain: &str, priority: u16, port: u16) -> Srv {
    Srv { name: format!("{service}._tcp.{domain}"), priority, port, target: HOST.to_owned() }
}

/// A Stonechat that asks this DNS server.
fn asks(settings: Settings, dns: &Dns, private: bool) -> Settings {
    settings
        .set("federation.name_server", dns.address().to_string())
        .set("federation.private_addresses", private)
}

/// Two servers that find each other by DNS, as `records` of them say; the other one shows this certificate.
struct Found {
    _authority: Authority,
    _dns: [Dns; 2],
    ours: Server,
    theirs: Server,
}

impl Found {
    fn start(
        identity: impl FnOnce(&Authority) -> Identity,
        records: impl FnOnce(&Server) -> Vec<Srv>,
    ) -> Self {
        let authority = Authority::new();
        let here = || vec![(HOST.to_owned(), IpAddr::from([127, 0, 0, 1]))];
        // Who answers is never asked in these tests, unless it is by a policy that needs it.
        let none = Dns::start(Vec::new());
        let theirs = asks(settings(THEIRS, &authority, &identity(&authority), "certificate"), &none, true);
        let theirs = start(&theirs, THEIRS);
        let dns = Dns::with_addresses(records(&theirs), here());
        let ours = settings(OURS, &authority, &authority.sign(&[OURS]), "certificate");
        let ours = start(&asks(ours, &dns, true), OURS);
        Self { _authority: authority, _dns: [none, dns], ours, theirs }
    }

    async fn a_message_arrives(&self) {
        let one = log_in(&format!("user1@{OURS}"), self.ours.c2s()).await;
        let mut two = log_in(&format!("user1@{THEIRS}"), self.theirs.c2s()).await;
        one.client.send(client::message(two.jid.as_str(), "found")).await.unwrap();
        assert_eq!(two.message().await, "found");
    }
}

fn port(server: &Server, kind: &str) -> u16 {
    server.ready().address(kind).port()
}

#[tokio::test]
async fn the_records_of_both_services_are_one_list_by_priority() {
    let found = Found::start(
        |authority| authority.sign(&[THEIRS]),
        |theirs| {
            vec![
                record("_xmpp-server", THEIRS, 30, port(theirs, "s2s")),
                record("_xmpp-server", THEIRS, 10, free_port()),
                record("_xmpps-server", THEIRS, 20, free_port()),
            ]
        },
    );
    found.a_message_arrives().await;
}

#[tokio::test]
async fn a_record_of_direct_tls_is_as_good() {
    let found = Found::start(
        |authority| authority.sign(&[THEIRS]),
        |theirs| vec![record("_xmpps-server", THEIRS, 0, port(theirs, "s2s-direct-tls"))],
    );
    found.a_message_arrives().await;
}

/// SECURITY 43: whoever can forge DNS, or hosts the domain, still has to show the domain's certificate.
#[tokio::test]
async fn a_certificate_for_the_host_that_dns_names_is_not_one_for_the_domain() {
    let found = Found::start(
        |authority| authority.sign(&[HOST]),
        |theirs| vec![record("_xmpps-server", THEIRS, 0, port(theirs, "s2s-direct-tls"))],
    );
    let mut one = log_in(&format!("user1@{OURS}"), found.ours.c2s()).await;
    let error = refused(&mut one, &format!("user1@{THEIRS}")).await;
    let text = error.text().unwrap_or_default();
    assert!(text.contains("is for xmpp.hosting.test, not for this domain"), "{error}");
}

#[tokio::test]
async fn a_domain_that_says_that_it_has_no_server_is_believed() {
    let found = Found::start(
        |authority| authority.sign(&[THEIRS]),
        |_| vec![Srv { target: ".".to_owned(), ..record("_xmpp-server", THEIRS, 0, 0) }],
    );
    let mut one = log_in(&format!("user1@{OURS}"), found.ours.c2s()).await;
    let error = refused(&mut one, &format!("user1@{THEIRS}")).await;
    assert_eq!(error.condition, Condition::RemoteServerNotFound, "{error}");
}

/// SECURITY 41: what anybody can write into DNS leads to no service of this machine or of the network that it is in.
#[tokio::test]
async fn dns_does_not_lead_to_this_machine_the_link_or_a_private_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let private: Vec<IpAddr> = [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ]
    .map(|address| address.parse().unwrap())
    .into();
    let domain = |at: usize| format!("d{at}.test");
    let host = |at: usize| format!("h{at}.test");
    let mut records: Vec<Srv> = (0..private.len())
        .map(|at| Srv { target: host(at), ..record("_xmpp-server", &domain(at), 0, port) })
        .collect();
    let addresses = private.iter().enumerate().map(|(at, address)| (host(at), *address)).collect();
    // The address can be written in place of a host.
    let literal = Srv { target: "127.0.0.1".to_owned(), ..record("_xmpps-server", "literal.test", 0, port) };
    records.push(literal);
    let dns = Dns::with_addresses(records, addresses);
    let authority = Authority::new();
    let ours = settings(OURS, &authority, &authority.sign(&[OURS]), "dialback");
    let ours = start(&asks(ours, &dns, false), OURS);
    let mut one = log_in(&format!("user1@{OURS}"), ours.c2s()).await;
    let all = (0..private.len()).map(|at| (domain(at), private[at].to_string()));
    for (domain, address) in all.chain([("literal.test".to_owned(), "127.0.0.1".to_owned())]) {
        let error = refused(&mut one, &format!("x@{domain}")).await;
        assert_eq!(error.condition, Condition::RemoteServerNotFound, "{address}: {error}");
        assert!(error.text().unwrap_or_default().contains("not public"), "{address}: {error}");
    }
    // An address as a domain is no way round it.
    let error = refused(&mut one, "x@127.0.0.1").await;
    assert!(error.text().unwrap_or_default().contains("not public"), "{error}");
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn what_the_operator_asks_for_names_the_hosts_of_the_records() {
    let found = Found::start(
        |authority| authority.sign(&[THEIRS]),
        |theirs| {
            vec![
                record("_xmpp-server", THEIRS, 0, free_port()),
                record("_xmpps-server", THEIRS, 5, port(theirs, "s2s-direct-tls")),
            ]
        },
    );
    let output = found.ours.command(&["federation", "test", "--from", OURS, THEIRS], &[]).expect_success();
    let at: SocketAddr = found.theirs.ready().address("s2s-direct-tls");
    for part in [
        "SRV records name xmpp.hosting.test port".to_owned(),
        "xmpp.hosting.test is 127.0.0.1".to_owned(),
        "WRONG: no connection".to_owned(),
        format!("connected with {at}"),
        "it takes our certificate".to_owned(),
    ] {
        assert!(output.stdout.contains(&part), "{part} is missing in\n{output}");
    }
}
