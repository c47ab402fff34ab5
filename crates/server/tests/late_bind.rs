//! Somebody who has logged in and waits with binding a resource until the account or the host is no more.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use stonechat_sasl::Mechanism;
use stonechat_sasl::client::Login;
use stonechat_server::config::Host;
use support::client::{Client, header};
use support::{Fixture, HOST, PASSWORD, start};

/// Logs in, and stops before the resource.
async fn log_in(fixture: &Fixture, domain: &str) -> Client {
    let mut client = Client::connect(fixture.plaintext()).await;
    client.send(&header(domain)).await;
    let features = client.until("</stream:features>").await;
    let login = Login::password("juliet", PASSWORD);
    client.authenticate(&features, Mechanism::SCRAM_SHA_256, login).await.unwrap();
    client.send(&header(domain)).await;
    client.until("</stream:features>").await;
    client
}

/// Binds a resource and gives all that the server says until it closes the connection.
async fn bind(client: &mut Client) -> String {
    client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").await;
    client.until_closed().await
}

#[tokio::test]
async fn nobody_stays_in_an_account_that_was_removed_after_the_login() {
    let fixture = start(|_| {}).await;
    let mut client = log_in(&fixture, HOST).await;
    let host = fixture.server.host(HOST).unwrap();
    assert!(host.remove_account(&"juliet@localhost".parse().unwrap()).await.unwrap());
    let said = bind(&mut client).await;
    assert!(said.contains("<not-authorized"), "{said}");
    fixture.sessions(0).await;
}

#[tokio::test]
async fn nobody_stays_in_an_account_that_was_disabled_after_the_login() {
    let fixture = start(|_| {}).await;
    let mut client = log_in(&fixture, HOST).await;
    fixture.server.accounts().set_disabled(&"juliet@localhost".parse().unwrap(), true).await.unwrap();
    let said = bind(&mut client).await;
    assert!(said.contains("<not-authorized"), "{said}");
    fixture.sessions(0).await;
}

#[tokio::test]
async fn nobody_stays_on_a_host_that_was_taken_out_of_service_after_the_login() {
    let fixture = start(|config| {
        config.hosts.insert("other.localhost".into(), Host::default());
    })
    .await;
    let mut client = log_in(&fixture, "other.localhost").await;
    let mut config = fixture.server.config();
    config.hosts.remove("other.localhost");
    fixture.server.reload(config).await.unwrap();
    let said = bind(&mut client).await;
    assert!(said.contains("<host-gone"), "{said}");
}
