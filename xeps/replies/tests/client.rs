//! XEP-0461 on the test client.

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_xep_replies::{CLIENT, NS};

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn who_understands_replies_says_so() {
    assert_eq!(TestClient::with(&[&CLIENT]).tables().info().features, [NS]);
}
