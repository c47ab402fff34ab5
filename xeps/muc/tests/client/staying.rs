//! Staying in rooms: after lost sessions, and by asking whether one is still in.

use super::support::*;

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
