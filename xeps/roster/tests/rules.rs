//! The rules of RFC 6121 §2, as conversations.

use stonechat_extension::test_host::{TestHost, contract};
use stonechat_stanza::error::Condition;
use stonechat_xep_roster::{Query, SERVER};

async fn host() -> TestHost {
    TestHost::with(&[&SERVER]).await
}

async fn condition(host: &TestHost, client: &str, iq: &str) -> Option<Condition> {
    host.client(client).ask(iq).await.error().map(|error| error.condition)
}

/// Sets an item; the answer has to be a result.
async fn set(host: &TestHost, client: &str, item: &str) {
    let iq = format!("<iq type='set' id='set'><query xmlns='jabber:iq:roster'>{item}</query></iq>");
    assert_eq!(condition(host, client, &iq).await, None, "{item}");
}

/// Asks for the roster with a version, if any: the answer's query, and the pushes that followed.
async fn get(host: &TestHost, client: &str, ver: Option<&str>) -> (Option<Query>, Vec<Query>) {
    let ver = ver.map(|ver| format!(" ver='{ver}'")).unwrap_or_default();
    let client = host.client(client);
    client.received();
    client.send(&format!("<iq type='get' id='get'><query xmlns='jabber:iq:roster'{ver}/></iq>")).await;
    let mut received = client.received().into_iter();
    let answer = received.next().expect("an answer comes first");
    assert_eq!((answer.id(), answer.error().is_none()), (Some("get"), true), "{answer}");
    let pushes = received.map(|push| push.get().expect("a push").expect("has a query"));
    (answer.get().expect("an answer"), pushes.collect())
}

async fn version(host: &TestHost, client: &str) -> String {
    let (query, _) = get(host, client, None).await;
    query.and_then(|query| query.ver).expect("every whole roster has a version")
}

#[tokio::test(start_paused = true)]
async fn it_keeps_the_contract_of_extensions() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn a_roster_without_contacts_is_a_query_without_items() {
    let host = host().await;
    host.connect("a/1").await;
    let (query, _) = get(&host, "a/1", None).await;
    assert!(query.expect("not an empty result").items.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_change_is_pushed_to_the_sessions_that_asked_for_the_roster_and_to_no_other() {
    let host = host().await;
    host.run(
        "a/1, a/2, a/3, b/1 online
         a/1 → <iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>
         a/2 → <iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>
         b/1 → <iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>
         a/1, a/2, b/1 forget
         a/3 → <iq type='set' id='ph1xaz53'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse'><group>Servants</group></item></query></iq>
         a/1 ← <iq type='set' from='a@example.org' to='a@example.org/1'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse' subscription='none'><group>Servants</group></item></query></iq>
         a/2 ← <iq type='set' from='a@example.org' to='a@example.org/2'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query></iq>
         a/3 ← <iq type='result' id='ph1xaz53'/>
         a/1 ← nothing
         a/2 ← nothing
         a/3 ← nothing
         b/1 ← nothing
         # the answers that clients give are nobody's business
         a/1 → <iq type='result' id='push'/>
         a/2 → <iq type='error' id='push'/>
         a/1 ← nothing
         a/2 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_session_that_made_the_change_gets_the_push_too() {
    let host = host().await;
    host.run(
        "a/1 online
         a/1 → <iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>
         a/1 forgets
         a/1 → <iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='b@example.org'/></query></iq>
         a/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='b@example.org' subscription='none'/></query></iq>
         a/1 ← <iq type='result' id='2'/>
         a/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_update_replaces_name_and_groups() {
    let host = host().await;
    host.connect("a/1").await;
    set(&host, "a/1", "<item jid='romeo@example.net' name='Romeo'><group>Friends</group></item>").await;
    set(
        &host,
        "a/1",
        "<item jid='romeo@example.net' name='Romeo'><group>Friends</group><group>Lovers</group></item>",
    )
    .await;
    let (query, _) = get(&host, "a/1", None).await;
    let item = query.expect("a roster").items.remove(0);
    assert_eq!((item.name.as_str(), item.groups), ("Romeo", vec!["Friends".to_owned(), "Lovers".to_owned()]));
    set(&host, "a/1", "<item jid='romeo@example.net' name=''/>").await;
    let (query, _) = get(&host, "a/1", None).await;
    let item = query.expect("a roster").items.remove(0);
    assert!(item.name.is_empty() && item.groups.is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_update_that_succeeds_is_pushed_even_when_nothing_changes() {
    let host = host().await;
    host.connect("a/1").await;
    set(&host, "a/1", "<item jid='b@example.org' name='B'/>").await;
    get(&host, "a/1", None).await;
    set(&host, "a/1", "<item jid='b@example.org' name='B'/>").await;
    assert!(host.client("a/1").next().is_some_and(|push| push.has("jabber:iq:roster", "query")));
}

#[tokio::test(start_paused = true)]
async fn a_client_cannot_set_what_only_the_server_may() {
    let host = host().await;
    host.connect("a/1").await;
    set(&host, "a/1", "<item jid='b@example.org' subscription='both' ask='subscribe' approved='true'/>")
        .await;
    let (query, _) = get(&host, "a/1", None).await;
    let item = query.expect("a roster").items.remove(0);
    assert_eq!(item.subscription.as_str(), "none");
    assert!(!item.ask && !item.approved);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_a_rule_is_refused_with_the_error_of_the_rfc_and_changes_nothing() {
    let host = TestHost::configured(
        &[&SERVER],
        &[("roster", "items = 1\nname-length = 3\ngroup-length = 3\ngroups = 2")],
    )
    .await;
    host.connect("a/1").await;
    let before = version(&host, "a/1").await;
    for (items, expected) in [
        ("", Condition::BadRequest),
        ("<item jid='b@c'/><item jid='d@e'/>", Condition::BadRequest),
        ("<item jid='b@c'><group>x</group><group>x</group></item>", Condition::BadRequest),
        ("<item/>", Condition::BadRequest),
        ("<item jid='@@'/>", Condition::JidMalformed),
        ("<item jid='b@c/d'/>", Condition::JidMalformed),
        ("<item jid='b@c' name='long'/>", Condition::NotAcceptable),
        ("<item jid='b@c'><group/></item>", Condition::NotAcceptable),
        ("<item jid='b@c'><group>long</group></item>", Condition::NotAcceptable),
        ("<item jid='b@c'><group>1</group><group>2</group><group>3</group></item>", Condition::NotAcceptable),
        ("<item jid='b@c' subscription='remove'/>", Condition::ItemNotFound),
    ] {
        let iq = format!("<iq type='set' id='1'><query xmlns='jabber:iq:roster'>{items}</query></iq>");
        assert_eq!(condition(&host, "a/1", &iq).await, Some(expected), "{items}");
    }
    assert_eq!(version(&host, "a/1").await, before);
    let get = "<iq type='get' id='1'><query xmlns='jabber:iq:roster'><item jid='b@c'/></query></iq>";
    assert_eq!(condition(&host, "a/1", get).await, Some(Condition::BadRequest));

    set(&host, "a/1", "<item jid='b@c'/>").await;
    let one_more = "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='d@e'/></query></iq>";
    assert_eq!(condition(&host, "a/1", one_more).await, Some(Condition::ResourceConstraint));
    set(&host, "a/1", "<item jid='b@c' name='x'/>").await;
}

#[tokio::test(start_paused = true)]
async fn the_roster_of_somebody_else_is_forbidden_whether_there_is_such_an_account_or_not() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    for to in ["b@example.org", "nobody@example.org"] {
        for (kind, item) in [("get", ""), ("set", "<item jid='c@example.org'/>")] {
            let iq = format!(
                "<iq type='{kind}' id='1' to='{to}'><query xmlns='jabber:iq:roster'>{item}</query></iq>"
            );
            assert_eq!(condition(&host, "a/1", &iq).await, Some(Condition::Forbidden), "{kind} {to}");
        }
    }
    let (query, _) = get(&host, "b/1", None).await;
    assert!(query.expect("a roster").items.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_push_from_another_user_does_not_look_like_one_from_the_account() {
    let host = host().await;
    host.run(
        "a/1, b/1 online
         b/1 → <iq type='set' id='1' to='a@example.org/1'><query xmlns='jabber:iq:roster'><item jid='evil@example.net'/></query></iq>
         a/1 ← <iq type='set' from='b@example.org/1'/>
         a/1 ← nothing",
    )
    .await;
    let forged = "<iq type='set' id='2' from='a@example.org' to='a@example.org/1'><query xmlns='jabber:iq:roster'/></iq>";
    let forged = stonechat_stanza::Stanza::parse(forged.as_bytes()).expect("a stanza");
    assert!(host.client("b/1").try_send(forged).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_client_cannot_push_to_the_other_clients_of_its_account_in_the_name_of_the_account() {
    let push = "<query xmlns='jabber:iq:roster'><item jid='evil@example.net' subscription='both'/></query>";
    let host = host().await;
    host.run(&format!(
        "a/1, a/2 online
         a/2 → <iq type='set' id='1' from='a@example.org' to='a@example.org/1'>{push}</iq>
         a/1 ← <iq type='set' from='a@example.org/2'/>
         a/1 ← nothing"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_removed_item_is_pushed_as_removed_and_gone() {
    let host = host().await;
    host.run(
        "a/1 online
         a/1 → <iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query></iq>
         a/1 → <iq type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>
         a/1 forgets
         a/1 → <iq type='set' id='3'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' subscription='remove'/></query></iq>
         a/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' subscription='remove'/></query></iq>
         a/1 ← <iq type='result' id='3'/>
         a/1 → <iq type='set' id='4'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' subscription='remove'/></query></iq>
         a/1 ← <iq type='error' id='4'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    .await;
    let (query, _) = get(&host, "a/1", None).await;
    assert!(query.expect("a roster").items.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_up_to_date_gets_an_empty_result() {
    let host = host().await;
    host.connect("a/1").await;
    let empty = version(&host, "a/1").await;
    assert_eq!(get(&host, "a/1", Some(&empty)).await, (None, vec![]));
    set(&host, "a/1", "<item jid='b@example.org'/>").await;
    let now = version(&host, "a/1").await;
    assert_ne!(now, empty);
    assert_eq!(get(&host, "a/1", Some(&now)).await, (None, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_was_away_gets_the_last_state_of_each_item_that_changed_in_order() {
    let host = host().await;
    host.connect("a/1").await;
    for contact in ["a", "b", "c", "d", "e", "f"] {
        set(&host, "a/1", &format!("<item jid='{contact}@example.net'/>")).await;
    }
    let old = version(&host, "a/1").await;
    set(&host, "a/1", "<item jid='c@example.net' name='1'/>").await;
    set(&host, "a/1", "<item jid='e@example.net' subscription='remove'/>").await;
    set(&host, "a/1", "<item jid='c@example.net' name='2'/>").await;

    host.connect("a/2").await;
    let (result, pushes) = get(&host, "a/2", Some(&old)).await;
    assert_eq!(result, None);
    let seen: Vec<_> =
        pushes.iter().map(|push| (push.items[0].jid.to_string(), push.items[0].removed)).collect();
    assert_eq!(seen, [("e@example.net".to_owned(), true), ("c@example.net".to_owned(), false)]);
    assert_eq!(pushes[1].items[0].name, "2");
    assert_ne!(pushes[0].ver, pushes[1].ver, "each push has a version of its own");
    let last = pushes[1].ver.clone().expect("a push has a version");
    assert_eq!(get(&host, "a/2", Some(&last)).await, (None, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_client_gets_the_whole_roster_when_its_version_is_unknown_or_much_has_changed() {
    let host = host().await;
    host.connect("a/1").await;
    set(&host, "a/1", "<item jid='b@example.net'/>").await;
    let old = version(&host, "a/1").await;
    for unknown in ["", "ver14", "0000000000000000-1", "ffffffffffffffff-99999999999999999999999"] {
        let (query, pushes) = get(&host, "a/1", Some(unknown)).await;
        assert_eq!((query.expect("the whole").items.len(), pushes.len()), (1, 0), "{unknown}");
    }
    for contact in ["c", "d", "e"] {
        set(&host, "a/1", &format!("<item jid='{contact}@example.net'/>")).await;
    }
    let (query, _) = get(&host, "a/1", Some(&old)).await;
    assert_eq!(query.expect("the whole").items.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn removals_that_are_forgotten_make_old_versions_unknown() {
    let host = TestHost::configured(&[&SERVER], &[("roster", "removed = 1")]).await;
    host.connect("a/1").await;
    for contact in 0..9 {
        set(&host, "a/1", &format!("<item jid='{contact}@example.net'/>")).await;
    }
    let old = version(&host, "a/1").await;
    set(&host, "a/1", "<item jid='1@example.net' subscription='remove'/>").await;
    let between = version(&host, "a/1").await;
    assert_eq!(get(&host, "a/1", Some(&old)).await.1.len(), 1);
    set(&host, "a/1", "<item jid='2@example.net' subscription='remove'/>").await;
    assert_eq!(get(&host, "a/1", Some(&old)).await.0.expect("the whole").items.len(), 7);
    assert_eq!(get(&host, "a/1", Some(&between)).await.1.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_version_of_an_account_that_was_created_anew_is_another() {
    let host = host().await;
    host.connect("a/1").await;
    set(&host, "a/1", "<item jid='b@example.net'/>").await;
    let old = version(&host, "a/1").await;
    let account = host.jid("a");
    assert!(host.host().remove_account(&account).await.expect("it is removed"));
    host.connect("a/2").await;
    let (query, _) = get(&host, "a/2", Some(&old)).await;
    assert!(query.expect("the whole").items.is_empty());
    set(&host, "a/2", "<item jid='c@example.net'/>").await;
    let (query, _) = get(&host, "a/2", Some(&old)).await;
    assert_eq!(query.expect("the whole").items.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_roster_survives_a_restart() {
    let first = host().await;
    first.connect("a/1").await;
    set(&first, "a/1", "<item jid='b@example.net' name='B'><group>G</group></item>").await;
    let old = version(&first, "a/1").await;
    // Nothing is closed: the first host is as good as killed.
    let second = TestHost::on(first.store().clone(), &[&SERVER], &[]).await.expect("it starts");
    second.connect("a/1").await;
    assert_eq!(get(&second, "a/1", Some(&old)).await, (None, vec![]));
    let (query, _) = get(&second, "a/1", None).await;
    assert_eq!(query.expect("the whole").items[0].name, "B");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_another_process_made_is_seen_by_the_next_change() {
    let first = host().await;
    first.connect("a/1").await;
    set(&first, "a/1", "<item jid='b@example.net'/>").await;
    let second = TestHost::on(first.store().clone(), &[&SERVER], &[]).await.expect("it starts");
    second.connect("a/1").await;
    set(&second, "a/1", "<item jid='c@example.net'/>").await;
    set(&first, "a/1", "<item jid='d@example.net'/>").await;
    let (query, _) = get(&first, "a/1", None).await;
    let items: Vec<_> =
        query.expect("the whole").items.into_iter().map(|item| item.jid.to_string()).collect();
    assert_eq!(items, ["b@example.net", "c@example.net", "d@example.net"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pushes_arrive_in_the_order_of_the_versions_however_many_change_at_once() {
    let host = std::sync::Arc::new(host().await);
    host.connect("a/0").await;
    get(&host, "a/0", None).await;
    let mut tasks = Vec::new();
    for session in 1..9 {
        let client = host.connect(&format!("a/{session}")).await;
        tasks.push(tokio::spawn(async move {
            for n in 0..20 {
                let jid = format!("{}@example.net", n % 3);
                let item = format!("<item jid='{jid}' name='{session} {n}'/>");
                let iq =
                    format!("<iq type='set' id='{n}'><query xmlns='jabber:iq:roster'>{item}</query></iq>");
                client.send(&iq).await;
                tokio::task::yield_now().await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    let pushes: Vec<Query> =
        host.client("a/0").received().iter().filter_map(|push| push.get().ok().flatten()).collect();
    assert_eq!(pushes.len(), 160);
    let versions: Vec<_> = pushes.iter().map(|push| push.ver.clone().expect("a version")).collect();
    assert!(versions.is_sorted(), "{versions:?}");
    let (query, _) = get(&host, "a/0", None).await;
    for item in query.expect("the whole").items {
        let last = pushes.iter().rev().find(|push| push.items[0].jid == item.jid).expect("was pushed");
        assert_eq!(last.items[0], item);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_cannot_be_stored_is_an_error_and_nobody_is_told_of_it() {
    let host = host().await;
    host.connect("a/1").await;
    get(&host, "a/1", None).await;
    host.store().close().await.expect("it closes");
    let iq = "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='b@example.net'/></query></iq>";
    assert_eq!(condition(&host, "a/1", iq).await, Some(Condition::InternalServerError));
    assert!(host.client("a/1").next().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_take_a_push_is_ended_so_that_it_starts_afresh() {
    let host = host().await;
    host.connect("a/slow").await;
    host.connect("a/1").await;
    get(&host, "a/slow", None).await;
    let body = "x".repeat(2_000_000);
    host.inject(&format!(
        "<message from='b@example.net' to='a@example.org/slow'><body>{body}</body></message>"
    ))
    .await;
    set(&host, "a/1", "<item jid='b@example.net'/>").await;
    assert_eq!(host.client("a/slow").ending(), Some(stonechat_extension::Ending::TooSlow));
    assert_eq!(host.client("a/1").ending(), None);
}
