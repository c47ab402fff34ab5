//! What a stranger learns by sending messages.

use stonechat_extension::Descriptor;
use stonechat_extension::test_host::TestHost;

const ALL: &[&Descriptor] =
    &[&stonechat_xep_offline::SERVER, &stonechat_xep_presence::SERVER, &stonechat_xep_roster::SERVER];

const MESSAGES: &[&str] = &[
    "<message id='1' to='{}'><body>x</body></message>",
    "<message id='2' type='chat' to='{}'><body>x</body></message>",
    "<message id='3' type='chat' to='{}/gone'><body>x</body></message>",
    "<message id='4' to='{}/gone'><body>x</body></message>",
    "<message id='5' type='chat' to='{}'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<message id='4b' to='{}/1'><body>x</body></message>",
    "<message id='4c' type='groupchat' to='{}/1'><body>x</body></message>",
    "<message id='4d' type='groupchat' to='{}/gone'><body>x</body></message>",
    "<message id='6' to='{}'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>",
    "<message id='7' type='groupchat' to='{}'><body>x</body></message>",
    "<message id='8' type='headline' to='{}'><body>x</body></message>",
    "<message id='9' type='error' to='{}'/>",
];

async fn host(section: &str) -> TestHost {
    let host = TestHost::configured(ALL, &[("offline", section)]).await;
    host.run(
        "eve/1, friend/1, online/1, full/1 online\n offline exists\n full/1 → <presence type='unavailable'/>",
    )
    .await;
    host.run(
        "friend/1 → <presence type='subscribe' to='offline@example.org'/>
         offline/1 online
         offline/1 → <presence type='subscribed' to='friend@example.org'/>
         offline/1 disconnects
         friend/1 → full: <body>the last that fits</body>
         friend/1 forgets",
    )
    .await;
    host
}

async fn told(host: &TestHost, client: &str, name: &str) -> Vec<String> {
    let jid = format!("{name}@example.org");
    for message in MESSAGES {
        host.client(client).send(&message.replace("{}", &jid)).await;
    }
    host.client(client).received().iter().map(|stanza| stanza.to_string().replace(&jid, "NAME")).collect()
}

#[tokio::test(start_paused = true)]
async fn messages_of_strangers_do_not_tell_online_offline_full_and_missing_accounts_apart() {
    let host = host("max-messages = 3").await;
    let expected = told(&host, "eve/1", "missing").await;
    assert_eq!(expected.len(), 1, "group chat: {expected:#?}");
    for name in ["online", "offline", "full"] {
        assert_eq!(told(&host, "eve/1", name).await, expected, "{name}");
    }
}

/// XEP-0160 §2, step 3.
#[tokio::test(start_paused = true)]
async fn who_may_see_the_recipients_presence_is_told_what_was_not_stored() {
    let host = host("max-messages = 3").await;
    let expected = told(&host, "eve/1", "missing").await;
    assert!(told(&host, "friend/1", "offline").await.len() > expected.len());
}

#[tokio::test(start_paused = true)]
async fn a_strangers_message_waits_for_who_is_offline() {
    host("")
        .await
        .run(
            "eve/1 → offline: <body>hello</body>
             eve/1 ← nothing
             offline/2 connects
             offline/2 → <presence/>
             offline/2 ← <body>hello</body>",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn where_strangers_are_told_who_writes_to_an_account_that_does_not_exist_gets_an_error() {
    let host = host("tell-strangers = true").await;
    host.run(
        "eve/1 → missing: <body>x</body>
         eve/1 ← <message type='error'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    )
    .await;
}
