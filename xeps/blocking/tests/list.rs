//! XEP-0191 §3.2 to §3.5: the list, its changes and their pushes.

mod common;

use common::{ALL, block, host, list, unblock};
use stonechat_extension::On;
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_stanza::error::Condition;
use stonechat_store::Store;
use stonechat_xep_blocking::{NS, REPORTING, SERVER};

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_host_advertises_blocking_and_reports() {
    // Examples 1 and 2; XEP-0377 example 1.
    let host = host().await;
    let tables = host.host().tables();
    for feature in [NS, REPORTING] {
        assert!(tables.info(On::HOST).features.iter().any(|listed| listed == feature), "{feature}");
    }
    let without = TestHost::configured(&[&SERVER], &[("blocking", "reports = 0")]).await;
    assert!(!without.host().tables().info(On::HOST).features.iter().any(|listed| listed == REPORTING));
}

#[tokio::test(start_paused = true)]
async fn the_examples_of_sections_3_2_to_3_5_are_answered_and_pushed_to_who_has_asked_for_the_list() {
    host()
        .await
        .run(
            "juliet/chamber, juliet/balcony, juliet/garden online
             juliet/chamber → <iq type='get' id='blocklist1'><blocklist xmlns='urn:xmpp:blocking'/></iq>
             juliet/chamber ← <iq type='result' id='blocklist1'><blocklist xmlns='urn:xmpp:blocking'/></iq>
             juliet/balcony → <iq type='get' id='blocklist2'><blocklist xmlns='urn:xmpp:blocking'/></iq>
             juliet/balcony ← <iq type='result' id='blocklist2'/>
             juliet/chamber → <iq type='set' id='block1'><block xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/><item jid='iago@shakespeare.lit'/></block></iq>
             juliet/chamber ← <iq type='set' from='juliet@example.org' to='juliet@example.org/chamber'><block xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/><item jid='iago@shakespeare.lit'/></block></iq>
             juliet/chamber ← <iq type='result' id='block1'/>
             juliet/balcony ← <iq type='set' to='juliet@example.org/balcony'><block xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/></block></iq>
             juliet/garden → <iq type='get' id='blocklist3'><blocklist xmlns='urn:xmpp:blocking'/></iq>
             juliet/garden ← <iq type='result' id='blocklist3'><blocklist xmlns='urn:xmpp:blocking'><item jid='iago@shakespeare.lit'/><item jid='romeo@montague.net'/></blocklist></iq>
             juliet/balcony → <iq type='set' id='unblock1'><unblock xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/></unblock></iq>
             juliet/balcony ← <iq type='set'><unblock xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/></unblock></iq>
             juliet/balcony ← <iq type='result' id='unblock1'/>
             juliet/chamber ← <iq type='set'><unblock xmlns='urn:xmpp:blocking'><item jid='romeo@montague.net'/></unblock></iq>
             juliet/garden ← <iq type='set'><unblock xmlns='urn:xmpp:blocking'/></iq>
             juliet/garden → <iq type='set' id='unblock2'><unblock xmlns='urn:xmpp:blocking'/></iq>
             juliet/garden ← <iq type='set'><unblock xmlns='urn:xmpp:blocking'/></iq>
             juliet/garden ← <iq type='result' id='unblock2'/>
             juliet/chamber ← <iq type='set'><unblock xmlns='urn:xmpp:blocking'/></iq>
             juliet/chamber → <iq type='get' id='blocklist4'><blocklist xmlns='urn:xmpp:blocking'/></iq>
             juliet/chamber ← <iq type='result' id='blocklist4'><blocklist xmlns='urn:xmpp:blocking'/></iq>
             juliet/garden ← nothing",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_push_of_unblocking_all_has_no_items() {
    let host = host().await;
    host.run("a/1 online").await;
    block(&host, "a/1", &["x@y.example"]).await;
    list(&host, "a/1").await;
    host.client("a/1").send("<iq type='set' id='u'><unblock xmlns='urn:xmpp:blocking'/></iq>").await;
    let push = host.client("a/1").next().unwrap();
    let unblock: stonechat_xep_blocking::Unblock = push.get().unwrap().unwrap();
    assert!(unblock.items.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_block_without_items_or_with_an_address_that_is_none_is_refused_and_changes_nothing() {
    let host = host().await;
    host.run("a/1 online").await;
    for (items, condition) in [
        ("", Condition::BadRequest),
        ("<item/>", Condition::BadRequest),
        ("<item jid='x@y.example'/><item jid='@@'/>", Condition::JidMalformed),
        // §5, note 1: sessions of one account are not kept from each other.
        ("<item jid='x@y.example'/><item jid='a@example.org'/>", Condition::NotAllowed),
        ("<item jid='A@EXAMPLE.org/2'/>", Condition::NotAllowed),
    ] {
        let request = format!("<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>{items}</block></iq>");
        let answer = host.client("a/1").ask(&request).await;
        assert_eq!(answer.error().map(|error| error.condition), Some(condition), "{items}");
    }
    assert!(list(&host, "a/1").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_list_is_bounded_and_what_is_too_much_changes_nothing() {
    let host = TestHost::configured(ALL, &[("blocking", "items = 2")]).await;
    host.run("a/1 online").await;
    block(&host, "a/1", &["x@y.example"]).await;
    let three = "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='b@y.example'/><item jid='c@y.example'/></block></iq>";
    let answer = host.client("a/1").ask(three).await;
    assert_eq!(answer.error().map(|error| error.condition), Some(Condition::ResourceConstraint));
    assert_eq!(list(&host, "a/1").await, ["x@y.example"]);
    block(&host, "a/1", &["x@y.example", "b@y.example"]).await;
    unblock(&host, "a/1", &["x@y.example", "nobody@y.example"]).await;
    assert_eq!(list(&host, "a/1").await, ["b@y.example"]);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_the_accounts_own_business() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    for name in ["b", "nobody"] {
        for request in ["<blocklist xmlns='urn:xmpp:blocking'/>", "<unblock xmlns='urn:xmpp:blocking'/>"] {
            let kind = if request.starts_with("<blocklist") { "get" } else { "set" };
            let request = format!("<iq type='{kind}' id='1' to='{name}@example.org'>{request}</iq>");
            let answer = host.client("a/1").ask(&request).await;
            assert_eq!(answer.error().map(|error| error.condition), Some(Condition::ServiceUnavailable));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_holds_over_a_restart_and_goes_with_its_account() {
    let store = Store::memory();
    let before = TestHost::on(store.clone(), ALL, &[]).await.unwrap();
    before.run("a/1 online").await;
    block(&before, "a/1", &["b@example.org", "c.example", "d.example/x"]).await;
    drop(before);
    let after = TestHost::on(store, ALL, &[]).await.unwrap();
    after.run("a/1, b/1 online\n a/1 forgets\n b/1 → a: <body>x</body>\n a/1 ← nothing").await;
    assert_eq!(list(&after, "a/1").await, ["b@example.org", "c.example", "d.example/x"]);
    let account = after.jid("a");
    assert!(after.host().remove_account(&account).await.unwrap());
    after.run("a/1 online").await;
    assert!(list(&after, "a/1").await.is_empty());
    after.run("b/1 forgets\n b/1 → a: <body>x</body>\n a/1 ← <body>x</body>").await;
}

#[tokio::test(start_paused = true)]
async fn a_list_is_there_for_sessions_that_were_before_the_extension() {
    let host = host().await;
    let plan: Vec<_> = ALL.iter().copied().filter(|extension| extension.name() != "blocking").collect();
    host.reload(&plan, &[]).unwrap();
    host.run("a/1, b/1 online").await;
    host.reload(ALL, &[]).unwrap();
    host.run("a/1 → b: <body>x</body>\n b/1 ← <body>x</body>").await;
    block(&host, "b/1", &["a@example.org"]).await;
    host.run("a/1 → b: <body>x</body>\n a/1 ← nothing\n b/1 ← nothing").await;
}
