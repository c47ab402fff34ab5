//! XEP-0308, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::Stanza;
use stonechat_xep_correction::CLIENT;
use stonechat_xep_correction::client::Corrected;

fn client() -> TestClient {
    TestClient::with(&[&CLIENT])
}

fn says(client: &mut TestClient, from: &str, id: &str, replaces: Option<&str>) -> Option<Corrected> {
    let replace = replaces.map(|id| format!("<replace id='{id}' xmlns='urn:xmpp:message-correct:0'/>"));
    let kind = if from.starts_with("room@") { "groupchat" } else { "chat" };
    client.receive(&format!(
        "<message from='{from}' to='juliet@example.com/balcony' id='{id}' type='{kind}'><body>x</body>{}</message>",
        replace.unwrap_or_default()
    ));
    client.event()
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn a_correction_by_the_author_is_told() {
    // Examples 3 and 4.
    let mut client = client();
    assert!(says(&mut client, "romeo@montague.net/orchard", "bad1", None).is_none());
    let corrected = says(&mut client, "romeo@montague.net/phone", "good1", Some("bad1")).unwrap();
    assert_eq!((corrected.original.as_str(), corrected.verified), ("bad1", true));
    assert_eq!((corrected.author.as_str(), corrected.message.id()), ("romeo@montague.net", Some("good1")));
    // §4: a further correction names the original, too.
    assert!(says(&mut client, "romeo@montague.net/phone", "good2", Some("bad1")).unwrap().verified);
}

#[test]
fn a_correction_by_anybody_else_is_ignored() {
    // §5.
    let mut client = client();
    says(&mut client, "room@muc.example.com/romeo", "bad1", None);
    assert!(says(&mut client, "room@muc.example.com/tybalt", "good1", Some("bad1")).is_none());
    assert!(says(&mut client, "room@muc.example.com/romeo", "good1", Some("bad1")).unwrap().verified);

    let (handle, mine) =
        (client.handle(), b"<message to='romeo@montague.net' id='mine' type='chat'><body>x</body></message>");
    let mine = Stanza::parse(mine).unwrap();
    let _sent = client.start(async move { handle.send(mine).await.is_ok() });
    assert!(says(&mut client, "romeo@montague.net/orchard", "good1", Some("mine")).is_none());
}

#[test]
fn of_a_message_that_is_not_remembered_the_author_is_told() {
    let corrected = says(&mut client(), "romeo@montague.net/orchard", "good1", Some("long ago")).unwrap();
    assert!(!corrected.verified);
    assert_eq!(corrected.author, "romeo@montague.net");
}
