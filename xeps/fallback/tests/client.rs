//! XEP-0428 on the test client.

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_xep_fallback::{CLIENT, NS};

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn who_understands_fallbacks_says_so() {
    assert_eq!(TestClient::with(&[&CLIENT]).tables().info().features, [NS]);
}
