//! XEP-0045, XEP-0249, XEP-0410 and XEP-0421, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::time::Duration;

use stonechat_extension::client::test_host::{Started, TestClient, check};
use stonechat_extension::client::{Closed, RequestError};
use stonechat_stanza::forms::{self, Form};
use stonechat_stanza::jid::BareJid;
use stonechat_xep_muc::client::{
    Declined, Entered, Event, Invitation, Join, JoinError, Mediation, News, Rooms, Said, Standing, Why,
};
use stonechat_xep_muc::{Affiliation, CLIENT, Destroy, DirectInvite, History, Item, Role};

const COVEN: &str = "coven@chat.shakespeare.lit";
const DISCO: &str = "<query xmlns='http://jabber.org/protocol/disco#info'>";

fn coven() -> BareJid {
    COVEN.parse().unwrap()
}

fn connected() -> TestClient {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    client
}

fn join(client: &mut TestClient, join: Join) -> Started<Result<Entered, JoinError>> {
    let rooms = client.service::<Rooms>();
    client.start(async move { rooms.join(&coven(), join).await })
}

/// The room says what it can do, and is asked to let us in; with the id that it is asked with.
fn ask(client: &mut TestClient, features: &str) -> String {
    let question = client.sent().unwrap();
    assert_eq!(
        (question.to().unwrap().as_str(), question.has("http://jabber.org/protocol/disco#info", "query")),
        (COVEN, true)
    );
    let mut answer = question.reply();
    answer.push_bytes(format!("{DISCO}{features}</query>").as_bytes()).unwrap();
    client.receive(&answer.to_string());
    let request = client.sent().unwrap();
    assert!(request.has("http://jabber.org/protocol/muc", "x"), "{request}");
    request.id().unwrap().to_owned()
}

fn presence(client: &mut TestClient, nick: &str, children: &str) {
    client.receive(&format!("<presence from='{COVEN}/{nick}'><x xmlns='http://jabber.org/protocol/muc#user'>{children}</x></presence>"));
}

fn gone(client: &mut TestClient, nick: &str, children: &str) {
    client.receive(&format!("<presence from='{COVEN}/{nick}' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>{children}</x></presence>"));
}

const SELF: &str = "<item affiliation='member' role='participant'/><status code='110'/>";

/// In the room, as `thirdwitch`, with `firstwitch`.
fn inside(client: &mut TestClient) {
    let started = join(client, Join::as_nick("thirdwitch"));
    ask(client, "");
    let_in(client);
    assert_eq!(started.outcome().unwrap().unwrap().nick, "thirdwitch");
}

fn let_in(client: &mut TestClient) {
    presence(client, "firstwitch", "<item affiliation='owner' role='moderator'/>");
    presence(client, "thirdwitch", SELF);
    assert!(matches!(news(client), Some(News::Entered(_))));
}

fn news(client: &mut TestClient) -> Option<News> {
    client.event::<Event>().map(|event| {
        assert_eq!(event.room, COVEN);
        event.news
    })
}

fn do_<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    client: &mut TestClient,
    what: impl FnOnce(std::sync::Arc<Rooms>) -> F,
) -> Started<T> {
    let rooms = client.service::<Rooms>();
    client.start(what(rooms))
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

/// §6.7; XEP-0249 §3.
#[test]
fn the_client_says_that_it_knows_rooms_and_invitations() {
    let client = TestClient::with(&[&CLIENT]);
    let features = &client.tables().info().features;
    for feature in ["http://jabber.org/protocol/muc", "jabber:x:conference"] {
        assert!(features.iter().any(|known| known == feature), "{feature}");
    }
}

/// §7.2.1, §7.2.2, §7.2.5, §7.2.14; examples 18, 20, 21, 26, 36.
#[test]
fn a_room_is_entered_when_the_own_presence_comes() {
    let mut client = connected();
    let wish = Join::as_nick("thirdwitch").password("cauldronburn").history(History::last(20));
    let started = join(&mut client, wish);
    client.run(&format!("server ← <iq type='get' to='{COVEN}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>\n server ← nothing"));
    let started_again = join(&mut client, Join::as_nick("x"));
    assert_eq!(started_again.outcome(), Some(Err(JoinError::Already)));
    assert!(started.outcome().is_none());

    let mut client = connected();
    let wish = Join::as_nick("thirdwitch").password("cauldronburn").history(History::last(20));
    let started = join(&mut client, wish);
    let question = client.sent().unwrap();
    client.receive(
        &question.error_reply(&stonechat_stanza::StanzaError::item_not_found()).unwrap().to_string(),
    );
    client.run(&format!(
        "server ← <presence to='{COVEN}/thirdwitch'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='20'/><password>cauldronburn</password></x></presence>"
    ));
    presence(
        &mut client,
        "firstwitch",
        "<item affiliation='owner' role='moderator' jid='crone1@shakespeare.lit/desktop'/>",
    );
    presence(&mut client, "secondwitch", "<item affiliation='admin' role='moderator'/>");
    assert!(started.outcome().is_none() && news(&mut client).is_none());
    presence(
        &mut client,
        "thirdwitch",
        "<item affiliation='owner' role='moderator'/><status code='100'/><status code='110'/><status code='201'/>",
    );
    let entered = started.outcome().unwrap().unwrap();
    assert!(entered.created() && !entered.again && entered.codes.has(100));
    assert!(matches!(news(&mut client), Some(News::Entered(told)) if told == entered));
    let occupants = client.service::<Rooms>().occupants(&coven());
    let nicks: Vec<&str> = occupants.iter().map(|occupant| occupant.nick.as_str()).collect();
    assert_eq!(nicks, ["firstwitch", "secondwitch", "thirdwitch"]);
    assert_eq!(occupants[0].jid.as_ref().unwrap(), &"crone1@shakespeare.lit/desktop");
    assert_eq!((occupants[1].role, occupants[1].affiliation), (Role::Moderator, Affiliation::Admin));
}

/// §7.2.2, example 22.
#[test]
fn the_room_may_give_another_nickname() {
    let mut client = connected();
    let started = join(&mut client, Join::as_nick("ThirdWitch"));
    ask(&mut client, "");
    presence(
        &mut client,
        "thirdwitch",
        "<item affiliation='member' role='participant'/><status code='110'/><status code='210'/>",
    );
    assert_eq!(started.outcome().unwrap().unwrap().nick, "thirdwitch");
    assert_eq!(client.service::<Rooms>().nick(&coven()).unwrap(), "thirdwitch");
}

/// §7.2.5 to §7.2.11, §7.2.17; examples 25, 27, 28.
#[test]
fn who_is_not_let_in_is_told_why() {
    for condition in
        ["not-authorized", "registration-required", "forbidden", "not-allowed", "service-unavailable"]
    {
        let mut client = connected();
        let started = join(&mut client, Join::as_nick("thirdwitch"));
        let id = ask(&mut client, "");
        client.receive(&format!(
            "<presence from='{COVEN}/thirdwitch' id='{id}' type='error'><x xmlns='http://jabber.org/protocol/muc'/>\
             <error by='{COVEN}' type='auth'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
        ));
        let Some(Err(JoinError::Refused(error))) = started.outcome() else { panic!("{condition}") };
        assert!(matches!(news(&mut client), Some(News::Refused(told)) if told == error));
        assert!(client.service::<Rooms>().nick(&coven()).is_none());
    }
    let mut client = connected();
    assert_eq!(join(&mut client, Join::as_nick("")).outcome(), Some(Err(JoinError::Nick)));
}

/// §7.2.8, example 29.
#[test]
fn another_nickname_is_tried_as_often_as_is_wished() {
    let mut client = connected();
    let started = join(&mut client, Join::as_nick("thirdwitch").other_nicks(1));
    for tried in ["thirdwitch", "thirdwitch_"] {
        assert!(started.outcome().is_none());
        let id = ask(&mut client, "");
        assert_eq!(client.service::<Rooms>().nick(&coven()).unwrap(), tried);
        client.receive(&format!(
            "<presence from='{COVEN}/{tried}' id='{id}' type='error'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
        ));
    }
    assert!(matches!(started.outcome(), Some(Err(JoinError::Refused(_)))));
}

/// §7.6; examples 49 to 53.
#[test]
fn a_nickname_is_changed_or_not() {
    let mut client = connected();
    inside(&mut client);
    let started = do_(&mut client, |rooms| async move { rooms.rename(&coven(), "oldhag").await });
    assert_eq!(started.outcome(), Some(Ok(())));
    let id = client.sent().unwrap().id().unwrap().to_owned();
    client.receive(&format!(
        "<presence from='{COVEN}/thirdwitch' id='{id}' type='error'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
    ));
    assert!(matches!(news(&mut client), Some(News::NickRefused(_))));

    do_(&mut client, |rooms| async move { rooms.rename(&coven(), "oldhag").await });
    client.run(&format!("server ← <presence to='{COVEN}/oldhag'/>"));
    gone(
        &mut client,
        "thirdwitch",
        "<item affiliation='member' role='participant' nick='oldhag'/><status code='303'/><status code='110'/>",
    );
    assert!(
        matches!(news(&mut client), Some(News::Renamed { from, to, own: true }) if from == "thirdwitch" && to == "oldhag")
    );
    presence(&mut client, "oldhag", SELF);
    assert!(news(&mut client).is_none());
    assert_eq!(client.service::<Rooms>().nick(&coven()).unwrap(), "oldhag");

    gone(
        &mut client,
        "firstwitch",
        "<item affiliation='owner' role='moderator' nick='crone'/><status code='303'/>",
    );
    assert!(matches!(news(&mut client), Some(News::Renamed { own: false, .. })));
    // Example 51.
    presence(
        &mut client,
        "oldhag2",
        "<item affiliation='member' role='participant'/><status code='110'/><status code='210'/>",
    );
    assert!(matches!(news(&mut client), Some(News::Renamed { to, own: true, .. }) if to == "oldhag2"));
    assert_eq!(client.service::<Rooms>().occupants(&coven()).len(), 2);
}

/// §7.7; examples 54, 55. RFC 6121 §4.5.2.
#[test]
fn rooms_are_told_how_we_are_available() {
    let mut client = connected();
    inside(&mut client);
    let say = |client: &mut TestClient, xml: &str| {
        let (handle, stanza) = (client.handle(), stonechat_stanza::Stanza::parse(xml.as_bytes()).unwrap());
        client.start(async move { handle.send(stanza).await.is_ok() });
    };
    say(
        &mut client,
        "<presence><show>xa</show><status>gone where the goblins go</status><priority>5</priority></presence>",
    );
    client.run(&format!(
        "server ← <presence><show>xa</show><priority>5</priority></presence>
         server ← <presence to='{COVEN}/thirdwitch'><show>xa</show><status>gone where the goblins go</status></presence>"
    ));
    presence(&mut client, "firstwitch", "<item affiliation='owner' role='moderator'/>");
    assert!(news(&mut client).is_none(), "nothing has changed");
    presence(&mut client, "firstwitch", "<item affiliation='owner' role='participant'/>");
    assert!(matches!(news(&mut client), Some(News::Changed { now, .. }) if now.role == Role::Participant));
    say(&mut client, "<presence type='unavailable'/>");
    gone(&mut client, "thirdwitch", "<item affiliation='member' role='none'/><status code='110'/>");
    assert!(matches!(news(&mut client), Some(News::Exited(exit)) if exit.why == Why::Left));
}

/// §7.4; examples 44, 45.
#[test]
fn what_we_say_is_known_when_it_comes_back() {
    let mut client = connected();
    inside(&mut client);
    do_(&mut client, |rooms| async move { rooms.say(&coven(), "Harpier cries").await.is_ok() });
    let sent = client.sent().unwrap();
    let id = sent.id().unwrap().to_owned();
    let mut reflect = |nick: &str, id: &str| {
        client.receive(&format!(
            "<message from='{COVEN}/{nick}' id='{id}' type='groupchat'><body>Harpier cries</body></message>"
        ));
        let Some(News::Said(said)) = news(&mut client) else { panic!("it is said") };
        (said.own, said.reflected)
    };
    assert_eq!(reflect("firstwitch", &id), (false, false), "an id alone is nothing");
    assert_eq!(reflect("thirdwitch", "other"), (true, false), "another session of ours");
    assert_eq!(reflect("thirdwitch", &id), (true, true));
    assert_eq!(reflect("thirdwitch", &id), (true, false), "once");
}

/// §7.2.13, §7.2.15, §8.1; examples 40, 41, 84, 85.
#[test]
fn history_comes_before_the_subject() {
    let mut client = connected();
    inside(&mut client);
    let delay =
        "<delay xmlns='urn:xmpp:delay' from='coven@chat.shakespeare.lit' stamp='2002-10-13T23:58:37Z'/>";
    client.receive(&format!(
        "<message from='{COVEN}/thirdwitch' type='groupchat' id='1'><body>Thrice</body>{delay}</message>"
    ));
    let Some(News::Said(Said { own, delay: Some(_), .. })) = news(&mut client) else { panic!("history") };
    assert!(!own, "who had the nickname is not known");
    client.receive(&format!(
        "<message from='{COVEN}/secondwitch' type='groupchat'><subject>Fire Burn!</subject>{delay}</message>"
    ));
    assert!(
        matches!(news(&mut client), Some(News::Subject { text: Some(text), by: Some(_), delay: Some(_) }) if text == "Fire Burn!")
    );
    assert_eq!(client.service::<Rooms>().subject(&coven()).unwrap(), "Fire Burn!");
    client.receive(&format!(
        "<message from='{COVEN}/x' type='groupchat'><subject>a</subject><body>b</body></message>"
    ));
    assert!(matches!(news(&mut client), Some(News::Said(_))), "no change of the subject");
    client.receive(&format!("<message from='{COVEN}' type='groupchat'><subject/></message>"));
    assert!(matches!(news(&mut client), Some(News::Subject { text: None, by: None, delay: None })));
    do_(&mut client, |rooms| async move { rooms.set_subject(&coven(), Some("Cauldron")).await });
    client.run(&format!(
        "server ← <message to='{COVEN}' type='groupchat'><subject>Cauldron</subject></message>"
    ));
}

/// §7.5; examples 46, 47.
#[test]
fn something_is_said_to_one_alone() {
    let mut client = connected();
    inside(&mut client);
    do_(&mut client, |rooms| async move {
        rooms.whisper(&coven(), "firstwitch", "I'll give thee a wind.").await.is_ok()
    });
    client.run(&format!(
        "server ← <message to='{COVEN}/firstwitch' type='chat'><x xmlns='http://jabber.org/protocol/muc#user'/><body>I'll give thee a wind.</body></message>
         server → <message from='{COVEN}/secondwitch' type='chat'><body>Th'art kind.</body></message>"
    ));
    assert!(matches!(news(&mut client), Some(News::Whispered { nick, .. }) if nick == "secondwitch"));
}

/// §7.4, §7.5, §8.1: errors; who is not in the room checks whether that is so.
#[test]
fn what_comes_back_is_told_and_who_is_told_to_be_out_finds_out() {
    let mut client = connected();
    inside(&mut client);
    client.receive(&format!("<message from='{COVEN}' type='error' id='1'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"));
    assert!(matches!(news(&mut client), Some(News::Returned { nick: None, id: Some(id), .. }) if id == "1"));
    client.run("server ← nothing");
    client.receive(&format!("<message from='{COVEN}' type='error' id='2'><error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"));
    client
        .run(&format!("server ← <iq type='get' to='{COVEN}/thirdwitch'><ping xmlns='urn:xmpp:ping'/></iq>"));
}

/// §7.14; examples 80, 81.
#[test]
fn a_room_is_left() {
    let mut client = connected();
    inside(&mut client);
    do_(&mut client, |rooms| async move { rooms.leave(&coven(), Some("gone")).await });
    client.run(&format!(
        "server ← <presence to='{COVEN}/thirdwitch' type='unavailable'><status>gone</status></presence>"
    ));
    gone(&mut client, "thirdwitch", "<item affiliation='member' role='none'/><status code='110'/>");
    assert!(matches!(news(&mut client), Some(News::Exited(exit)) if exit.why == Why::Left));
    client.run("loses the session\n connects\n server ← nothing");
    assert!(news(&mut client).is_none());
}

/// §8.2, §9.1; examples 92, 111.
#[test]
fn others_come_and_go() {
    let mut client = connected();
    inside(&mut client);
    presence(&mut client, "pistol", "<item affiliation='none' role='participant'/>");
    assert!(matches!(news(&mut client), Some(News::Arrived(occupant)) if occupant.nick == "pistol"));
    gone(
        &mut client,
        "pistol",
        "<item affiliation='none' role='none'><actor nick='Fluellen'/><reason>Avaunt, you cullion!</reason></item><status code='307'/>",
    );
    let Some(News::Departed { occupant, exit }) = news(&mut client) else { panic!("he departs") };
    assert_eq!(
        (occupant.nick.as_str(), exit.why, exit.reason.as_deref()),
        ("pistol", Why::Kicked, Some("Avaunt, you cullion!"))
    );
    assert_eq!(exit.actor.unwrap().nick.as_deref(), Some("Fluellen"));
}

fn requested(client: &mut TestClient, started: &Started<Result<(), RequestError>>, expected: &str) {
    let request = client.sent().unwrap();
    client.receive(&request.reply().to_string());
    assert_eq!(started.outcome(), Some(Ok(())));
    let child = request.children().next().unwrap().element().unwrap();
    assert_eq!((request.to().unwrap().as_str(), child), (COVEN, expected.parse().unwrap()));
}

/// §8, §9, §10; examples 89, 110, 111, 129, 130, 155 to 159, 201.
#[test]
fn moderators_admins_and_owners_ask_for_what_they_want() {
    let mut client = connected();
    let started = do_(&mut client, |rooms| async move {
        rooms.kick(&coven(), "pistol", Some("Avaunt, you cullion!")).await
    });
    requested(
        &mut client,
        &started,
        "<query xmlns='http://jabber.org/protocol/muc#admin'><item role='none' nick='pistol'><reason>Avaunt, you cullion!</reason></item></query>",
    );
    let started = do_(&mut client, |rooms| async move {
        rooms.ban(&coven(), "earlofcambridge@shakespeare.lit".parse().unwrap(), Some("Treason")).await
    });
    requested(
        &mut client,
        &started,
        "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='outcast' jid='earlofcambridge@shakespeare.lit'><reason>Treason</reason></item></query>",
    );
    let started = do_(&mut client, |rooms| async move {
        rooms.set_role(&coven(), "thirdwitch", Role::Participant, None).await
    });
    requested(
        &mut client,
        &started,
        "<query xmlns='http://jabber.org/protocol/muc#admin'><item role='participant' nick='thirdwitch'/></query>",
    );
    let started = do_(&mut client, |rooms| async move { rooms.accept(&coven()).await });
    requested(
        &mut client,
        &started,
        "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>",
    );
    let started = do_(&mut client, |rooms| async move {
        let reason = Some("Macbeth doth come.".to_owned());
        rooms.destroy(&coven(), Destroy { venue: Some(coven()), reason, password: None }).await
    });
    requested(
        &mut client,
        &started,
        "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy jid='coven@chat.shakespeare.lit'><reason>Macbeth doth come.</reason></destroy></query>",
    );

    let started =
        do_(&mut client, |rooms| async move { rooms.affiliated(&coven(), Affiliation::Member).await });
    let answer = "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member' jid='hag66@shakespeare.lit' nick='thirdwitch' role='participant'/></query>";
    let members = stonechat_extension::client::test_host::answered(&mut client, &started, answer).unwrap();
    assert_eq!(
        members,
        [Item {
            affiliation: Some(Affiliation::Member),
            role: Some(Role::Participant),
            jid: Some("hag66@shakespeare.lit".parse().unwrap()),
            nick: Some("thirdwitch".into()),
            ..Item::default()
        }]
    );
    for (answer, has) in [("<x xmlns='jabber:x:data' type='form'/>", true), ("", false)] {
        let started = do_(&mut client, |rooms| async move { rooms.configuration(&coven()).await });
        let answer = format!("<query xmlns='http://jabber.org/protocol/muc#owner'>{answer}</query>");
        let form = stonechat_extension::client::test_host::answered(&mut client, &started, &answer).unwrap();
        assert_eq!(form.is_some(), has);
    }
}

/// §7.12; examples 77, 78.
#[test]
fn a_room_may_keep_a_nickname_for_us() {
    let mut client = connected();
    let started = do_(&mut client, |rooms| async move { rooms.reserved_nick(&coven()).await });
    let answer = "<query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'><identity category='conference' name='thirdwitch' type='text'/></query>";
    let nick = stonechat_extension::client::test_host::answered(&mut client, &started, answer);
    assert_eq!(nick, Ok(Some("thirdwitch".to_owned())));
}

/// §7.13, §8.6; examples 79, 108, 109.
#[test]
fn voice_is_asked_for_and_given() {
    let mut client = connected();
    inside(&mut client);
    do_(&mut client, |rooms| async move { rooms.request_voice(&coven()).await });
    client.run(&format!("server ← <message to='{COVEN}'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field><field var='muc#role'><value>participant</value></field></x></message>"));
    client.receive(&format!(
        "<message from='{COVEN}' id='approve'><x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#request</value></field>\
         <field var='muc#role' type='list-single'><value>participant</value></field><field var='muc#jid' type='jid-single'><value>hag66@shakespeare.lit/pda</value></field>\
         <field var='muc#roomnick' type='text-single'><value>thirdwitch</value></field><field var='muc#request_allow' type='boolean'><value>false</value></field></x></message>"
    ));
    let Some(News::VoiceRequested(form)) = news(&mut client) else { panic!("voice is asked for") };
    do_(&mut client, |rooms| async move { rooms.answer_voice(&coven(), &form, true).await });
    let form = client.sent().unwrap().get::<Form>().unwrap().unwrap();
    assert_eq!((form.kind, form.value("muc#jid")), (forms::Type::Submit, Some("hag66@shakespeare.lit/pda")));
    assert_eq!(form.boolean("muc#request_allow"), Ok(Some(true)));
}

/// §7.8.2; examples 56 to 59. XEP-0249 §2, §4.
#[test]
fn invitations_are_sent_told_once_and_declined() {
    let mut client = connected();
    do_(&mut client, |rooms| async move {
        rooms.invite(&coven(), "hecate@shakespeare.lit".parse().unwrap(), Some("Hey Hecate")).await
    });
    client.run(&format!("server ← <message to='{COVEN}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='hecate@shakespeare.lit'><reason>Hey Hecate</reason></invite></x></message>"));
    let by_room = format!(
        "<message from='{COVEN}'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='crone1@shakespeare.lit/desktop'><reason>Hey</reason></invite>\
         <password>cauldronburn</password></x><x xmlns='jabber:x:conference' jid='{COVEN}'/></message>"
    );
    let direct = format!(
        "<message from='crone1@shakespeare.lit/desktop'><x xmlns='jabber:x:conference' jid='{COVEN}' password='cauldronburn'/></message>"
    );
    client.receive(&by_room);
    let invitation = client.event::<Invitation>().unwrap();
    assert_eq!(
        (invitation.room.as_str(), invitation.mediation, invitation.password.as_deref()),
        (COVEN, Mediation::Room, Some("cauldronburn"))
    );
    assert!(!format!("{invitation:?}").contains("cauldron"));
    client.receive(&direct);
    assert!(client.event::<Invitation>().is_none(), "it is the same one");
    client.advance(Duration::from_secs(60));
    client.receive(&direct);
    assert_eq!(client.event::<Invitation>().unwrap().mediation, Mediation::Direct);
    client.advance(Duration::from_secs(60));
    let forged = by_room
        .replace(&format!("from='{COVEN}'><x xmlns='http"), "from='eve@example.net/x'><x xmlns='http")
        .replace("jabber:x:conference", "urn:x");
    client.receive(&forged);
    assert!(client.event::<Invitation>().is_none(), "only a room invites in the name of others");

    do_(&mut client, |rooms| async move {
        rooms.decline(&coven(), "crone1@shakespeare.lit".parse().unwrap(), Some("Sorry")).await
    });
    client.run(&format!("server ← <message to='{COVEN}'><x xmlns='http://jabber.org/protocol/muc#user'><decline to='crone1@shakespeare.lit'><reason>Sorry</reason></decline></x></message>"));
    client.receive(&format!("<message from='{COVEN}'><x xmlns='http://jabber.org/protocol/muc#user'><decline from='hecate@shakespeare.lit'><reason>Sorry</reason></decline></x></message>"));
    let declined = client.event::<Declined>().unwrap();
    assert_eq!(
        (declined.by.unwrap(), declined.reason.as_deref()),
        ("hecate@shakespeare.lit".parse().unwrap(), Some("Sorry"))
    );

    do_(&mut client, |rooms| async move {
        rooms.invite_directly("hecate@shakespeare.lit".parse().unwrap(), &DirectInvite::to(coven())).await
    });
    client.run(&format!("server ← <message to='hecate@shakespeare.lit'><x xmlns='jabber:x:conference' jid='{COVEN}'/></message>"));
    inside(&mut client);
    client.receive(&direct);
    assert!(client.event::<Invitation>().is_none(), "we are there");
}

/// §10.2.1.
#[test]
fn a_change_of_the_configuration_is_told() {
    let mut client = connected();
    inside(&mut client);
    client.receive(&format!("<message from='{COVEN}' type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='170'/></x></message>"));
    assert!(matches!(news(&mut client), Some(News::Configured(codes)) if codes.has(170)));
    client.run(&format!(
        "server ← <iq type='get' to='{COVEN}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
    ));
}

/// XEP-0421 §3, §4.
#[test]
fn who_an_occupant_is_counts_only_where_the_room_vouches_for_it() {
    for vouches in [true, false] {
        let mut client = connected();
        join(&mut client, Join::as_nick("thirdwitch"));
        ask(&mut client, if vouches { "<feature var='urn:xmpp:occupant-id:0'/>" } else { "" });
        client.receive(&format!(
            "<presence from='{COVEN}/thirdwitch'><x xmlns='http://jabber.org/protocol/muc#user'>{SELF}</x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='us'/></presence>"
        ));
        assert!(matches!(news(&mut client), Some(News::Entered(_))));
        let id = client.service::<Rooms>().occupants(&coven())[0].id.clone();
        assert_eq!(id, vouches.then(|| "us".to_owned()));
        let mut said = |nick: &str, id: &str| {
            client.receive(&format!(
                "<message from='{COVEN}/{nick}' type='groupchat' id='{nick}{id}'><body>x</body><occupant-id xmlns='urn:xmpp:occupant-id:0' id='{id}'/>\
                 <delay xmlns='urn:xmpp:delay' stamp='2002-10-13T23:58:37Z'/></message>"
            ));
            let Some(News::Said(said)) = news(&mut client) else { panic!("it is said") };
            (said.own, said.occupant)
        };
        // Under a nickname of before, and under ours of somebody who had it before.
        assert_eq!(said("old", "us"), (vouches, vouches.then(|| "us".to_owned())));
        assert!(!said("thirdwitch", "them").0);
    }
}

#[test]
fn a_room_that_was_lost_with_the_session_is_entered_again_and_asked_for_what_was_missed() {
    let mut client = connected();
    inside(&mut client);
    client.receive(&format!(
        "<message from='{COVEN}/firstwitch' type='groupchat' id='1'><body>x</body></message>"
    ));
    assert!(matches!(news(&mut client), Some(News::Said(_))));
    client.run("disconnects\n resumes\n server ← nothing\n disconnects\n later 30\n connects");
    assert!(matches!(news(&mut client), Some(News::Exited(exit)) if exit.why == Why::SessionLost));
    let question = client.sent().unwrap();
    client.receive(&question.reply().to_string());
    client.run(&format!("server ← <presence to='{COVEN}/thirdwitch'><x xmlns='http://jabber.org/protocol/muc'><history seconds='31'/></x></presence>"));
    presence(&mut client, "thirdwitch", SELF);
    assert!(matches!(news(&mut client), Some(News::Entered(entered)) if entered.again));
}

#[test]
fn a_room_that_is_joined_without_a_session_is_entered_with_the_next() {
    let mut client = TestClient::with(&[&CLIENT]);
    let started = join(&mut client, Join::as_nick("thirdwitch"));
    client.run("server ← nothing\n connects");
    ask(&mut client, "");
    let_in(&mut client);
    assert!(started.outcome().unwrap().is_ok());
}

/// XEP-0410 §3.2; examples 1, 2.
#[test]
fn after_silence_a_room_is_asked_whether_we_are_in() {
    let mut client = connected();
    inside(&mut client);
    client.run("later 840\n server ← nothing\n later 60");
    let ping = client.sent().unwrap();
    assert_eq!(
        (ping.to().unwrap().as_str(), ping.has("urn:xmpp:ping", "ping")),
        ("coven@chat.shakespeare.lit/thirdwitch", true)
    );
    client.receive(&ping.reply().to_string());
    client.run("later 840\n server ← nothing\n later 60");
    let ping = client.sent().unwrap();
    let error = stonechat_stanza::StanzaError::not_acceptable();
    client.receive(&ping.error_reply(&error).unwrap().to_string());
    assert!(matches!(news(&mut client), Some(News::Exited(exit)) if exit.why == Why::Forgotten));
    ask(&mut client, "");
    let_in(&mut client);
}

/// XEP-0410 §3.2.
#[test]
fn the_answer_to_a_self_ping_says_whether_we_are_in() {
    use stonechat_stanza::StanzaError;
    for (answer, standing) in [
        (None, Standing::In),
        (Some(StanzaError::service_unavailable()), Standing::In),
        (Some(StanzaError::feature_not_implemented()), Standing::In),
        (Some(StanzaError::item_not_found()), Standing::In),
        (Some(StanzaError::remote_server_not_found()), Standing::Unknown),
        (Some(StanzaError::remote_server_timeout()), Standing::Unknown),
        (Some(StanzaError::not_acceptable()), Standing::Out),
        (Some(StanzaError::not_allowed()), Standing::Out),
        (Some(StanzaError::bad_request()), Standing::Out),
    ] {
        let mut client = connected();
        inside(&mut client);
        let started =
            do_(&mut client, |rooms| async move { rooms.check(&coven(), Duration::from_secs(5)).await });
        let ping = client.sent().unwrap();
        let reply = answer.as_ref().map_or_else(|| Some(ping.reply()), |error| ping.error_reply(error));
        client.receive(&reply.unwrap().to_string());
        if standing == Standing::Out {
            assert!(matches!(news(&mut client), Some(News::Exited(_))), "{answer:?}");
            ask(&mut client, "");
        }
        assert_eq!(started.outcome(), Some(standing), "{answer:?}");
    }
    let mut client = connected();
    inside(&mut client);
    let started =
        do_(&mut client, |rooms| async move { rooms.check(&coven(), Duration::from_secs(5)).await });
    client.run("later 5");
    assert_eq!(started.outcome(), Some(Standing::Unknown));
}

/// §11.1, §11.2.
#[test]
fn who_was_lost_by_the_service_comes_back_after_a_while_and_keeps_trying() {
    let mut client = connected();
    inside(&mut client);
    gone(
        &mut client,
        "thirdwitch",
        "<item affiliation='none' role='none'/><status code='110'/><status code='332'/>",
    );
    assert!(matches!(news(&mut client), Some(News::Exited(exit)) if exit.returns()));
    client.run("server ← nothing\n later 60");
    let id = ask(&mut client, "");
    client.receive(&format!(
        "<presence from='{COVEN}/thirdwitch' id='{id}' type='error'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
    ));
    assert!(news(&mut client).is_none());
    client.run("server ← nothing\n later 60");
    ask(&mut client, "");
    let_in(&mut client);
}

#[test]
fn what_rooms_say_that_we_do_not_want_to_be_in_is_nothing() {
    let mut client = connected();
    presence(&mut client, "thirdwitch", SELF);
    client.receive(&format!("<message from='{COVEN}/firstwitch' type='groupchat'><body>x</body></message>"));
    client.receive(&format!("<message from='{COVEN}' type='groupchat'><subject>x</subject></message>"));
    assert!(news(&mut client).is_none() && client.service::<Rooms>().rooms().is_empty());
}

#[test]
fn who_does_not_wait_to_be_let_in_is_let_in_all_the_same() {
    let mut client = connected();
    let rooms = client.service::<Rooms>();
    client.start(async move {
        let (room, wish) = (coven(), Join::as_nick("thirdwitch"));
        let joined = std::pin::pin!(rooms.join(&room, wish));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(joined.poll(&mut cx).is_pending());
    });
    assert!(client.sent().is_some());
    client.run("later 60\n server ← nothing\n later 60");
    ask(&mut client, "");
    let_in(&mut client);
    assert_eq!(client.service::<Rooms>().rooms(), [coven()]);
}

#[test]
fn a_room_that_is_left_before_it_is_entered_is_not_entered() {
    let mut client = connected();
    let started = join(&mut client, Join::as_nick("thirdwitch"));
    let left: Started<Result<(), Closed>> =
        do_(&mut client, |rooms| async move { rooms.leave(&coven(), None).await });
    assert_eq!(left.outcome(), Some(Ok(())));
    let question = client.sent().unwrap();
    client.receive(&question.reply().to_string());
    client.run("server ← nothing");
    assert!(matches!(started.outcome(), Some(Err(JoinError::Left))));
    assert!(matches!(news(&mut client), Some(News::Exited(exit)) if exit.why == Why::Left));
}

#[test]
fn there_are_no_more_rooms_than_may_be() {
    let mut client = TestClient::configured(&[&CLIENT], &[("muc", "most-rooms = 0")]);
    assert_eq!(join(&mut client, Join::as_nick("x")).outcome(), Some(Err(JoinError::TooMany)));
}
