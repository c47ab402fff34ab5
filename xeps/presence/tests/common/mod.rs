//! What the scripts share.
#![allow(dead_code, reason = "each test uses some of it")]

use stonechat_extension::test_host::TestHost;
use stonechat_stanza::Stanza;
use stonechat_xep_presence::SERVER;

/// A host with roster and presence.
pub(crate) async fn host() -> TestHost {
    configured("").await
}

/// The same with a section for presence.
pub(crate) async fn configured(section: &str) -> TestHost {
    TestHost::configured(&[&SERVER, &stonechat_xep_roster::SERVER], &[("presence", section)]).await
}

/// Another server process over the same store; the first is as good as killed.
pub(crate) async fn restarted(host: &TestHost) -> TestHost {
    let extensions = [&SERVER, &stonechat_xep_roster::SERVER];
    TestHost::on(host.store().clone(), &extensions, &[]).await.expect("it starts")
}

/// Has `who` see the presence of `whom`, both by sessions that are gone afterwards.
pub(crate) async fn subscribe(host: &TestHost, who: &str, whom: &str) {
    host.run(&format!(
        "{who}/setup, {whom}/setup online
         {who}/setup → <presence type='subscribe' to='{whom}@example.org'/>
         {whom}/setup → <presence type='subscribed' to='{who}@example.org'/>
         {who}/setup, {whom}/setup disconnect"
    ))
    .await;
}

/// Has both see each other.
pub(crate) async fn befriend(host: &TestHost, a: &str, b: &str) {
    subscribe(host, a, b).await;
    subscribe(host, b, a).await;
}

/// What the roster of `who` says of `whom`: subscription, ask, approved; `None` when it is not in it.
pub(crate) async fn item(host: &TestHost, who: &str, whom: &str) -> Option<(String, bool, bool)> {
    let client = host.connect(&format!("{who}/roster")).await;
    let answer = client.ask("<iq type='get' id='get'><query xmlns='jabber:iq:roster'/></iq>").await;
    host.disconnect(&format!("{who}/roster")).await;
    let query: stonechat_xep_roster::Query = answer.get().expect("a roster").expect("a query");
    let jid = format!("{whom}@example.org");
    let item = query.items.into_iter().find(|item| item.jid.as_str() == jid)?;
    Some((item.subscription.to_string(), item.ask, item.approved))
}

/// An item as [`item`] gives it.
pub(crate) fn is(subscription: &str, ask: bool, approved: bool) -> Option<(String, bool, bool)> {
    Some((subscription.to_owned(), ask, approved))
}

/// What a client received, as text, without the order.
pub(crate) fn sorted(stanzas: Vec<Stanza>) -> Vec<String> {
    let mut all: Vec<String> = stanzas.iter().map(ToString::to_string).collect();
    all.sort();
    all
}
