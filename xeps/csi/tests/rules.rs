//! XEP-0352, on the test host.

use stonechat_extension::test_host::{PRESENCE, TestHost, contract};
use stonechat_xep_csi::SERVER;

const INACTIVE: &str = "<inactive xmlns='urn:xmpp:csi:0'/>";
const ACTIVE: &str = "<active xmlns='urn:xmpp:csi:0'/>";

async fn host() -> TestHost {
    let host = TestHost::with(&[&PRESENCE, &SERVER]).await;
    host.run("a/1, b/1 online").await;
    host
}

const RECEIPT: &str = "<received xmlns='urn:xmpp:receipts' id='1'/>";

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

/// §5: "the server MUST assume all clients to be in the 'active' state until the client indicates otherwise".
#[tokio::test(start_paused = true)]
async fn a_client_is_active_until_it_says_otherwise() {
    let host = host().await;
    host.run(&format!("a/1 → b: {RECEIPT}\n b/1 ← {RECEIPT}")).await;
    host.client("b/1").nonza(INACTIVE).await;
    host.run(&format!("a/1 → b: {RECEIPT}\n b/1 ← nothing")).await;
    host.client("b/1").nonza(ACTIVE).await;
    host.run(&format!("b/1 ← {RECEIPT}\n b/1 ← nothing")).await;
    host.run(&format!("a/1 → b: {RECEIPT}\n b/1 ← {RECEIPT}")).await;
}

/// §5.1.
#[tokio::test(start_paused = true)]
async fn what_cannot_wait_comes_behind_what_has_waited() {
    let host = host().await;
    host.client("b/1").nonza(INACTIVE).await;
    host.run(&format!(
        "a/1 → b: {RECEIPT}
         a/1 → b: <body>1</body>
         b/1 ← {RECEIPT}
         b/1 ← <body>1</body>
         a/1 → b: {RECEIPT}
         b/1 ← nothing"
    ))
    .await;
}

/// §3.
#[tokio::test(start_paused = true)]
async fn the_latest_presence_of_each_contact_is_pushed() {
    let host = host().await;
    host.client("b/1").nonza(INACTIVE).await;
    for show in ["away", "xa", "dnd"] {
        host.client("a/1")
            .send(&format!("<presence to='b@example.org/1'><show>{show}</show></presence>"))
            .await;
    }
    host.run("b/1 ← nothing").await;
    host.client("b/1").nonza(ACTIVE).await;
    host.run("b/1 ← <presence from='a@example.org/1'><show>dnd</show></presence>\n b/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn so_much_waits_and_no_more() {
    let host = TestHost::configured(&[&PRESENCE, &SERVER], &[("csi", "held-bytes = 300")]).await;
    host.run("a/1, b/1 online").await;
    host.client("b/1").nonza(INACTIVE).await;
    for _ in 0..3 {
        host.run(&format!("a/1 → b: {RECEIPT}")).await;
    }
    assert_eq!(host.client("b/1").received().len(), 3);
}

/// §6: nobody else can tell.
#[tokio::test(start_paused = true)]
async fn what_waits_when_the_connection_breaks_is_seen_to() {
    let host = host().await;
    host.client("b/1").nonza(INACTIVE).await;
    host.run(&format!("a/1 → b: {RECEIPT}")).await;
    host.cut("b/1").await;
    host.run("a/1 ← <message type='error'/>").await;
}
