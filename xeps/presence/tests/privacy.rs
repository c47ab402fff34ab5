//! Who may ask what of whom: RFC 6121 §8.5.3.1, and that answers do not tell whether an account or session exists.

mod common;

use common::{configured, host, is, item, subscribe};
use stonechat_extension::test_host::TestHost;

const VERSION: &str = "<query xmlns='jabber:iq:version'/>";

/// The answer to a request to a full JID, or what the session received; nothing but the address may differ.
async fn answer(host: &TestHost, asker: &str, to: &str) -> String {
    let answer = host.client(asker).ask(&format!("<iq type='get' id='v' to='{to}'>{VERSION}</iq>")).await;
    answer.to_string().replace(to, "TO")
}

#[tokio::test(start_paused = true)]
async fn strangers_get_the_same_error_from_sessions_that_are_there_and_that_are_not() {
    let host = host().await;
    host.run("asker/1, online/1 online\n online/2 connects\n offline exists\n online/1 forgets").await;
    let expected = answer(&host, "asker/1", "missing@example.org/1").await;
    assert!(expected.contains("service-unavailable"), "{expected}");
    for to in
        ["online@example.org/1", "online@example.org/2", "online@example.org/3", "offline@example.org/1"]
    {
        assert_eq!(answer(&host, "asker/1", to).await, expected, "{to}");
    }
    host.run("online/1 ← nothing\n online/2 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_in_the_other_direction_gives_no_right() {
    let host = host().await;
    subscribe(&host, "b", "asker").await;
    host.run("asker/1, b/1 online\n b/1 forgets").await;
    assert!(answer(&host, "asker/1", "b@example.org/1").await.contains("service-unavailable"));
    host.run("b/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn subscribers_own_sessions_and_those_who_got_directed_presence_may_ask() {
    let host = host().await;
    subscribe(&host, "friend", "b").await;
    host.run(&format!(
        "b/1, b/2, friend/1, guest/1 online
         b/1 → <presence to='guest@example.org/1'/>
         b/1, b/2 forget
         friend/1 → <iq type='get' id='1' to='b@example.org/1'>{VERSION}</iq>
         b/1 ← <iq type='get' from='friend@example.org/1' id='1'/>
         b/2 → <iq type='get' id='2' to='b@example.org/1'>{VERSION}</iq>
         b/1 ← <iq type='get' from='b@example.org/2' id='2'/>
         guest/1 → <iq type='set' id='3' to='b@example.org/1'>{VERSION}</iq>
         b/1 ← <iq type='set' from='guest@example.org/1' id='3'/>
         b/1 → <iq type='result' id='3' to='guest@example.org/1'/>
         guest/1 forgets
         # the other session has not shown itself
         guest/1 → <iq type='get' id='4' to='b@example.org/2'>{VERSION}</iq>
         guest/1 ← <iq type='error' id='4'/>
         b/2 ← nothing
         b/1 → <presence to='guest@example.org/1' type='unavailable'/>
         guest/1 forgets
         guest/1 → <iq type='get' id='5' to='b@example.org/1'>{VERSION}</iq>
         guest/1 ← <iq type='error' id='5'/>
         b/1 ← nothing"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn answers_and_messages_pass() {
    let host = host().await;
    host.run(
        "a/1, b/1 online
         a/1 → <iq type='result' id='1' to='b@example.org/1'/>
         b/1 ← <iq type='result' id='1'/>
         a/1 → b/1: <body>hi</body>
         b/1 ← <body>hi</body>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_protection_can_be_switched_off() {
    let host = configured("protect-sessions = false").await;
    host.run(&format!(
        "a/1, b/1 online
         a/1 → <iq type='get' id='1' to='b@example.org/1'>{VERSION}</iq>
         b/1 ← <iq type='get' id='1'/>"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn subscription_stanzas_do_not_tell_whether_there_is_an_account() {
    let host = host().await;
    host.run("asker/1, online/1 online\n offline exists").await;
    for kind in ["subscribe", "unsubscribe", "subscribed", "unsubscribed"] {
        for name in ["online", "offline", "missing"] {
            host.run(&format!(
                "asker/1 → <presence to='{name}@example.org' type='{kind}'/>\n asker/1 ← nothing"
            ))
            .await;
        }
    }
    let online = item(&host, "asker", "online").await;
    assert_eq!(online, is("none", false, false));
    assert_eq!(item(&host, "asker", "offline").await, online);
    assert_eq!(item(&host, "asker", "missing").await, online);
}

#[tokio::test(start_paused = true)]
async fn a_client_cannot_answer_for_somebody_else() {
    let host = host().await;
    host.run(
        "a/1, b/1, mallory/1 online
         a/1 → <presence to='b@example.org' type='subscribe'/>
         mallory/1 → <presence to='a@example.org' type='subscribed'/>",
    )
    .await;
    let forged = "<presence from='b@example.org' to='a@example.org' type='subscribed'/>";
    let forged = stonechat_stanza::Stanza::parse(forged.as_bytes()).expect("a stanza");
    assert!(host.client("mallory/1").try_send(forged).await.is_err());
    assert_eq!(item(&host, "a", "b").await, is("none", true, false));
    assert_eq!(item(&host, "a", "mallory").await, None);
}

#[tokio::test(start_paused = true)]
async fn addresses_in_another_form_are_the_same_contact() {
    let host = host().await;
    host.run(
        "a/1, b/1 online
         a/1 → <presence to='B@EXAMPLE.org.' type='subscribe'/>
         b/1 → <presence to='A@Example.ORG/x' type='subscribed'/>",
    )
    .await;
    assert_eq!(item(&host, "a", "b").await, is("to", false, false));
    assert_eq!(item(&host, "b", "a").await, is("from", false, false));
}

#[tokio::test(start_paused = true)]
async fn requests_to_an_account_do_not_tell_a_stranger_whether_it_is_there() {
    let host = host().await;
    host.run("asker/1, online/1 online\n offline exists\n online/1 forgets").await;
    let expected = answer(&host, "asker/1", "missing@example.org").await;
    assert!(expected.contains("service-unavailable"), "{expected}");
    for to in ["online@example.org", "offline@example.org"] {
        assert_eq!(answer(&host, "asker/1", to).await, expected, "{to}");
    }
    host.run("online/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn presence_that_is_directed_to_an_account_brings_a_stranger_nothing_back() {
    let host = host().await;
    host.run("asker/1, online/1 online\n offline exists").await;
    for name in ["online", "offline", "missing"] {
        for to in
            [format!("{name}@example.org"), format!("{name}@example.org/1"), format!("{name}@example.org/2")]
        {
            for kind in ["", "type='unavailable'", "type='error'"] {
                host.run(&format!("asker/1 → <presence to='{to}' {kind}/>\n asker/1 ← nothing")).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_requests_from_one_sender_is_one_request_however_it_is_repeated() {
    let host = host().await;
    host.run("flood/1, victim/1 online\n victim/1 disconnects").await;
    for number in 0..50 {
        let request = format!(
            "<presence id='{number}' type='subscribe' to='victim@example.org'><status>{number}</status></presence>"
        );
        host.client("flood/1").send(&request).await;
    }
    host.run(
        "victim/2 connects
         victim/2 → <presence/>
         victim/2 ← <presence from='victim@example.org/2'/>
         victim/2 ← <presence type='subscribe' id='0' from='flood@example.org'/>
         victim/2 ← nothing
         flood/1 ← nothing",
    )
    .await;
}
