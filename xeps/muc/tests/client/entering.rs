//! Entering rooms, and what name one has there.

use super::support::*;

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
