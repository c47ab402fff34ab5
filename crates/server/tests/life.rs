//! Starting, reloading and stopping.

mod support;

use std::time::Duration;

use stonechat_extension::Registry;
use stonechat_sasl::Mechanism;
use stonechat_sasl::client::Login;
use stonechat_server::config::{Config, Host, Kind, Listener};
use stonechat_server::{Server, ServerError};
use stonechat_store::Store;
use support::client::{Client, header};
use support::{HOST, PASSWORD, soon, start};

#[tokio::test]
async fn a_shutdown_tells_everybody_and_leaves_nothing() {
    let fixture = start(|_| {}).await;
    let mut session = fixture.session("juliet", "balcony").await;
    let mut negotiating = fixture.secure().await;
    negotiating.open().await;
    let address = fixture.address(Kind::DirectTls);
    let stopping = tokio::spawn(fixture.server.shutdown());
    assert!(session.until_closed().await.contains("<system-shutdown"));
    assert!(negotiating.until_closed().await.contains("<system-shutdown"));
    drop((session, negotiating));
    assert_eq!(soon("stopping", stopping).await.unwrap(), 0);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn what_was_under_way_is_delivered_before_the_shutdown() {
    let fixture = start(|_| {}).await;
    let mut juliet = fixture.session("juliet", "balcony").await;
    let mut romeo = fixture.session("romeo", "orchard").await;
    for number in 0..100 {
        romeo
            .send(&format!("<message to='juliet@localhost/balcony' id='{number}'><body>x</body></message>"))
            .await;
    }
    romeo.sync().await;
    let stopping = tokio::spawn(fixture.server.shutdown());
    let said = juliet.until_closed().await;
    assert_eq!(said.matches("<message").count(), 100);
    drop((juliet, romeo));
    soon("stopping", stopping).await.unwrap();
}

#[tokio::test]
async fn a_client_that_reads_nothing_does_not_hold_up_a_shutdown() {
    let fixture = start(|config| {
        config.timeouts.shutdown = Duration::from_millis(200);
        config.timeouts.mailbox = Duration::from_millis(20);
        config.limits.mailbox_bytes = 64 << 10;
    })
    .await;
    let sleeper = fixture.plain_session("juliet", "balcony").await;
    let mut romeo = fixture.plain_session("romeo", "orchard").await;
    let message =
        format!("<message to='juliet@localhost/balcony'><body>{}</body></message>", "x".repeat(8000));
    while !romeo.sync().await.contains("<message") {
        romeo.send(&message.repeat(100)).await;
    }
    drop(romeo);
    let cut = soon("stopping", fixture.server.shutdown()).await;
    assert_eq!(cut, 1);
    drop(sleeper);
}

#[tokio::test]
async fn accounts_and_decoys_are_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::memory();
    for run in 0..2 {
        let config = support::config(&directory);
        let server = Server::run(config, Registry::default(), store.clone()).await.unwrap();
        let juliet = "juliet@localhost".parse().unwrap();
        if run == 0 {
            server.host(HOST).unwrap().create_account(&juliet, PASSWORD).await.unwrap();
        }
        let mut client = Client::connect(server.addresses()[2].1).await;
        let features = client.open().await;
        let login = Login::password("juliet", PASSWORD);
        client.authenticate(&features, Mechanism::SCRAM_SHA_512, login).await.unwrap();
        drop(client);
        soon("stopping", server.shutdown()).await;
    }
}

#[tokio::test]
async fn a_reload_adds_and_removes_hosts_and_listeners() {
    let fixture = start(|_| {}).await;
    let mut config = fixture.server.config();
    config.hosts.insert("other.localhost".into(), Host::default());
    config.listeners.push(Listener { plaintext: true, ..Listener::starttls("127.0.0.2:0".parse().unwrap()) });
    let before = fixture.server.addresses();
    fixture.server.reload(config.clone()).await.unwrap();
    let after = fixture.server.addresses();
    assert_eq!(after[..3], before[..]);
    let other = fixture.server.host("other.localhost").unwrap();
    other.create_account(&"juliet@other.localhost".parse().unwrap(), PASSWORD).await.unwrap();
    let mut client = Client::connect(after[3].1).await;
    client.send(&header("other.localhost")).await;
    let features = client.until("</stream:features>").await;
    let login = Login::password("juliet", PASSWORD);
    client.authenticate(&features, Mechanism::SCRAM_SHA_1, login).await.unwrap();
    client.send(&header("other.localhost")).await;
    client.until("</stream:features>").await;
    client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").await;
    client.until("</iq>").await;

    config.hosts.remove("other.localhost");
    config.listeners.pop();
    fixture.server.reload(config).await.unwrap();
    assert!(client.until_closed().await.contains("<host-gone"));
    assert!(fixture.server.host("other.localhost").is_none());
    assert_eq!(fixture.server.addresses(), before);
    soon("the listener's end", async {
        while tokio::net::TcpStream::connect(after[3].1).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn streams_after_a_reload_are_offered_what_is_there_then() {
    let fixture = start(|_| {}).await;
    let features = async || {
        let mut client = fixture.secure().await;
        client.open().await
    };
    let before = features().await;
    assert_eq!(features().await.matches("<mechanism>").count(), before.matches("<mechanism>").count());
    assert!(before.contains("<max-bytes>8192<") && before.contains(">PLAIN<"), "{before}");
    let mut config = fixture.server.config();
    config.limits.stanza_bytes_before_login = 9_000;
    config.authentication.mechanisms.retain(|name| name != "PLAIN");
    fixture.server.reload(config).await.unwrap();
    let after = features().await;
    assert!(after.contains("<max-bytes>9000<") && !after.contains(">PLAIN<"), "{after}");
}

#[tokio::test]
async fn a_reload_that_fails_changes_nothing() {
    let fixture = start(|_| {}).await;
    let good = fixture.server.config();
    let taken = fixture.address(Kind::Starttls);
    let unknown = toml::from_str::<Config>("[extensions.nosuch]\nenabled = true").unwrap().extensions;
    let mut cases = vec![good.clone(); 4];
    cases[0].extensions = unknown;
    cases[1].tls.certificate = Some("/nonexistent/file.pem".into());
    cases[2].listeners.push(Listener::starttls(taken));
    cases[3].limits.connections = 0;
    let complaints = ["nosuch", "/nonexistent/file.pem", "listeners.3", "limits.connections"];
    for (mut config, complaint) in cases.into_iter().zip(complaints) {
        config.hosts.insert("other.localhost".into(), Host::default());
        let error = fixture.server.reload(config).await.unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
        assert_eq!(fixture.server.config(), good);
        assert!(fixture.server.host("other.localhost").is_none());
    }
    fixture.session("juliet", "balcony").await.sync().await;
}

#[tokio::test]
async fn a_reload_says_what_takes_effect_at_the_next_start() {
    let fixture = start(|_| {}).await;
    let mut config = fixture.server.config();
    assert!(fixture.server.reload(config.clone()).await.unwrap().at_next_start.is_empty());
    config.limits.sessions_per_account = 1;
    let reloaded = fixture.server.reload(config).await.unwrap();
    assert_eq!(reloaded.at_next_start, ["limits.sessions_per_account"]);
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = support::config(&directory);
    config.listeners = vec![Listener { plaintext: true, ..Listener::starttls("0.0.0.0:0".parse().unwrap()) }];
    let refused = Server::run(config, Registry::default(), Store::memory()).await.unwrap_err();
    assert!(
        matches!(&refused, ServerError::Config(error) if error.key() == "listeners.0.plaintext"),
        "{refused}"
    );
}
