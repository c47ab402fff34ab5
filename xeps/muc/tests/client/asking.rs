//! What is asked of rooms and their people: roles, affiliations, configuration, invitations.

use super::support::*;

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

/// XEP-0421 §2, XEP-0359 §5.
#[test]
fn a_room_that_is_made_by_entering_is_asked_what_it_can_do_when_it_is_there() {
    let mut client = connected();
    join(&mut client, Join::as_nick("thirdwitch"));
    let question = client.sent().unwrap();
    let absent = stonechat_stanza::StanzaError::item_not_found();
    client.receive(&question.error_reply(&absent).unwrap().to_string());
    let request = client.sent().unwrap();
    assert!(request.has("http://jabber.org/protocol/muc", "x"), "{request}");
    client.receive(&format!(
        "<presence from='{COVEN}/thirdwitch'><x xmlns='http://jabber.org/protocol/muc#user'>{SELF}<status code='201'/></x>\
         <occupant-id xmlns='urn:xmpp:occupant-id:0' id='us'/></presence>"
    ));
    assert!(matches!(news(&mut client), Some(News::Entered(entered)) if entered.created()));
    let mut answer = client.sent().unwrap().reply();
    let features = "<feature var='urn:xmpp:occupant-id:0'/><feature var='urn:xmpp:sid:0'/>";
    answer.push_bytes(format!("{DISCO}{features}</query>").as_bytes()).unwrap();
    client.receive(&answer.to_string());
    assert_eq!(client.service::<Rooms>().occupants(&coven())[0].id.as_deref(), Some("us"));
    client.receive(&format!(
        "<message from='{COVEN}/thirdwitch' type='groupchat'><body>x</body><occupant-id xmlns='urn:xmpp:occupant-id:0' id='us'/>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='{COVEN}' id='1'/></message>"
    ));
    let Some(News::Said(said)) = news(&mut client) else { panic!("it is said") };
    assert_eq!((said.own, said.id.as_deref(), said.occupant.as_deref()), (true, Some("1"), Some("us")));
}
