//! XEP-0060 and XEP-0163, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::sync::Arc;

use stonechat_extension::client::test_host::{Started, TestClient, answered, check};
use stonechat_extension::client::{Cx, Descriptor, Extension, Installer, React, RequestError};
use stonechat_extension::{HandlerError, InstallError, Manifest, NoConfig};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_xep_pubsub::client::{Nodes, Notice, Wanted, follow};
use stonechat_xep_pubsub::{CLIENT, Event, Item, Standing, node_config, private, publish_options};

const TUNE: &str = "http://jabber.org/protocol/tune";
const SERVICE: &str = "pubsub.shakespeare.lit";

fn client() -> TestClient {
    let section = format!("follow = ['{TUNE}']");
    let all = [&CLIENT, &stonechat_xep_roster::CLIENT, &stonechat_xep_disco::CLIENT];
    let mut client = TestClient::configured(&all, &[("pubsub", &section)]);
    client.connect(false);
    let roster = client.sent().unwrap();
    let mut answer = roster.reply();
    answer
        .push_bytes(
            b"<query xmlns='jabber:iq:roster'><item jid='romeo@example.net' subscription='both'/><item jid='paris@example.net' subscription='from'/></query>",
        )
        .unwrap();
    client.receive(&answer.to_string());
    while client.event::<stonechat_xep_roster::client::Event>().is_some() {}
    client
}

fn service() -> Jid {
    SERVICE.parse().unwrap()
}

fn do_<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    client: &mut TestClient,
    what: impl FnOnce(Arc<Nodes>) -> F,
) -> Started<T> {
    let nodes = client.service::<Nodes>();
    client.start(what(nodes))
}

/// The next request, which is to be as this; it is answered with that.
fn answer(client: &mut TestClient, to: Option<&str>, request: &str, answer: &str) {
    let sent = client.sent().expect("it asks");
    assert_eq!(sent.to().map(|to| to.as_str().to_owned()), to.map(str::to_owned));
    assert_eq!(sent.children().next().unwrap().element().unwrap(), request.parse().unwrap());
    let mut reply = sent.reply();
    if !answer.is_empty() {
        reply.push_bytes(answer.as_bytes()).unwrap();
    }
    client.receive(&reply.to_string());
}

fn pubsub(child: &str) -> String {
    format!("<pubsub xmlns='http://jabber.org/protocol/pubsub'>{child}</pubsub>")
}

fn owner(child: &str) -> String {
    format!("<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'>{child}</pubsub>")
}

fn event(from: &str, node: &str, child: &str) -> String {
    format!(
        "<message {from} type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='{node}'>{child}</items></event></message>"
    )
}

fn tune() -> Item {
    Item::new(
        "<tune xmlns='http://jabber.org/protocol/tune'><artist>Gerald Finzi</artist></tune>".parse().unwrap(),
    )
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

/// XEP-0163 §4.2.
#[test]
fn what_is_followed_is_said_with_what_the_client_can_do() {
    let client = client();
    let features = &client.tables().info().features;
    assert!(
        features.iter().any(|feature| feature == "http://jabber.org/protocol/tune+notify"),
        "{features:?}"
    );
}

/// XEP-0060 §7.1, §7.2; examples 96 to 98, 115. XEP-0163 example 6.
#[test]
fn items_are_published_and_taken_away() {
    let mut client = client();
    let xml = "<tune xmlns='http://jabber.org/protocol/tune'><artist>Gerald Finzi</artist></tune>";
    let started = do_(&mut client, |nodes| async move { nodes.publish(None, TUNE, tune(), None).await });
    let request = pubsub(&format!("<publish node='{TUNE}'><item>{xml}</item></publish>"));
    answer(
        &mut client,
        None,
        &request,
        &pubsub(&format!("<publish node='{TUNE}'><item id='ae89'/></publish>")),
    );
    assert_eq!(started.outcome(), Some(Ok(Some("ae89".to_owned()))));
    let started = do_(&mut client, |nodes| async move {
        nodes.publish(Some(&service()), "n", tune().with_id("1"), None).await
    });
    answer(
        &mut client,
        Some(SERVICE),
        &pubsub(&format!("<publish node='n'><item id='1'>{xml}</item></publish>")),
        "",
    );
    assert_eq!(started.outcome(), Some(Ok(Some("1".to_owned()))));
    for (notify, attribute) in [(true, " notify='true'"), (false, "")] {
        let started =
            do_(&mut client, move |nodes| async move { nodes.retract(None, "n", "1", notify).await });
        answer(
            &mut client,
            None,
            &pubsub(&format!("<retract node='n'{attribute}><item id='1'/></retract>")),
            "",
        );
        assert_eq!(started.outcome(), Some(Ok(())));
    }
}

/// XEP-0060 §6.5; examples 74, 75, 80, 83.
#[test]
fn items_are_fetched() {
    let mut client = client();
    for (wanted, request) in [
        (Wanted::All, "<items node='n'/>"),
        (Wanted::Newest(2), "<items node='n' max_items='2'/>"),
        (Wanted::One("ae89".into()), "<items node='n'><item id='ae89'/></items>"),
    ] {
        let started =
            do_(&mut client, |nodes| async move { nodes.items(Some(&service()), "n", wanted).await });
        answer(
            &mut client,
            Some(SERVICE),
            &pubsub(request),
            &pubsub("<items node='n'><item id='1'><x xmlns='urn:x'/></item><item id='2'/></items>"),
        );
        let items = started.outcome().unwrap().unwrap();
        assert_eq!(items.iter().map(|item| item.id.as_deref()).collect::<Vec<_>>(), [Some("1"), Some("2")]);
    }
    let started = do_(&mut client, |nodes| async move { nodes.items(None, "n", Wanted::All).await });
    assert!(matches!(
        answered(&mut client, &started, "<pubsub xmlns='urn:x'/>"),
        Err(RequestError::Malformed(_))
    ));
}

/// XEP-0060 §7.1.5; example 114.
#[test]
fn what_is_private_is_not_given_to_a_service_that_would_show_it() {
    let mut client = client();
    let info = |client: &mut TestClient, features: &str| {
        let query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
        let found = format!("<query xmlns='http://jabber.org/protocol/disco#info'>{features}</query>");
        answer(client, Some("juliet@example.com"), query, &found);
    };
    let started =
        do_(&mut client, |nodes| async move { nodes.publish_as(None, "n", tune(), &private()).await });
    info(&mut client, "");
    assert!(matches!(started.outcome(), Some(Err(RequestError::NotSent(_)))));
    assert!(client.sent().is_none());

    let options = publish_options([("pubsub#access_model", "whitelist")]);
    let started = do_(&mut client, |nodes| async move {
        nodes.publish_as(None, "n", Item::default().with_id("1"), &options).await
    });
    info(&mut client, "<feature var='http://jabber.org/protocol/pubsub#publish-options'/>");
    let form = |kind: &str| {
        format!(
            "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#{kind}</value></field>\
             <field var='pubsub#access_model'><value>whitelist</value></field></x>"
        )
    };
    let publish = pubsub(&format!(
        "<publish node='n'><item id='1'/></publish><publish-options>{}</publish-options>",
        form("publish-options")
    ));
    let sent = client.sent().unwrap();
    assert_eq!(sent.children().next().unwrap().element().unwrap(), publish.parse().unwrap());
    let not_met = "<precondition-not-met xmlns='http://jabber.org/protocol/pubsub#errors'/>".parse().unwrap();
    let error = StanzaError::conflict().with_application(not_met);
    client.receive(&sent.error_reply(&error).unwrap().to_string());
    answer(
        &mut client,
        None,
        &owner(&format!("<configure node='n'>{}</configure>", form("node_config"))),
        "",
    );
    answer(&mut client, None, &publish, "");
    assert_eq!(started.outcome(), Some(Ok(Some("1".to_owned()))));
}

/// XEP-0060 §7.1.5: "it MUST reject the publication upon encountering unknown fields", which is said in various ways.
#[test]
fn a_service_that_knows_fewer_conditions_is_given_that_of_who_may_see_it() {
    let mut client = client();
    let started = do_(&mut client, |nodes| async move {
        nodes.publish_as(None, "n", tune().with_id("1"), &private()).await
    });
    let info = client.sent().unwrap();
    let mut found = info.reply();
    found.push_bytes(b"<query xmlns='http://jabber.org/protocol/disco#info'><feature var='http://jabber.org/protocol/pubsub#publish-options'/></query>").unwrap();
    client.receive(&found.to_string());
    let refuse = |client: &mut TestClient, error: StanzaError| {
        let request = client.sent().unwrap();
        client.receive(&request.error_reply(&error).unwrap().to_string());
        request.to_string()
    };
    assert!(refuse(&mut client, StanzaError::resource_constraint()).contains("pubsub#max_items"));
    assert!(refuse(&mut client, StanzaError::item_not_found()).contains("<configure node='n'>"));
    let create = client.sent().unwrap();
    let made = create.to_string();
    assert!(
        made.contains("<create node='n'/>")
            && made.contains("pubsub#max_items")
            && made.contains("node_config"),
        "{made}"
    );
    client.receive(&create.reply().to_string());
    let publish = client.sent().unwrap();
    let text = publish.to_string();
    assert!(
        text.contains("publish-options") && text.contains("whitelist") && !text.contains("max_items"),
        "{text}"
    );
    client.receive(&publish.reply().to_string());
    assert_eq!(started.outcome(), Some(Ok(Some("1".to_owned()))));
}

/// XEP-0060 §6.1, §6.2, §5.6; examples 28, 29, 47. The events of a service count once it is subscribed to.
#[test]
fn nodes_are_subscribed_to() {
    let mut client = client();
    let from = format!("from='{SERVICE}'");
    client.receive(&event(&from, "n", "<item id='1'/>"));
    assert!(client.event::<Notice>().is_none(), "nobody has asked for it");
    let started = do_(&mut client, |nodes| async move { nodes.subscribe(Some(&service()), "n").await });
    answer(
        &mut client,
        Some(SERVICE),
        &pubsub("<subscribe node='n' jid='juliet@example.com'/>"),
        &pubsub("<subscription node='n' jid='juliet@example.com' subid='ba49' subscription='subscribed'/>"),
    );
    let subscription = started.outcome().unwrap().unwrap();
    assert_eq!((subscription.subid.as_deref(), subscription.standing), (Some("ba49"), Standing::Subscribed));
    client.receive(&event(&from, "n", "<item id='1'><x xmlns='urn:x'/></item><retract id='0'/>"));
    let notice = client.event::<Notice>().unwrap();
    assert!(!notice.is_own && notice.from == service());
    assert!(
        matches!(notice.event, Event::Items { items, retracted, .. } if items.len() == 1 && retracted == ["0"])
    );
    let started =
        do_(&mut client, |nodes| async move { nodes.unsubscribe(Some(&service()), "n", Some("ba49")).await });
    answer(
        &mut client,
        Some(SERVICE),
        &pubsub("<unsubscribe node='n' jid='juliet@example.com' subid='ba49'/>"),
        "",
    );
    assert_eq!(started.outcome(), Some(Ok(())));
    client.service::<Nodes>().forget(&service());
    client.receive(&event(&from, "n", "<item id='1'/>"));
    assert!(client.event::<Notice>().is_none());

    let started = do_(&mut client, |nodes| async move { nodes.subscriptions(&service(), None).await });
    answer(
        &mut client,
        Some(SERVICE),
        &pubsub("<subscriptions/>"),
        &pubsub(
            "<subscriptions><subscription node='n' jid='juliet@example.com' subscription='subscribed'/></subscriptions>",
        ),
    );
    assert_eq!(started.outcome().unwrap().unwrap().len(), 1);
    client.receive(&event(&from, "n", "<item id='1'/>"));
    assert!(client.event::<Notice>().is_some());
}

/// XEP-0060 §8.1, §8.2, §8.4, §8.5; examples 125, 139, 146, 157, 163.
#[test]
fn nodes_are_made_configured_emptied_and_deleted() {
    let mut client = client();
    let started = do_(&mut client, |nodes| async move { nodes.create(Some(&service()), None, None).await });
    answer(
        &mut client,
        Some(SERVICE),
        &pubsub("<create/>"),
        &pubsub("<create node='25e3d37dabbab9541f7523321421edc5bfeb2dae'/>"),
    );
    assert!(started.outcome().unwrap().unwrap().unwrap().starts_with("25e3"));
    let started = do_(&mut client, |nodes| async move { nodes.configuration(Some(&service()), "n").await });
    answer(
        &mut client,
        Some(SERVICE),
        &owner("<configure node='n'/>"),
        &owner("<configure node='n'><x xmlns='jabber:x:data' type='form'/></configure>"),
    );
    assert!(started.outcome().unwrap().is_ok());
    let started = do_(&mut client, |nodes| async move {
        nodes.configure(None, "n", node_config([("pubsub#title", "Musings")])).await
    });
    let request = client.sent().unwrap();
    assert!(request.to_string().contains("Musings"));
    client.receive(&request.reply().to_string());
    assert_eq!(started.outcome(), Some(Ok(())));
    let started = do_(&mut client, |nodes| async move {
        nodes.purge(None, "n").await?;
        nodes.delete(None, "n").await
    });
    answer(&mut client, None, &owner("<purge node='n'/>"), "");
    answer(&mut client, None, &owner("<delete node='n'/>"), "");
    assert_eq!(started.outcome(), Some(Ok(())));
}

/// XEP-0163 §4, §4.3.1: the sender check.
#[test]
fn events_count_from_the_account_and_from_those_whose_presence_we_see() {
    let mut client = client();
    for (from, counts, is_own) in [
        ("", true, true),
        ("from='juliet@example.com'", true, true),
        ("from='romeo@example.net'", true, false),
        ("from='juliet@example.com/other'", false, false),
        ("from='romeo@example.net/orchard'", false, false),
        ("from='paris@example.net'", false, false),
        ("from='eve@example.net'", false, false),
        ("from='example.com'", false, false),
    ] {
        client.receive(&event(from, TUNE, "<item id='1'/>"));
        let notice = client.event::<Notice>();
        assert_eq!(notice.is_some(), counts, "{from}");
        assert_eq!(notice.is_some_and(|notice| notice.is_own), is_own, "{from}");
        assert!(client.stanza().is_none(), "the application gets no more of it");
    }
    // A push of the roster makes a stranger of a friend.
    client.receive("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='romeo@example.net' subscription='none'/></query></iq>");
    let _answer = client.sent();
    let _changed = client.event::<stonechat_xep_roster::client::Event>();
    client.receive(&event("from='romeo@example.net'", TUNE, "<item id='1'/>"));
    assert!(client.event::<Notice>().is_none());
}

#[test]
fn an_event_that_cannot_be_read_is_nobodys_fault_here() {
    let mut client = client();
    client.receive("<message><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>");
    assert!(client.event::<Notice>().is_none());
    assert_eq!(client.failures("pubsub"), 0);
}

/// Follows a node, as extensions do.
struct Moods;

#[derive(Debug, PartialEq)]
struct Mood(String);

impl Extension for Moods {
    const MANIFEST: Manifest = Manifest::new("moods").needs("pubsub");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let moods = client.share(Self);
        follow(client, "urn:example:mood", &moods).map(drop)
    }
}

impl React<Notice> for Moods {
    fn react(&self, cx: &mut Cx<'_>, notice: &Notice) -> Result<(), HandlerError> {
        if notice.event.node() == Some("urn:example:mood") {
            cx.emit(Mood(notice.from.to_string()));
        }
        Ok(())
    }
}

static MOODS: Descriptor = Descriptor::of::<Moods>();

#[test]
fn an_extension_follows_a_node_of_which_the_application_is_not_told() {
    let mut client = TestClient::with(&[&CLIENT, &MOODS]);
    assert!(client.tables().info().features.iter().any(|feature| feature == "urn:example:mood+notify"));
    client.run("connects");
    client.receive(&event("", "urn:example:mood", "<item/>"));
    assert_eq!(client.event::<Mood>(), Some(Mood("juliet@example.com".into())));
    assert!(client.event::<Notice>().is_none());
    client.receive(&event("", "urn:example:other", "<item/>"));
    assert!(client.event::<Notice>().is_some());
    let _: Option<Stanza> = client.sent();
}
