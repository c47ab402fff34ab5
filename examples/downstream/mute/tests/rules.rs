//! The rules, on the host for tests.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::On;
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_xep_mute::{NS, SERVER};

const MUTE: &str =
    "juliet/balcony → <iq type='set' id='m'><mute xmlns='urn:example:mute:0'><word>Rain</word></mute></iq>
                    juliet/balcony ← <iq type='result' id='m'/>";

async fn host() -> TestHost {
    TestHost::with(&[
        &SERVER,
        &stonechat_xep_offline::SERVER,
        &stonechat_xep_presence::SERVER,
        &stonechat_xep_roster::SERVER,
    ])
    .await
}

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_host_lists_the_feature() {
    let host = host().await;
    assert!(host.host().tables().info(On::HOST).features.iter().any(|feature| feature == NS));
}

#[tokio::test(start_paused = true)]
async fn a_message_with_a_muted_word_does_not_arrive_and_its_sender_is_not_told() {
    let host = host().await;
    host.run("juliet/balcony, romeo/orchard online").await;
    host.run(MUTE).await;
    host.run(
        "romeo/orchard → juliet: <body>No rain today.</body>
         juliet/balcony ← nothing
         romeo/orchard ← nothing
         romeo/orchard → juliet: <body>A rainbow!</body>
         juliet/balcony ← <body>A rainbow!</body>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_sender_is_told_where_the_configuration_says_so() {
    let host = TestHost::configured(&[&SERVER], &[("mute", "tell-sender = true")]).await;
    host.run("juliet/balcony, romeo/orchard connect").await;
    host.run(MUTE).await;
    host.run(
        "romeo/orchard → juliet/balcony: <body>rain</body>
         juliet/balcony ← nothing
         romeo/orchard ← <message type='error'/>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn words_are_listed_and_removed_and_what_one_writes_oneself_arrives() {
    let host = host().await;
    host.run("juliet/balcony, juliet/chamber, romeo/orchard online").await;
    host.run(MUTE).await;
    host.run(
        "juliet/balcony → <iq type='get' id='g'><muted xmlns='urn:example:mute:0'/></iq>
         juliet/balcony ← <iq type='result' id='g'><muted xmlns='urn:example:mute:0'><word>rain</word></muted></iq>
         juliet/balcony → juliet/chamber: <body>rain</body>
         juliet/chamber ← <body>rain</body>
         juliet/balcony → <iq type='set' id='u'><unmute xmlns='urn:example:mute:0'><word>RAIN</word></unmute></iq>
         juliet/balcony ← <iq type='result' id='u'/>
         romeo/orchard → juliet/balcony: <body>rain</body>
         juliet/balcony ← <body>rain</body>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn words_survive_the_server_and_hold_for_who_is_offline() {
    let host = host().await;
    host.run("juliet/balcony online").await;
    host.run(MUTE).await;
    let host = host.killed_and_started().await;
    host.run(
        "romeo/orchard online
         romeo/orchard → juliet: <body>rain</body>
         romeo/orchard → juliet: <body>sun</body>
         juliet/balcony connects
         juliet/balcony → <presence/>
         juliet/balcony ← <body>sun</body>
         juliet/balcony ← <presence/>
         juliet/balcony ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_account_has_so_many_words_and_no_more() {
    let host = TestHost::configured(&[&SERVER], &[("mute", "words = 2\nword-length = 4")]).await;
    let juliet = host.connect("juliet/balcony").await;
    for (words, answer) in [
        ("<word>a</word><word>b</word>", "result"),
        ("<word>c</word>", "error"),
        ("<word>A</word>", "result"),
        ("<word>too long</word>", "error"),
        ("<word>rainy</word>", "error"),
        ("", "error"),
    ] {
        let ask = format!("<iq type='set' id='x'><mute xmlns='{NS}'>{words}</mute></iq>");
        let answered = juliet.ask(&ask).await;
        assert!(answered.to_string().contains(&format!("type='{answer}'")), "{words}: {answered}");
    }
}

#[tokio::test(start_paused = true)]
async fn words_of_others_are_nobodys_business() {
    let host = host().await;
    host.run(
        "juliet/balcony, romeo/orchard online
         romeo/orchard → <iq type='get' id='g' to='juliet@example.org'><muted xmlns='urn:example:mute:0'/></iq>
         romeo/orchard ← <iq type='error' id='g'/>
         juliet/balcony ← nothing",
    )
    .await;
}
