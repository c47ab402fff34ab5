//! Who does not read costs others one bounded wait, not one for each stanza.

use std::time::Duration;

use stonechat_extension::Ending;
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

const BOTH: &str = "<message to='b@example.org' type='chat'><body>to both</body></message>";

#[tokio::test(start_paused = true)]
async fn a_session_that_missed_presence_or_a_push_is_ended_and_one_that_missed_a_request_is_not() {
    let host = TestHost::with(&[]).await;
    host.run("a/1, b/1, b/2, b/3 online").await;
    let missed = [
        ("b/1", "<presence from='a@example.org/1' to='b@example.org/1'/>"),
        ("b/2", "<iq type='set' id='push' from='b@example.org' to='b@example.org/2'><query xmlns='x'/></iq>"),
        (
            "b/3",
            "<iq type='get' id='ask' from='a@example.org/1' to='b@example.org/3'><query xmlns='x'/></iq>",
        ),
    ];
    for (client, stanza) in missed {
        fill(&host, "a/1", &client.replace('/', "@example.org/")).await;
        host.inject(stanza).await;
    }
    assert_eq!(host.client("b/1").ending(), Some(Ending::TooSlow));
    assert_eq!(host.client("b/2").ending(), Some(Ending::TooSlow));
    assert_eq!(host.client("b/3").ending(), None);
    host.run("a/1 ← <iq type='error' id='ask'/>").await;
}

#[tokio::test(start_paused = true)]
async fn of_several_sessions_the_one_that_missed_a_message_which_another_got_is_ended() {
    let host = TestHost::with(&[]).await;
    host.run("a/1, b/1, b/2 online").await;
    fill(&host, "a/1", "b@example.org/1").await;
    host.client("a/1").send(BOTH).await;
    assert_eq!(host.client("b/1").ending(), Some(Ending::TooSlow));
    assert_eq!(host.client("b/2").ending(), None);
    host.run("b/2 ← <body>to both</body>\n a/1 ← nothing").await;
    // What it had not read is not lost with it.
    host.disconnect("b/1").await;
    host.run("a/1 ← <message type='error' from='b@example.org/1'/>\n a/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_none_of_several_sessions_could_take_comes_back_and_ends_none() {
    let host = TestHost::with(&[]).await;
    host.run("a/1, b/1, b/2 online").await;
    fill(&host, "a/1", "b@example.org/1").await;
    fill(&host, "a/1", "b@example.org/2").await;
    host.client("a/1").send(BOTH).await;
    assert_eq!(host.client("b/1").ending(), None);
    assert_eq!(host.client("b/2").ending(), None);
    host.run("a/1 ← <message type='error' from='b@example.org'/>\n a/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_waits_for_all_recipients_of_a_stanza_together_as_long_as_for_one() {
    let host = TestHost::with(&[]).await;
    host.run("a/1, b/1, b/2, b/3, b/4 online").await;
    for resource in 1..=4 {
        fill(&host, "a/1", &format!("b@example.org/{resource}")).await;
    }
    let start = Instant::now();
    host.client("a/1").send(BOTH).await;
    assert_eq!(start.elapsed().as_secs(), 5);
    host.run("a/1 ← <message type='error' from='b@example.org'/>\n a/1 ← nothing").await;
    // Those for which no time was left are still waited for.
    let (sender, reader) = (host.client("a/1"), host.client("b/4"));
    let reading = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(reader.received().len(), 1);
    };
    tokio::join!(
        sender.send("<message to='b@example.org/4' type='chat'><body>in time</body></message>"),
        reading
    );
    host.run("b/4 ← <body>in time</body>").await;
}
