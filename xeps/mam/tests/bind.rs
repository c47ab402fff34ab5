//! Together with Bind 2 (XEP-0386 §3.2).

mod common;

use common::{all, body};
use stonechat_extension::login::{Claim, Login, Proof, UserAgent};
use stonechat_extension::test_host::{PRESENCE, TestHost};
use stonechat_stanza::{Element, Payload as _};
use stonechat_xep_bind2::Bound;
use stonechat_xep_mam::{Metadata, NS, SERVER};

async fn host(offline: &str) -> TestHost {
    let all = [
        &PRESENCE,
        &stonechat_xep_sasl2::SERVER,
        &stonechat_xep_bind2::SERVER,
        &stonechat_xep_offline::SERVER,
        &SERVER,
    ];
    TestHost::configured(&all, &[("offline", offline)]).await
}

/// Logs in as b, and gives what the client is told of the archive.
async fn bind(host: &TestHost, name: &str) -> Metadata {
    let bind: Element = "<bind xmlns='urn:xmpp:bind:0'/>".parse().expect("XML");
    let claim = Claim {
        user_agent: Some(UserAgent::default()),
        requests: vec![bind],
        ..Claim::new(host.jid("b"), "SCRAM-SHA-1")
    };
    let answers = host.log_in(name, &Login { claim, proof: Proof::Password }).await;
    let bound = answers.iter().find_map(Bound::read).expect("a session is bound");
    let metadata = bound.answers.iter().find(|answer| answer.is("metadata", NS)).expect("the metadata");
    Metadata::parse(metadata).expect("it parses")
}

/// Comes online, and gives what was delivered then.
async fn come(host: &TestHost, client: &str) -> Vec<String> {
    host.client(client).send("<presence/>").await;
    host.client(client).received().iter().map(body).filter(|body| !body.is_empty()).collect()
}

/// Example 4.
#[tokio::test(start_paused = true)]
async fn who_binds_with_the_login_is_told_where_the_archive_begins_and_ends() {
    let host = host("").await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>1</body>\n later 60\n a/1 → b: <body>2</body>").await;
    let told = bind(&host, "b/phone").await;
    let archive = all(&host, "b/phone").await;
    let ids = archive.ids();
    let (start, end) = (told.start.expect("a start"), told.end.expect("an end"));
    assert_eq!([start.id.as_str(), end.id.as_str()], [ids[0], ids[1]]);
    assert_eq!(start.timestamp.to_string(), "2026-01-01T12:00:00Z");
    assert_eq!(end.timestamp.to_string(), "2026-01-01T12:01:00Z");
}

#[tokio::test(start_paused = true)]
async fn an_empty_archive_has_no_bounds_to_tell() {
    let host = host("").await;
    host.run("b exists").await;
    assert_eq!(bind(&host, "b/phone").await, Metadata::default());
}

#[tokio::test(start_paused = true)]
async fn messages_that_wait_are_there_for_clients_that_read_no_archive() {
    let host = host("").await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>x</body>").await;
    bind(&host, "b/phone").await;
    assert_eq!(come(&host, "b/phone").await, ["x"]);
}

/// §3.2: "Clear the offline messages for this user, if any, without sending them (as they will be provided by MAM)."
#[tokio::test(start_paused = true)]
async fn where_it_is_configured_a_bind_clears_what_the_archive_has_and_nothing_else() {
    let host = host("clear-at-bind = true").await;
    host.run(
        "a/1 online
         b exists
         a/1 → b: <body>1</body>
         a/1 → b: <body>not archived</body><no-permanent-store xmlns='urn:xmpp:hints'/>
         a/1 → b: <body>2</body>",
    )
    .await;
    bind(&host, "b/phone").await;
    assert_eq!(come(&host, "b/phone").await, ["not archived"]);
    assert_eq!(all(&host, "b/phone").await.bodies(), ["1", "2"]);
}

/// More than are read at a time, and what had been in the mailbox of a session that ended.
#[tokio::test(start_paused = true)]
async fn however_many_wait_all_are_cleared() {
    let host = host("clear-at-bind = true").await;
    host.run("a/1, b/1 online\n a/1 → b: <body>unread</body>\n b/1 disconnects").await;
    for number in 0..120 {
        host.run(&format!("a/1 → b: <body>{number}</body>")).await;
    }
    bind(&host, "b/phone").await;
    assert_eq!(come(&host, "b/phone").await, [""; 0]);
}
