//! Together with XEP-0280.

use stonechat_extension::test_host::PRESENCE;
use stonechat_extension::test_host::TestHost;
use stonechat_xep_offline::SERVER;

const ENABLE: &str = "<iq type='set' id='1'><enable xmlns='urn:xmpp:carbons:2'/></iq>";

async fn host() -> TestHost {
    TestHost::with(&[&PRESENCE, &stonechat_xep_carbons::SERVER, &SERVER]).await
}

#[tokio::test(start_paused = true)]
async fn copies_that_were_not_read_or_did_not_fit_are_not_stored() {
    let host = host().await;
    host.run("a/1, a/2, b/1 online").await;
    host.client("a/2").ask(ENABLE).await;
    let body = "x".repeat(200_000);
    for _ in 0..8 {
        host.run(&format!("b/1 → a/1: <body>{body}</body>\n a/1 ← <body>{body}</body>")).await;
    }
    host.run(
        "a/2 disconnects
         a/3 connects
         a/3 → <presence/>
         a/3 ← nothing
         a/1 ← nothing
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn stored_messages_go_to_one_session_and_are_not_copied() {
    let host = host().await;
    host.run("b/1 online\n a exists\n b/1 → a: <body>x</body>\n a/1 connects").await;
    host.client("a/1").ask(ENABLE).await;
    host.run(
        "a/2 connects
         a/2 → <presence/>
         a/2 ← <message><body>x</body><delay xmlns='urn:xmpp:delay'/></message>
         a/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_private_message_is_still_private_when_it_was_stored() {
    let host = host().await;
    host.run("b/1 online\n a exists\n b/1 → a: <body>x</body><private xmlns='urn:xmpp:carbons:2'/>").await;
    host.run("a/1 connects\n a/1 → <presence/>").await;
    let got = host.client("a/1").next().expect("it was stored");
    assert!(!got.has("urn:xmpp:carbons:2", "private"), "{got}");
}
