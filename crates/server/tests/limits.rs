//! How many connections there may be.

mod support;

use stonechat_server::config::Kind;
use support::client::Client;
use support::{soon, start};

#[tokio::test]
async fn connections_beyond_the_limit_of_a_network_are_closed_at_once_and_places_come_free() {
    let fixture = start(|config| config.limits.connections_per_ip = 2).await;
    let address = fixture.address(Kind::Starttls);
    let mut first = Client::connect(address).await;
    let mut second = Client::connect(address).await;
    first.open().await;
    second.open().await;
    let mut third = Client::connect(address).await;
    assert_eq!(third.until_closed().await, "");
    assert_eq!(fixture.server.refused(), 1);
    drop(first);
    soon("a place", async {
        while fixture.server.connections() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    Client::connect(address).await.open().await;
}

#[tokio::test]
async fn connections_beyond_the_total_are_closed_at_once() {
    let fixture = start(|config| config.limits.connections = 1).await;
    let address = fixture.address(Kind::Starttls);
    let mut first = Client::connect(address).await;
    first.open().await;
    let mut second = Client::connect(address).await;
    assert_eq!(second.until_closed().await, "");
    assert_eq!(fixture.server.connections(), 1);
}
