//! What the scripts share.
#![allow(dead_code, reason = "each test uses some of it")]

use stonechat_extension::Descriptor;
use stonechat_extension::test_host::TestHost;
use stonechat_stanza::Stanza;
use stonechat_xep_blocking::SERVER;

/// All that handles stanzas between accounts.
pub(crate) const ALL: &[&Descriptor] = &[
    &SERVER,
    &stonechat_xep_carbons::SERVER,
    &stonechat_xep_disco::SERVER,
    &stonechat_xep_last::SERVER,
    &stonechat_xep_mam::SERVER,
    &stonechat_xep_offline::SERVER,
    &stonechat_xep_presence::SERVER,
    &stonechat_xep_roster::SERVER,
];

pub(crate) async fn host() -> TestHost {
    TestHost::with(ALL).await
}

/// Has both see each other, by sessions that are gone afterwards.
pub(crate) async fn befriend(host: &TestHost, a: &str, b: &str) {
    host.run(&format!("{a}/setup, {b}/setup online")).await;
    for (who, whom) in [(a, b), (b, a)] {
        host.run(&format!(
            "{who}/setup → <presence type='subscribe' to='{whom}@example.org'/>
             {whom}/setup → <presence type='subscribed' to='{who}@example.org'/>"
        ))
        .await;
    }
    host.run(&format!("{a}/setup, {b}/setup disconnect")).await;
}

/// Has a client block addresses.
pub(crate) async fn block(host: &TestHost, client: &str, jids: &[&str]) {
    ask(host, client, "block", jids).await;
}

/// Has a client unblock addresses; none for all.
pub(crate) async fn unblock(host: &TestHost, client: &str, jids: &[&str]) {
    ask(host, client, "unblock", jids).await;
}

async fn ask(host: &TestHost, client: &str, what: &str, jids: &[&str]) {
    let items: String = jids.iter().map(|jid| format!("<item jid='{jid}'/>")).collect();
    let request =
        format!("<iq type='set' id='{what}'><{what} xmlns='urn:xmpp:blocking'>{items}</{what}></iq>");
    let answer = host.client(client).ask(&request).await;
    assert_eq!(answer.kind().type_attribute(), Some("result"), "{answer}");
}

/// The list as a client gets it.
pub(crate) async fn list(host: &TestHost, client: &str) -> Vec<String> {
    let answer =
        host.client(client).ask("<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>").await;
    let list: stonechat_xep_blocking::BlockList = answer.get().expect("it reads").expect("a list");
    list.items.iter().map(|item| item.jid.to_string()).collect()
}

/// What a client received, as text.
pub(crate) fn texts(stanzas: &[Stanza]) -> Vec<String> {
    stanzas.iter().map(ToString::to_string).collect()
}
