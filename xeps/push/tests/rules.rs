//! XEP-0357, on the test host: a second account plays the push service.

use std::time::Duration;

use stonechat_extension::test_host::{PRESENCE, TestHost, contract};
use stonechat_extension::{Descriptor, On};
use stonechat_stanza::error::Condition;
use stonechat_stanza::forms::Form;
use stonechat_stanza::{Element, Payload as _, Stanza};
use stonechat_store::Store;
use stonechat_xep_push::{NS, SERVER, SUMMARY};

const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const ALL: &[&Descriptor] = &[
    &SERVER,
    &PRESENCE,
    &stonechat_xep_csi::SERVER,
    &stonechat_xep_sm::SERVER,
    &stonechat_xep_offline::SERVER,
    &stonechat_xep_carbons::SERVER,
];

fn enable(node: &str, content: &str) -> String {
    format!(
        "<iq type='set' id='x42'><enable xmlns='urn:xmpp:push:0' jid='app@example.org/service' node='{node}'>{content}</enable></iq>"
    )
}

/// A host on which `b` has enabled a node and is offline; `a` is online.
async fn host() -> TestHost {
    configured("").await
}

async fn configured(section: &str) -> TestHost {
    let host = TestHost::configured(ALL, &[("push", section)]).await;
    host.run("a/1, app/service, b/1 online").await;
    let answer = host.client("b/1").ask(&enable("phone", "")).await;
    assert!(answer.error().is_none(), "{answer}");
    host.run("b/1 disconnects").await;
    host
}

/// Lets the tasks of the extension do what they have to do now.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// The notifications that the service has got: the requests.
async fn pushed(host: &TestHost) -> Vec<Stanza> {
    settle().await;
    host.client("app/service").received()
}

/// The one notification that the service has got.
async fn one(host: &TestHost) -> Stanza {
    let mut all = pushed(host).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn say(host: &TestHost, id: &str) {
    let message = format!(
        "<message type='chat' id='{id}' to='b@example.org'><body>for your eyes only</body></message>"
    );
    host.client("a/1").send(&message).await;
}

/// A session of `b` whose client is inactive.
async fn away(host: &TestHost) {
    host.run("b/away online").await;
    host.client("b/away").nonza("<inactive xmlns='urn:xmpp:csi:0'/>").await;
}

async fn after(seconds: u64) {
    settle().await;
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

fn publish(request: &Stanza) -> Element {
    let pubsub = request.find(PUBSUB, "pubsub").expect("a request to publish").element().expect("XML");
    pubsub.get_child("publish", PUBSUB).expect("it publishes").clone()
}

/// The summary of a notification.
fn summary(request: &Stanza) -> Option<Form> {
    let publish = publish(request);
    let item = publish.get_child("item", PUBSUB).expect("an item");
    let notification = item.get_child("notification", NS).expect("a notification");
    let form = notification.get_child("x", "jabber:x:data")?;
    Some(Form::parse(form).expect("a form"))
}

fn count(request: &Stanza) -> Option<String> {
    summary(request)?.value("message-count").map(str::to_owned)
}

async fn answer(host: &TestHost, request: &Stanza, kind: &str, content: &str) {
    let (id, to) = (request.id().expect("an id"), request.from().expect("an address"));
    host.client("app/service").send(&format!("<iq type='{kind}' id='{id}' to='{to}'>{content}</iq>")).await;
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn an_account_lists_the_feature() {
    let host = host().await;
    let tables = host.host().tables();
    assert!(tables.info(On::OWN_ACCOUNT).features.iter().any(|feature| feature == NS));
}

#[tokio::test(start_paused = true)]
async fn a_message_for_who_is_offline_is_pushed_and_tells_neither_who_nor_what() {
    // Example 12, as far as the default allows.
    let host = host().await;
    say(&host, "1").await;
    let request = one(&host).await;
    assert_eq!(request.from().unwrap().as_str(), "example.org");
    assert_eq!(publish(&request).attr("node"), Some("phone"));
    let form = summary(&request).unwrap();
    assert_eq!(form.form_type(), Some(SUMMARY));
    assert_eq!(form.value("message-count"), Some("1"));
    let text = request.to_string();
    assert!(!text.contains("a@example.org") && !text.contains("eyes"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn who_has_sent_it_and_what_it_says_are_told_where_the_operator_says_so() {
    let host = configured("include-sender = true\ninclude-body = true").await;
    say(&host, "1").await;
    let form = summary(&one(&host).await).unwrap();
    assert_eq!(form.value("last-message-sender"), Some("a@example.org/1"));
    assert_eq!(form.value("last-message-body"), Some("for your eyes only"));
}

#[tokio::test(start_paused = true)]
async fn the_options_of_a_node_come_with_each_notification() {
    // Examples 9 and 13.
    let host = host().await;
    let options = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var='secret'><value>eruio234vzxc2kla-91</value></field></x>";
    host.run("b/1 online").await;
    assert!(host.client("b/1").ask(&enable("phone", options)).await.error().is_none());
    host.run("b/1 disconnects").await;
    say(&host, "1").await;
    let request = one(&host).await;
    let pubsub = request.find(PUBSUB, "pubsub").unwrap().element().unwrap();
    let form = pubsub.get_child("publish-options", PUBSUB).unwrap().get_child("x", "jabber:x:data").unwrap();
    assert_eq!(Form::parse(form).unwrap().value("secret"), Some("eruio234vzxc2kla-91"));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_pushed_while_a_session_reads() {
    let host = host().await;
    host.run("b/1 online").await;
    away(&host).await;
    say(&host, "1").await;
    host.client("a/1").send("<message type='chat' to='b@example.org/away'><body>x</body></message>").await;
    assert!(pushed(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn sessions_that_are_away_or_of_negative_priority_do_not_read() {
    let host = host().await;
    away(&host).await;
    host.run("b/low connects\n b/low → <presence><priority>-1</priority></presence>").await;
    say(&host, "1").await;
    assert_eq!(count(&one(&host).await).as_deref(), Some("1"));
    host.run("b/away ← <body>for your eyes only</body>").await;
}

#[tokio::test(start_paused = true)]
async fn a_service_gets_one_notification_in_an_interval_and_the_next_sums_up() {
    let host = host().await;
    for id in ["1", "2", "3"] {
        say(&host, id).await;
        settle().await;
    }
    assert_eq!(count(&one(&host).await).as_deref(), Some("1"));
    after(14).await;
    assert!(pushed(&host).await.is_empty());
    after(2).await;
    assert_eq!(count(&one(&host).await).as_deref(), Some("3"));
    after(60).await;
    assert!(pushed(&host).await.is_empty());
    say(&host, "4").await;
    assert_eq!(count(&one(&host).await).as_deref(), Some("4"));
}

#[tokio::test(start_paused = true)]
async fn what_has_been_read_meanwhile_is_not_pushed_nor_counted() {
    let host = host().await;
    say(&host, "1").await;
    say(&host, "2").await;
    one(&host).await;
    host.run("b/1 online\n b/1 disconnects").await;
    after(60).await;
    assert!(pushed(&host).await.is_empty());
    say(&host, "3").await;
    assert_eq!(count(&one(&host).await).as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_worth_it_or_gets_lost_anyway_is_not_pushed() {
    let host = host().await;
    for message in [
        "<message type='chat' to='b@example.org'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
        "<message type='chat' to='b@example.org'><received xmlns='urn:xmpp:receipts' id='1'/></message>",
        "<message type='headline' to='b@example.org'><body>x</body></message>",
        "<message type='groupchat' to='b@example.org'><body>x</body></message>",
        "<message to='b@example.org/gone'><body>x</body></message>",
        "<message to='b@example.org'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>",
        "<message to='nobody@example.org'><body>x</body></message>",
        "<presence to='b@example.org'/>",
    ] {
        host.client("a/1").send(message).await;
    }
    assert!(pushed(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_nothing_to_show_is_pushed_without_a_summary_or_not_at_all() {
    let reaction = "<message type='chat' to='b@example.org'><reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>x</reaction></reactions></message>";
    let host = host().await;
    host.client("a/1").send(reaction).await;
    assert_eq!(summary(&one(&host).await), None);
    let host = configured("quiet = false").await;
    host.client("a/1").send(reaction).await;
    assert!(pushed(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_a_dead_connection_had_is_pushed_and_one_that_was_pushed_is_not_pushed_again() {
    let host = host().await;
    host.run("b/1 online").await;
    say(&host, "1").await;
    assert!(pushed(&host).await.is_empty());
    host.run("b/1 disconnects").await;
    assert_eq!(count(&one(&host).await).as_deref(), Some("1"));
    after(60).await;
    // Stored, delivered, not written, stored again.
    host.run("b/1 online\n b/1 disconnects").await;
    let client = host.connect("b/2").await;
    client.send("<presence/>").await;
    host.run("b/2 disconnects").await;
    assert!(pushed(&host).await.is_empty());
    // Told when it came to a session that was away, which then ends.
    away(&host).await;
    say(&host, "2").await;
    one(&host).await;
    after(60).await;
    host.run("b/away disconnects").await;
    after(60).await;
    assert!(pushed(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_refuses_is_disabled_and_one_that_asks_to_wait_is_not() {
    let host = host().await;
    let error = |kind: &str, condition: &str| {
        format!("<error type='{kind}'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
    };
    for (id, kind, content) in [
        ("1", "result", String::new()),
        ("2", "error", error("wait", "resource-constraint")),
        ("3", "error", error("cancel", "item-not-found")),
    ] {
        say(&host, id).await;
        let request = one(&host).await;
        answer(&host, &request, kind, &content).await;
        after(60).await;
    }
    say(&host, "4").await;
    assert!(pushed(&host).await.is_empty());
    // It can be enabled again.
    host.run("b/1 online").await;
    host.client("b/1").ask(&enable("phone", "")).await;
    host.run("b/1 disconnects").await;
    say(&host, "5").await;
    assert_eq!(pushed(&host).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_but_the_service_can_disable_it_by_an_error() {
    let host = host().await;
    say(&host, "1").await;
    let request = one(&host).await;
    let id = request.id().unwrap();
    let forged = format!(
        "<iq type='error' id='{id}' to='example.org'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    );
    host.client("a/1").send(&forged).await;
    after(60).await;
    say(&host, "2").await;
    assert_eq!(pushed(&host).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_gone_is_disabled_and_one_that_is_elsewhere_and_not_reached_is_not() {
    let host = host().await;
    host.run("b/1 online").await;
    let elsewhere =
        "<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='push.elsewhere.example' node='1'/></iq>";
    host.client("b/1").ask(elsewhere).await;
    host.run("b/1 disconnects\n app/service disconnects").await;
    say(&host, "1").await;
    settle().await;
    let stored =
        host.store().map("push").all(&stonechat_store::Owner::account("b@example.org")).await.unwrap();
    let names: Vec<&str> = stored.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["push.elsewhere.example\n1"]);
}

#[tokio::test(start_paused = true)]
async fn nodes_are_disabled_one_by_one_or_all_of_a_service() {
    // Examples 10 and 11.
    let host = host().await;
    host.run("b/1 online").await;
    for node in ["tablet", "watch"] {
        host.client("b/1").ask(&enable(node, "")).await;
    }
    let disable = |node: &str| {
        format!(
            "<iq type='set' id='x97'><disable xmlns='urn:xmpp:push:0' jid='app@example.org/service'{node}/></iq>"
        )
    };
    assert!(host.client("b/1").ask(&disable(" node='tablet'")).await.error().is_none());
    host.run("b/1 disconnects").await;
    say(&host, "1").await;
    let nodes: Vec<_> =
        pushed(&host).await.iter().map(|request| publish(request).attr("node").map(str::to_owned)).collect();
    assert_eq!(nodes.len(), 2);
    assert!(!nodes.contains(&Some("tablet".to_owned())), "{nodes:?}");
    after(60).await;
    host.run("b/1 online").await;
    host.client("b/1").ask(&disable("")).await;
    host.run("b/1 disconnects").await;
    say(&host, "2").await;
    assert!(pushed(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_account_has_so_many_nodes_and_what_it_says_of_them_is_bounded() {
    let host = configured("registrations = 2\noptions-size = 300").await;
    host.run("b/1 online").await;
    let ask =
        async |request: String| host.client("b/1").ask(&request).await.error().map(|error| error.condition);
    let form = |form_type: &str, value: &str| {
        format!(
            "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>{form_type}</value></field><field var='secret'><value>{value}</value></field></x>"
        )
    };
    let options = "http://jabber.org/protocol/pubsub#publish-options";
    assert_eq!(ask(enable("2", &form(options, "x"))).await, None);
    assert_eq!(ask(enable("2", "")).await, None, "the same node again");
    assert_eq!(ask(enable("3", "")).await, Some(Condition::ResourceConstraint));
    assert_eq!(ask(enable("2", &form("urn:x", "x"))).await, Some(Condition::BadRequest));
    assert_eq!(ask(enable("2", &form(options, &"x".repeat(300)))).await, Some(Condition::NotAcceptable));
    assert_eq!(ask(enable(&"x".repeat(1024), "")).await, Some(Condition::NotAcceptable));
    assert_eq!(
        ask("<iq type='set' id='1'><enable xmlns='urn:xmpp:push:0'/></iq>".to_owned()).await,
        Some(Condition::BadRequest)
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_enables_or_disables_anything_for_somebody_else() {
    let host = host().await;
    for request in ["enable", "disable"] {
        let request = format!(
            "<iq type='set' id='1' to='b@example.org'><{request} xmlns='{NS}' jid='app@example.org/service' node='phone'/></iq>"
        );
        let answer = host.client("a/1").ask(&request).await;
        assert_eq!(answer.error().map(|error| error.condition), Some(Condition::ServiceUnavailable));
    }
    say(&host, "1").await;
    assert_eq!(pushed(&host).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_enabled_survives_a_restart_and_goes_with_its_account() {
    let store = Store::memory();
    let before = TestHost::on(store.clone(), ALL, &[]).await.unwrap();
    before.run("b/1 online").await;
    before.client("b/1").ask(&enable("phone", "")).await;
    drop(before);
    let host = TestHost::on(store, ALL, &[]).await.unwrap();
    host.run("a/1, app/service online\n b exists").await;
    say(&host, "1").await;
    assert_eq!(pushed(&host).await.len(), 1);
    assert!(host.host().remove_account(&host.jid("b")).await.unwrap());
    host.run("b exists").await;
    after(60).await;
    say(&host, "2").await;
    assert!(pushed(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_blocked_sender_wake_nobody() {
    let blocking = &stonechat_xep_blocking::SERVER;
    let host = TestHost::with(&[&SERVER, &PRESENCE, blocking]).await;
    host.run("a/1, app/service, b/1 online").await;
    host.client("b/1").ask(&enable("phone", "")).await;
    let block =
        "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='a@example.org'/></block></iq>";
    host.client("b/1").ask(block).await;
    host.run("b/1 disconnects").await;
    say(&host, "1").await;
    assert!(pushed(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_went_into_a_dead_connection_is_pushed_when_that_is_noticed_and_those_after_it_at_once()
 {
    let host = host().await;
    host.run("b/1 online").await;
    host.client("b/1").nonza("<enable xmlns='urn:xmpp:sm:3' resume='true'/>").await;
    host.settled().await;
    say(&host, "1").await;
    host.settled().await;
    assert!(pushed(&host).await.is_empty());
    host.cut("b/1").await;
    assert_eq!(count(&one(&host).await).as_deref(), Some("1"));
    after(60).await;
    say(&host, "2").await;
    assert_eq!(count(&one(&host).await).as_deref(), Some("2"));
    // The session is given up, and its messages are stored: they have been told.
    after(3600).await;
    assert!(pushed(&host).await.is_empty());
}
