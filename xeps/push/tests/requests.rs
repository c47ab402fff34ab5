//! Notifications about subscription requests (XEP-0357 §7, RFC 6121 §3.1.3).

use std::time::Duration;

use stonechat_extension::Descriptor;
use stonechat_extension::test_host::TestHost;
use stonechat_stanza::Stanza;
use stonechat_stanza::forms::Form;
use stonechat_stanza::payload::Payload as _;

const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const ALL: &[&Descriptor] = &[
    &stonechat_xep_push::SERVER,
    &stonechat_xep_roster::SERVER,
    &stonechat_xep_presence::SERVER,
    &stonechat_xep_blocking::SERVER,
    &stonechat_xep_csi::SERVER,
    &stonechat_xep_sm::SERVER,
    &stonechat_xep_offline::SERVER,
    &stonechat_xep_carbons::SERVER,
];

/// A host on which `b` has enabled a node and is offline; `a`, `c` and the service are online.
async fn host() -> TestHost {
    let host = TestHost::with(ALL).await;
    host.run("a/1, c/1, app/service, b/1 online").await;
    let enable = "<iq type='set' id='x42'><enable xmlns='urn:xmpp:push:0' jid='app@example.org/service' node='phone'/></iq>";
    let answer = host.client("b/1").ask(enable).await;
    assert!(answer.error().is_none(), "{answer}");
    host.run("b/1 disconnects").await;
    host
}

/// The fields of the summaries that the service has got.
async fn pushed(host: &TestHost) -> Vec<Form> {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    host.client("app/service").received().iter().map(summary).collect()
}

fn summary(request: &Stanza) -> Form {
    let pubsub = request.find(PUBSUB, "pubsub").expect("a request to publish").element().expect("XML");
    let publish = pubsub.get_child("publish", PUBSUB).expect("it publishes");
    let item = publish.get_child("item", PUBSUB).expect("an item");
    let notification = item.get_child("notification", stonechat_xep_push::NS).expect("a notification");
    Form::parse(notification.get_child("x", "jabber:x:data").expect("a summary")).expect("a form")
}

async fn later(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

const ASK: &str = "<presence type='subscribe' id='s' to='b@example.org'/>";

#[tokio::test(start_paused = true)]
async fn a_request_for_who_is_offline_is_pushed_with_the_number_that_waits_and_not_with_who_asks() {
    let host = host().await;
    host.client("a/1").send(ASK).await;
    let told = pushed(&host).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].value("pending-subscription-count"), Some("1"));
    assert_eq!(told[0].value("message-count"), None);
    assert!(!String::from(&told[0].to_element()).contains("a@example.org"));
    later(20).await;
    host.client("c/1").send(ASK).await;
    host.run("c/1 → b: <body>hello</body>").await;
    later(20).await;
    let told = pushed(&host).await;
    let last = told.last().expect("another notification");
    assert_eq!(last.value("message-count"), Some("1"));
    assert!(told.iter().any(|form| form.value("pending-subscription-count") == Some("2")), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_is_not_pushed_twice_nor_to_who_reads_it() {
    let host = host().await;
    host.client("a/1").send(ASK).await;
    assert_eq!(pushed(&host).await.len(), 1);
    later(20).await;
    // It waits already, so nothing is new.
    host.client("a/1").send(ASK).await;
    assert!(pushed(&host).await.is_empty());
    host.run("b/1 online").await;
    host.client("c/1").send(ASK).await;
    later(20).await;
    assert!(pushed(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_granted_beforehand_or_comes_from_who_is_blocked_wakes_nobody() {
    let host = host().await;
    host.run("b/1 online").await;
    host.client("b/1").send("<presence type='subscribed' to='a@example.org'/>").await;
    let block =
        "<iq type='set' id='1'><block xmlns='urn:xmpp:blocking'><item jid='c@example.org'/></block></iq>";
    host.client("b/1").ask(block).await;
    host.run("b/1 disconnects").await;
    host.client("a/1").send(ASK).await;
    host.client("c/1").send(ASK).await;
    assert!(pushed(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_went_into_a_dead_connection_is_pushed_when_that_is_noticed() {
    let host = host().await;
    host.run("b/phone online").await;
    host.client("b/phone").nonza("<enable xmlns='urn:xmpp:sm:3' resume='true'/>").await;
    host.settled().await;
    host.client("a/1").send(ASK).await;
    host.settled().await;
    assert!(pushed(&host).await.is_empty());
    host.cut("b/phone").await;
    let told = pushed(&host).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].value("pending-subscription-count"), Some("1"));
}
