//! XEP-0393 on the test client.

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::Stanza;
use stonechat_xep_styling::{CLIENT, NS, Unstyled};

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn who_shows_styles_says_so() {
    assert_eq!(TestClient::with(&[&CLIENT]).tables().info().features, [NS]);
}

#[test]
fn the_hint_of_the_example_is_read() {
    let message = b"<message><body>&gt; _ &lt;</body><unstyled xmlns='urn:xmpp:styling:0'/></message>";
    let message = Stanza::parse(message).expect("a stanza");
    assert_eq!(message.get::<Unstyled>(), Ok(Some(Unstyled)));
}
