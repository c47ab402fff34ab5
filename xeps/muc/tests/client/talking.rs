//! What is said in rooms, and who comes and goes.

use super::support::*;

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

/// XEP-0359 §5; XEP-0444 §4.2.
#[test]
fn the_room_s_id_of_a_message_counts_only_where_the_room_vouches_for_it() {
    for vouches in [true, false] {
        let mut client = connected();
        join(&mut client, Join::as_nick("thirdwitch"));
        ask(&mut client, if vouches { "<feature var='urn:xmpp:sid:0'/>" } else { "" });
        let_in(&mut client);
        client.receive(&format!(
            "<message from='{COVEN}/firstwitch' type='groupchat' id='own'><body>Thrice</body>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='firstwitch@shakespeare.lit' id='theirs'/>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='{COVEN}' id='room-1'/></message>"
        ));
        let Some(News::Said(said)) = news(&mut client) else { panic!("it is said") };
        assert_eq!(said.id, vouches.then(|| "room-1".to_owned()));
    }
}

#[test]
fn what_is_said_without_a_text_is_told_apart() {
    let mut client = connected();
    inside(&mut client);
    let reaction = "<reactions xmlns='urn:xmpp:reactions:0' id='room-1'><reaction>🐢</reaction></reactions>";
    for (kind, own) in [("groupchat", true), ("chat", false)] {
        client.receive(&format!(
            "<message from='{COVEN}/thirdwitch' type='{kind}' id='r'>{reaction}</message>"
        ));
        let Some(News::Unspoken(said)) = news(&mut client) else { panic!("it is told") };
        assert_eq!((said.nick.as_deref(), said.own), (Some("thirdwitch"), own), "{kind}");
    }
    // What the room says of itself is told otherwise.
    client.receive(&format!("<message from='{COVEN}' type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='170'/></x></message>"));
    assert!(matches!(news(&mut client), Some(News::Configured(_))));
    client.receive(&format!(
        "<message from='{COVEN}/x' type='groupchat'><subject>Fire Burn!</subject></message>"
    ));
    assert!(matches!(news(&mut client), Some(News::Subject { .. })));
    assert!(news(&mut client).is_none());
}

/// XEP-0313 §6.1.2, XEP-0421 §4.
#[test]
fn a_message_of_the_room_s_archive_is_read_as_what_is_said_now() {
    let mut client = connected();
    join(&mut client, Join::as_nick("thirdwitch"));
    ask(&mut client, "<feature var='urn:xmpp:occupant-id:0'/>");
    client.receive(&format!(
        "<presence from='{COVEN}/thirdwitch'><x xmlns='http://jabber.org/protocol/muc#user'>{SELF}</x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='us'/></presence>"
    ));
    let rooms = client.service::<Rooms>();
    let read = |from: &str, kind: &str, occupant: &str| {
        let xml = format!(
            "<message from='{from}' type='{kind}'><body>x</body><occupant-id xmlns='urn:xmpp:occupant-id:0' id='{occupant}'/></message>"
        );
        rooms.archived(&coven(), "7", &stonechat_stanza::Stanza::parse(xml.as_bytes()).unwrap())
    };
    let old = read(&format!("{COVEN}/old"), "groupchat", "us").unwrap();
    assert_eq!((old.nick.as_deref(), old.id.as_deref(), old.own), (Some("old"), Some("7"), true));
    assert!(!read(&format!("{COVEN}/thirdwitch"), "groupchat", "them").unwrap().own);
    assert!(read("heath@chat.shakespeare.lit/old", "groupchat", "us").is_none());
    assert!(read(&format!("{COVEN}/old"), "chat", "us").is_none());
    client.run("loses the session");
    let said = stonechat_stanza::Stanza::parse(
        format!("<message from='{COVEN}/old' type='groupchat'><body>x</body></message>").as_bytes(),
    );
    assert!(rooms.archived(&coven(), "7", &said.unwrap()).is_none(), "we are not there");
}
