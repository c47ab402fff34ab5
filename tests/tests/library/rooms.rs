//! The client's side of rooms, in those of Prosody, with slixmpp beside it.

use crate::client;
use std::time::Duration;

use crate::client::{Online, WITHIN};
use stonechat_client::protocol::Backoff;
use stonechat_client::{Builder, Event, Place};
use stonechat_stanza::forms::{Field, Form, Type};
use stonechat_stanza::jid::BareJid;
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Counterpart, Cutter};
use stonechat_xep_muc::client::{
    self as muc, Invitation, Join, JoinError, Mediation, News, Rooms, Standing, Why,
};
use stonechat_xep_muc::{Affiliation, History, Role};

const ROOM: &str = "coven@rooms.localhost";

fn room() -> BareJid {
    ROOM.parse().unwrap()
}

fn builder(server: &Counterpart, user: &str, port: u16) -> Builder {
    client::foreign(server, user)
        .place(Place::Host("127.0.0.1".to_owned(), port))
        .extension(&stonechat_xep_ping::CLIENT)
        .extension(&stonechat_xep_disco::CLIENT)
        .extension(&stonechat_xep_muc::CLIENT)
}

async fn log_in(server: &Counterpart, user: &str) -> Online {
    // Invitations go to who is there.
    Online::available(builder(server, user, server.c2s().port())).await
}

/// Waits for news of the room.
async fn news<T>(one: &mut Online, what: &str, wanted: impl Fn(&News) -> Option<T>) -> T {
    loop {
        match one.event().await {
            Event::Extension(event) => {
                if let Some(muc::Event { news, .. }) = event.get()
                    && let Some(found) = wanted(news)
                {
                    return found;
                }
            }
            Event::Stanza(_)
            | Event::Token(_)
            | Event::Online { .. }
            | Event::Offline { retry: Some(_), .. } => {}
            other => panic!("instead of {what}: {other:?}"),
        }
    }
}

fn said(text: &'static str) -> impl Fn(&News) -> Option<muc::Said> {
    move |news| match news {
        News::Said(said) if body(said) == text => Some(said.clone()),
        _ => None,
    }
}

fn body(said: &muc::Said) -> String {
    said.message.find("jabber:client", "body").unwrap().element().unwrap().text()
}

/// Makes the room, as `firstwitch`, and lets others in.
async fn make(one: &mut Online) -> std::sync::Arc<Rooms> {
    let rooms = one.client.service::<Rooms>().unwrap();
    let entered = rooms.join(&room(), Join::as_nick("firstwitch")).await.unwrap();
    assert!(entered.created() && !entered.again, "{entered:?}");
    rooms.accept(&room()).await.unwrap();
    news(one, "being in", |news| matches!(news, News::Entered(_)).then_some(())).await;
    rooms
}

#[tokio::test]
async fn with_slixmpp_in_a_room_one_talks_and_keeps_order() {
    let server = Counterpart::start(Kind::Prosody);
    let mut one = log_in(&server, "user1").await;
    let rooms = make(&mut one).await;
    let two = server.script("rooms.py", &["company"]);

    let arrived = news(&mut one, "somebody's coming", |news| match news {
        News::Arrived(occupant) => Some(occupant.clone()),
        _ => None,
    });
    let occupant = arrived.await;
    assert_eq!((occupant.nick.as_str(), occupant.role), ("secondwitch", Role::Participant));
    let jid = occupant.jid.expect("an owner sees who they are");
    assert_eq!(jid.to_bare(), "user2@localhost");

    rooms.say(&room(), "When shall we three meet again?").await.unwrap();
    let mine = news(&mut one, "the own words", said("When shall we three meet again?")).await;
    assert!(mine.own && mine.reflected, "{mine:?}");
    let theirs = news(&mut one, "the answer", said("In thunder, lightning, or in rain?")).await;
    assert_eq!((theirs.nick.as_deref(), theirs.own), (Some("secondwitch"), false));
    let whisper = news(&mut one, "a word for us alone", |news| match news {
        News::Whispered { nick, .. } => Some(nick.clone()),
        _ => None,
    });
    assert_eq!(whisper.await, "secondwitch");
    rooms.whisper(&room(), "secondwitch", "Th'art kind.").await.unwrap();

    rooms.rename(&room(), "secondwitch").await.unwrap();
    news(&mut one, "a refusal", |news| matches!(news, News::NickRefused(_)).then_some(())).await;
    rooms.rename(&room(), "oldhag").await.unwrap();
    news(&mut one, "the new nickname", |news| matches!(news, News::Renamed { own: true, .. }).then_some(()))
        .await;
    assert_eq!(rooms.nick(&room()).as_deref(), Some("oldhag"));
    rooms.set_subject(&room(), Some("Fire Burn")).await.unwrap();
    let subject = news(&mut one, "the subject", |news| match news {
        News::Subject { text: Some(text), by, .. } => Some((text.clone(), by.clone())),
        _ => None,
    });
    assert_eq!(subject.await, ("Fire Burn".to_owned(), Some("oldhag".to_owned())));

    let invited = tokio::time::timeout(WITHIN, async {
        loop {
            if let Event::Extension(event) = one.event().await
                && let Ok(invitation) = event.take::<Invitation>()
            {
                return invitation;
            }
        }
    });
    let invitation = invited.await.unwrap_or_else(|_| panic!("no invitation\n{}", two.transcript()));
    assert_eq!((invitation.room.as_str(), invitation.mediation), ("heath@rooms.localhost", Mediation::Room));
    assert_eq!(invitation.reason.as_deref(), Some("Hail"));
    rooms.decline(&invitation.room, invitation.from.unwrap(), Some("No")).await.unwrap();

    assert_eq!(rooms.check(&room(), WITHIN).await, Standing::In);
    rooms.kick(&room(), "secondwitch", Some("Avaunt")).await.unwrap();
    let (departed, exit) = news(&mut one, "the kick", |news| match news {
        News::Departed { occupant, exit } => Some((occupant.nick.clone(), exit.clone())),
        _ => None,
    })
    .await;
    assert_eq!(
        (departed.as_str(), exit.why, exit.reason.as_deref()),
        ("secondwitch", Why::Kicked, Some("Avaunt"))
    );
    let output = two.finish(Duration::from_secs(60));
    assert!(output.status.success(), "{output}\n{}", server.transcript());
    one.client.close().await;
}

#[tokio::test]
async fn a_room_is_configured_kept_from_others_and_ended() {
    let server = Counterpart::start(Kind::Prosody);
    let (mut one, mut two) = (log_in(&server, "user1").await, log_in(&server, "user2").await);
    let rooms = make(&mut one).await;
    let theirs = two.client.service::<Rooms>().unwrap();

    let form = rooms.configuration(&room()).await.unwrap().expect("it can be configured");
    assert!(
        form.field("muc#roomconfig_passwordprotectedroom").is_some()
            || form.field("muc#roomconfig_roomsecret").is_some()
    );
    let secret = Form::of(Type::Submit, "http://jabber.org/protocol/muc#roomconfig")
        .with_field(Field::bare("muc#roomconfig_roomsecret").with_value("cauldronburn"))
        .with_field(Field::bare("muc#roomconfig_persistentroom").with_value("1"));
    rooms.configure(&room(), secret).await.unwrap();

    let without = theirs.join(&room(), Join::as_nick("secondwitch")).await;
    assert!(matches!(without, Err(JoinError::Refused(_))), "{without:?}");
    let taken = Join::as_nick("firstwitch").password("cauldronburn").other_nicks(1);
    let entered = theirs.join(&room(), taken).await.unwrap();
    assert_eq!(entered.nick, "firstwitch_", "the other one is taken");
    assert_eq!(theirs.occupants(&room()).len(), 2);

    // Voice is taken, and who has none may not speak in a moderated room.
    let moderated = Form::of(Type::Submit, "http://jabber.org/protocol/muc#roomconfig")
        .with_field(Field::bare("muc#roomconfig_moderatedroom").with_value("1"));
    rooms.configure(&room(), moderated).await.unwrap();
    rooms.set_role(&room(), "firstwitch_", Role::Visitor, None).await.unwrap();
    news(&mut two, "the loss of voice", |news| match news {
        News::Changed { now, .. } => (now.nick == "firstwitch_" && now.role == Role::Visitor).then_some(()),
        _ => None,
    })
    .await;
    theirs.say(&room(), "Hail!").await.unwrap();
    news(&mut two, "a refusal", |news| matches!(news, News::Returned { nick: None, .. }).then_some(())).await;
    theirs.request_voice(&room()).await.unwrap();
    let asked = news(&mut one, "the wish for voice", |news| match news {
        News::VoiceRequested(form) => Some(form.clone()),
        _ => None,
    })
    .await;
    rooms.answer_voice(&room(), &asked, true).await.unwrap();
    news(&mut two, "voice", |news| match news {
        News::Changed { now, .. } => (now.role == Role::Participant).then_some(()),
        _ => None,
    })
    .await;

    rooms
        .set_affiliation(&room(), "user2@localhost".parse().unwrap(), Affiliation::Member, None)
        .await
        .unwrap();
    let members = rooms.affiliated(&room(), Affiliation::Member).await.unwrap();
    assert!(
        members.iter().any(|item| item.jid.as_ref().is_some_and(|jid| jid.to_bare() == "user2@localhost"))
    );
    rooms.ban(&room(), "user2@localhost".parse().unwrap(), Some("Treason")).await.unwrap();
    let exit = news(&mut two, "the ban", |news| match news {
        News::Exited(exit) => Some(exit.clone()),
        _ => None,
    });
    assert_eq!(exit.await.why, Why::Banned);
    let banned = theirs.join(&room(), Join::as_nick("x").password("cauldronburn")).await;
    assert!(matches!(banned, Err(JoinError::Refused(_))), "{banned:?}");

    rooms.destroy(&room(), stonechat_xep_muc::Destroy::default()).await.unwrap();
    let exit = news(&mut one, "the end", |news| match news {
        News::Exited(exit) => Some(exit.clone()),
        _ => None,
    });
    assert!(matches!(exit.await.why, Why::Destroyed(_)));
    one.client.close().await;
    two.client.close().await;
}

#[tokio::test]
async fn a_room_that_was_lost_with_the_session_is_entered_again_and_what_was_missed_is_told_once() {
    let server = Counterpart::start(Kind::Prosody);
    let cutter = Cutter::start(server.c2s(), 0, 1, 1);
    let slow = Backoff { first: Duration::from_secs(2), ..Backoff::default() };
    let unresumed = builder(&server, "user1", cutter.address().port()).configure(|config| {
        config.reconnect = Some(slow);
        config.resume = false;
    });
    let mut one = Online::start(unresumed).await;
    let rooms = make(&mut one).await;
    let mut two = log_in(&server, "user2").await;
    let theirs = two.client.service::<Rooms>().unwrap();
    theirs.join(&room(), Join::as_nick("secondwitch").history(History::NOTHING)).await.unwrap();
    theirs.say(&room(), "before").await.unwrap();
    news(&mut one, "what was said before", said("before")).await;

    cutter.cut();
    let exit = news(&mut one, "the loss", |news| match news {
        News::Exited(exit) => Some(exit.clone()),
        _ => None,
    });
    assert!(exit.await.returns());
    theirs.say(&room(), "meanwhile").await.unwrap();
    news(&mut two, "the own words", said("meanwhile")).await;
    let again = news(&mut one, "being in again", |news| match news {
        News::Entered(entered) => Some(entered.again),
        _ => None,
    });
    assert!(again.await);
    // What was known is not told again.
    let first = news(&mut one, "what was missed", |news| match news {
        News::Said(said) => Some(said.clone()),
        _ => None,
    });
    let first = first.await;
    assert_eq!((body(&first).as_str(), first.delay.is_some()), ("meanwhile", true));
    rooms.say(&room(), "back").await.unwrap();
    assert!(news(&mut one, "the own words", said("back")).await.reflected);
    rooms.leave(&room(), None).await.unwrap();
    news(&mut one, "being out", |news| matches!(news, News::Exited(_)).then_some(())).await;
    assert_eq!(rooms.check(&room(), WITHIN).await, Standing::Out);
    one.client.close().await;
    two.client.close().await;
}
