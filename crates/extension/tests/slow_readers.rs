//! Who does not read costs others one bounded wait, not one for each stanza.

use std::time::Duration;

use stonechat_extension::test_host::TestHost;
use tokio::time::Instant;

/// Longer than one wait for a mailbox, shorter than two.
const ONE_WAIT: Duration = Duration::from_secs(6);

async fn fill(host: &TestHost, from: &str, to: &str) {
    let body = "x".repeat(1 << 20);
    host.client(from).send(&format!("<message to='{to}' type='chat'><body>{body}</body></message>")).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_mailbox_is_waited_for_once_until_it_is_read() {
    let host = TestHost::with(&[]).await;
    host.run("a/1, b/1 online").await;
    fill(&host, "a/1", "b@example.org/1").await;
    let start = Instant::now();
    for _ in 0..10 {
        host.client("a/1")
            .send("<message to='b@example.org/1' type='chat'><body>more</body></message>")
            .await;
        host.client("a/1").send("<presence to='b@example.org/1'/>").await;
    }
    assert!(start.elapsed() < ONE_WAIT, "{:?}", start.elapsed());
    assert!(start.elapsed() >= Duration::from_secs(5), "the first one waits");
    let errors = host.client("a/1").received();
    assert_eq!(errors.len(), 10, "each message comes back");
    assert!(errors.iter().all(|stanza| stanza.error().is_some()));

    // When it reads again, it is waited for again.
    assert_eq!(host.client("b/1").received().len(), 1);
    fill(&host, "a/1", "b@example.org/1").await;
    let start = Instant::now();
    let reader = host.client("b/1");
    let (sender, ()) = (host.client("a/1"), ());
    let reading = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(reader.received().len(), 1);
    };
    tokio::join!(
        sender.send("<message to='b@example.org/1' type='chat'><body>in time</body></message>"),
        reading
    );
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    host.run("b/1 ← <body>in time</body>\n a/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_held_for_long_is_waited_for_once() {
    let host = TestHost::with(&[]).await;
    host.run("a/1, b/1 online").await;
    let held = host.client("b/1").session().hold();
    let start = Instant::now();
    for _ in 0..10 {
        host.client("a/1")
            .send("<message to='b@example.org/1' type='chat'><body>more</body></message>")
            .await;
    }
    assert!(start.elapsed() < ONE_WAIT, "{:?}", start.elapsed());
    drop(held);
    host.run("b/1 ← nothing\n a/1 forgets\n a/1 → b/1: <body>again</body>\n b/1 ← <body>again</body>").await;

    // The next hold is waited for again.
    let held = host.client("b/1").session().hold();
    let sender = host.client("a/1");
    let releasing = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(held);
    };
    tokio::join!(
        sender.send("<message to='b@example.org/1' type='chat'><body>in time</body></message>"),
        releasing
    );
    host.run("b/1 ← <body>in time</body>\n a/1 ← nothing").await;
}
