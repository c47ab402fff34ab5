//! XEP-0402, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::jid::BareJid;
use stonechat_xep_bookmarks::client::{Bookmarks, Event};
use stonechat_xep_bookmarks::{Bookmark, CLIENT, Conference};
use stonechat_xep_muc::client::Rooms;

const PLAY: &str = "theplay@conference.shakespeare.lit";
const ORCHARD: &str = "orchard@conference.shakespeare.lit";

fn jid(text: &str) -> BareJid {
    text.parse().unwrap()
}

fn item(room: &str, attributes: &str) -> String {
    format!(
        "<item id='{room}'><conference xmlns='urn:xmpp:bookmarks:1' name='The Play' {attributes}><nick>JC</nick></conference></item>"
    )
}

/// With these bookmarks on the server.
fn loaded(sections: &[(&str, &str)], items: &str) -> TestClient {
    let all = [&CLIENT, &stonechat_xep_pubsub::CLIENT, &stonechat_xep_muc::CLIENT];
    let mut client = TestClient::configured(&all, sections);
    client.connect(false);
    load(&mut client, items);
    client
}

fn load(client: &mut TestClient, items: &str) {
    let question = client.sent().unwrap();
    assert!(question.to().is_none());
    assert_eq!(
        question.children().next().unwrap().element().unwrap(),
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>"
            .parse()
            .unwrap()
    );
    let mut answer = question.reply();
    answer
        .push_bytes(format!("<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'>{items}</items></pubsub>").as_bytes())
        .unwrap();
    client.receive(&answer.to_string());
}

fn notify(client: &mut TestClient, from: &str, child: &str) {
    client.receive(&format!(
        "<message {from} type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'>{child}</items></event></message>"
    ));
}

/// Whether the client asks a room to be let in.
fn enters(client: &mut TestClient, room: &str) -> bool {
    let Some(question) = client.sent() else { return false };
    assert_eq!(question.to().unwrap().as_str(), room);
    client.receive(&question.reply().to_string());
    let request = client.sent().unwrap();
    assert_eq!(request.to().unwrap().as_str(), format!("{room}/JC"));
    true
}

fn event(client: &mut TestClient) -> Option<Event> {
    client.event()
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT, &stonechat_xep_pubsub::CLIENT]);
}

/// §3.1, §3.2; examples 3 to 5.
#[test]
fn a_new_session_fetches_them_and_enters_what_is_to_be_entered() {
    let items = [
        item(PLAY, "autojoin='true'"),
        item(ORCHARD, ""),
        item("not an address@", ""),
        "<item id='x@y'/>".into(),
    ];
    let mut client = loaded(&[], &items.concat());
    let features = &client.tables().info().features;
    assert!(features.iter().any(|feature| feature == "urn:xmpp:bookmarks:1+notify"), "{features:?}");
    let Some(Event::Loaded(all)) = event(&mut client) else { panic!("they are loaded") };
    assert_eq!(all.iter().map(|bookmark| bookmark.room.as_str()).collect::<Vec<_>>(), [PLAY, ORCHARD]);
    assert_eq!(all[0].conference.name.as_deref(), Some("The Play"));
    assert!(enters(&mut client, PLAY));
    client.run("server ← nothing");
    assert_eq!(client.service::<Bookmarks>().all().len(), 2);
}

#[test]
fn who_has_none_has_none_and_who_cannot_know_is_told() {
    for (condition, is_loaded) in [("item-not-found", true), ("service-unavailable", false)] {
        let mut client = TestClient::with(&[&CLIENT, &stonechat_xep_pubsub::CLIENT]);
        client.connect(false);
        let id = client.sent().unwrap().id().unwrap().to_owned();
        client.receive(&format!(
            "<iq type='error' id='{id}'><error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ));
        assert_eq!(matches!(event(&mut client), Some(Event::Loaded(all)) if all.is_empty()), is_loaded);
    }
}

/// §4; examples 12 to 14.
#[test]
fn what_changes_elsewhere_is_followed() {
    let mut client = loaded(&[], "");
    assert!(matches!(event(&mut client), Some(Event::Loaded(_))));
    notify(&mut client, "from='juliet@example.com'", &item(PLAY, "autojoin='1'"));
    assert!(matches!(event(&mut client), Some(Event::Changed(bookmark)) if bookmark.room == PLAY));
    assert!(enters(&mut client, PLAY));
    notify(&mut client, "", &item(PLAY, "autojoin='1'"));
    assert!(matches!(event(&mut client), Some(Event::Changed(_))));
    client.run("server ← nothing");
    for (child, is_removal) in [(item(PLAY, ""), false), (format!("<retract id='{PLAY}'/>"), true)] {
        notify(&mut client, "", &child);
        client.run(&format!("server ← <presence to='{PLAY}/JC' type='unavailable'/>"));
        assert_eq!(matches!(event(&mut client), Some(Event::Removed(_))), is_removal);
        client.receive(&format!(
            "<presence from='{PLAY}/JC' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>"
        ));
        assert!(client.event::<stonechat_xep_muc::client::Event>().is_some());
        if !is_removal {
            notify(&mut client, "", &item(PLAY, "autojoin='1'"));
            assert!(matches!(event(&mut client), Some(Event::Changed(_))));
            assert!(enters(&mut client, PLAY));
        }
    }
    assert!(client.service::<Bookmarks>().all().is_empty());
}

#[test]
fn nobody_else_makes_us_enter_rooms() {
    let mut client = loaded(&[], "");
    let _loaded = event(&mut client);
    for from in ["from='eve@example.net'", "from='juliet@example.com/other'", "from='example.com'"] {
        notify(&mut client, from, &item(PLAY, "autojoin='1'"));
        assert!(event(&mut client).is_none());
        client.run("server ← nothing");
    }
}

#[test]
fn rooms_are_entered_only_where_that_is_wished() {
    let mut client = loaded(&[("bookmarks", "autojoin = false")], &item(PLAY, "autojoin='1'"));
    assert!(matches!(event(&mut client), Some(Event::Loaded(_))));
    client.run("server ← nothing");
    assert!(client.service::<Rooms>().nick(&jid(PLAY)).is_none());
}

#[test]
fn a_room_whose_bookmark_has_gone_while_we_were_away_is_left() {
    let mut client = loaded(&[], &item(PLAY, "autojoin='1'"));
    let _loaded = event(&mut client);
    assert!(enters(&mut client, PLAY));
    client.run("loses the session\n connects");
    let mut questions = [client.sent().unwrap(), client.sent().unwrap()];
    questions.sort_by_key(|question| question.to().is_some());
    let mut answer = questions[0].reply();
    answer.push_bytes(b"<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>").unwrap();
    client.receive(&answer.to_string());
    assert!(matches!(event(&mut client), Some(Event::Loaded(all)) if all.is_empty()));
    assert!(client.service::<Rooms>().nick(&jid(PLAY)).is_none());
}

#[test]
fn there_are_no_more_than_may_be() {
    let mut client = loaded(&[("bookmarks", "most = 1")], &[item(ORCHARD, ""), item(PLAY, "")].concat());
    assert!(matches!(event(&mut client), Some(Event::Loaded(all)) if all.len() == 1));
    notify(&mut client, "", &item(PLAY, ""));
    assert!(event(&mut client).is_none());
    notify(&mut client, "", &item(ORCHARD, "name2=''"));
    assert!(matches!(event(&mut client), Some(Event::Changed(_))));
}

/// §3.3 to §3.5; examples 6, 8, 10.
#[test]
fn they_are_added_under_conditions_changed_with_what_others_keep_and_removed() {
    let mut client = loaded(&[], "");
    let bookmarks = client.service::<Bookmarks>();
    let extension =
        "<state xmlns='http://myclient.example/bookmark/state' minimized='true'/>".parse().unwrap();
    let conference = Conference {
        name: Some("The Play's the Thing".into()),
        autojoin: true,
        nick: Some("JC".into()),
        extensions: vec![extension],
        ..Conference::default()
    };
    let bookmark = Bookmark { room: jid(PLAY), conference };
    let set = std::sync::Arc::clone(&bookmarks);
    let started = client.start(async move { set.set(&bookmark).await });
    let question = client.sent().unwrap();
    let mut answer = question.reply();
    answer
        .push_bytes(b"<query xmlns='http://jabber.org/protocol/disco#info'><feature var='http://jabber.org/protocol/pubsub#publish-options'/></query>")
        .unwrap();
    client.receive(&answer.to_string());
    let request = client.sent().unwrap();
    let field = |var: &str, value: &str| format!("<field var='{var}'><value>{value}</value></field>");
    let fields = [
        field("pubsub#persist_items", "true"),
        field("pubsub#max_items", "max"),
        field("pubsub#send_last_published_item", "never"),
        field("pubsub#access_model", "whitelist"),
    ];
    let expected = format!(
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'><item id='{PLAY}'>\
         <conference xmlns='urn:xmpp:bookmarks:1' name='The Play&apos;s the Thing' autojoin='true'><nick>JC</nick>\
         <extensions><state xmlns='http://myclient.example/bookmark/state' minimized='true'/></extensions></conference></item></publish>\
         <publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>\
         <value>http://jabber.org/protocol/pubsub#publish-options</value></field>{}</x></publish-options></pubsub>",
        fields.concat()
    );
    assert_eq!(request.children().next().unwrap().element().unwrap(), expected.parse().unwrap());
    client.receive(&request.reply().to_string());
    assert_eq!(started.outcome(), Some(Ok(())));
    let started = client.start(async move { bookmarks.remove(&jid(PLAY)).await });
    client.run(&format!(
        "server ← <iq type='set'><pubsub xmlns='http://jabber.org/protocol/pubsub'><retract node='urn:xmpp:bookmarks:1' notify='true'><item id='{PLAY}'/></retract></pubsub></iq>"
    ));
    assert!(started.outcome().is_none());
}
