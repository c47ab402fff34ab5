//! What a session that survives the server knows of who is there.

use stonechat_extension::test_host::TestHost;
use stonechat_xep_sm::SERVER;

async fn befriended() -> TestHost {
    let host =
        TestHost::with(&[&stonechat_xep_presence::SERVER, &stonechat_xep_roster::SERVER, &SERVER]).await;
    host.run(
        "a/1, b/1, c/1 online
         a/1 → <presence type='subscribe' to='b@example.org'/>
         b/1 → <presence type='subscribed' to='a@example.org'/>
         a/1 → <presence type='subscribe' to='c@example.org'/>
         c/1 → <presence type='subscribed' to='a@example.org'/>
         a/1, b/1, c/1 forget",
    )
    .await;
    host
}

async fn enable(host: &TestHost, name: &str) -> String {
    let client = host.client(name);
    client.nonza("<enable xmlns='urn:xmpp:sm:3' resume='true'/>").await;
    host.settled().await;
    client.next_nonza().expect("an answer").attr("id").expect("an id").to_owned()
}

/// `b` goes on with its session, `c` had none that could go on.
#[tokio::test(start_paused = true)]
async fn who_was_not_to_come_back_after_a_crash_is_shown_as_gone_and_others_as_before() {
    let host = befriended().await;
    let a = enable(&host, "a/1").await;
    enable(&host, "b/1").await;
    let host = host.killed_and_started().await;
    host.settled().await;
    host.resume("a/1", &a, 0).await.unwrap();
    host.run(
        "a/1 ← <presence type='unavailable' from='c@example.org'/>
         a/1 ← nothing
         c/2 online",
    )
    .await;
    host.settled().await;
    host.run("a/1 ← <presence from='c@example.org/2'/>").await;
}
