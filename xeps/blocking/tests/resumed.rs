//! A session that is resumed (XEP-0198 §5) has the account's block list of now, not that of when its connection broke.

mod common;

use common::{ALL, block, unblock};
use stonechat_extension::test_host::TestHost;
use stonechat_stanza::ns;

#[tokio::test(start_paused = true)]
async fn a_resumed_session_hears_nothing_of_who_was_blocked_meanwhile_and_writes_to_nobody_blocked() {
    let all: Vec<_> = ALL.iter().copied().chain([&stonechat_xep_sm::SERVER]).collect();
    let host = TestHost::with(&all).await;
    host.run("juliet/phone, juliet/laptop, romeo/orchard online").await;
    host.client("juliet/phone").nonza("<enable xmlns='urn:xmpp:sm:3' resume='true'/>").await;
    host.settled().await;
    let enabled = host.client("juliet/phone").next_nonza().expect("it is enabled");
    let id = enabled.attr("id").expect("it can be resumed").to_owned();
    host.client("juliet/phone").received();
    host.cut("juliet/phone").await;
    block(&host, "juliet/laptop", &["romeo@example.org"]).await;
    host.client("juliet/laptop").received();

    let phone = host.resume("juliet/phone", &id, 0).await.expect("it is resumed");
    phone.received();
    host.run("romeo/orchard → juliet/phone: <body>blocked</body>").await;
    host.settled().await;
    assert!(phone.received().iter().all(|stanza| !stanza.has(ns::CLIENT, "body")));
    phone.send("<message type='chat' to='romeo@example.org'><body>x</body></message>").await;
    host.settled().await;
    let answer = phone.next().expect("an error");
    assert!(answer.error().is_some(), "{answer}");

    unblock(&host, "juliet/laptop", &["romeo@example.org"]).await;
    host.run("romeo/orchard → juliet/phone: <body>heard</body>").await;
    host.settled().await;
    assert!(phone.received().iter().any(|stanza| stanza.has(ns::CLIENT, "body")));
}
