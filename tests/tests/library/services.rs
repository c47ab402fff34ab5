//! The client's sides of nodes, bookmarks, vCards, uploads, client state and registration, against Prosody and ejabberd.

use crate::client;
use crate::client::{Online, WITHIN};
use stonechat_client::{Builder, Client, Entrance, Event, Place, RequestError, Trust};
use stonechat_extension::client::BeforeLogin as _;
use stonechat_stanza::Element;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Counterpart, Server, Settings};
use stonechat_xep_bookmarks::client::{self as bookmarks, Bookmarks};
use stonechat_xep_bookmarks::{Bookmark, Conference};
use stonechat_xep_csi::client::ClientState;
use stonechat_xep_muc::client::Rooms;
use stonechat_xep_ping::client::Pinger;
use stonechat_xep_presence::client::{self as presence, Presence};
use stonechat_xep_pubsub::client::{Nodes, Notice, Wanted};
use stonechat_xep_pubsub::{Event as NodeEvent, Item, private};
use stonechat_xep_register::client::{CreateError, asked, create, is_offered};
use stonechat_xep_roster::client::{self as roster};
use stonechat_xep_upload::Request;
use stonechat_xep_upload::client::{SlotError, Uploads};
use stonechat_xep_vcard::client::VCards;

const TUNE: &str = "http://jabber.org/protocol/tune";

fn trust(server: &Counterpart) -> Trust {
    Trust::roots(client::read(&server.certificate()))
}

fn builder(server: &Counterpart, user: &str) -> Builder {
    let follow: toml::Table = format!("follow = ['{TUNE}']").parse().unwrap();
    let base = client::foreign(server, user);
    [
        &stonechat_xep_roster::CLIENT,
        &stonechat_xep_presence::CLIENT,
        &stonechat_xep_disco::CLIENT,
        &stonechat_xep_ping::CLIENT,
        &stonechat_xep_csi::CLIENT,
        &stonechat_xep_pubsub::CLIENT,
        &stonechat_xep_muc::CLIENT,
        &stonechat_xep_bookmarks::CLIENT,
        &stonechat_xep_vcard::CLIENT,
        &stonechat_xep_upload::CLIENT,
    ]
    .into_iter()
    .fold(base, Builder::extension)
    .section("pubsub", follow)
}

fn jid(user: &str) -> BareJid {
    format!("{user}@localhost").parse().unwrap()
}

/// Waits for an extension's event of which `wanted` makes something.
async fn until<T>(
    online: &mut Online,
    wanted: impl Fn(&stonechat_extension::client::Event) -> Option<T>,
) -> T {
    loop {
        match online.event().await {
            Event::Extension(event) => {
                if let Some(found) = wanted(&event) {
                    return found;
                }
            }
            Event::Stanza(_) | Event::Token(_) => {}
            other => panic!("instead: {other:?}"),
        }
    }
}

/// A client whose presence is out and whose bookmarks are there.
async fn start(server: &Counterpart, user: &str) -> Online {
    let mut online = Online::start(builder(server, user)).await;
    let (own, mut missing) = (online.jid.clone(), 2);
    while missing > 0 {
        let done = until(&mut online, |event| {
            let available =
                matches!(event.get(), Some(presence::Event::Available { from, .. }) if *from == own);
            Some(available || matches!(event.get(), Some(bookmarks::Event::Loaded(_))))
        });
        missing -= i32::from(done.await);
    }
    online
}

fn service<S: Send + Sync + 'static>(online: &Online) -> std::sync::Arc<S> {
    online.client.service::<S>().unwrap()
}

/// `one` sees the presence of `other`.
async fn subscribe(one: &mut Online, other: &mut Online) {
    service::<Presence>(one).subscribe(other.jid.to_bare(), None).await.unwrap();
    until(other, |event| matches!(event.get(), Some(presence::Event::Request { .. })).then_some(())).await;
    service::<Presence>(other).approve(one.jid.to_bare()).await.unwrap();
    until(one, |event| match event.get() {
        Some(roster::Event::Changed { item, .. }) => item.subscription.is_to().then_some(()),
        _ => None,
    })
    .await;
}

fn tune(artist: &str) -> Item {
    let xml = format!("<tune xmlns='{TUNE}'><artist>{artist}</artist></tune>");
    Item::new(xml.parse::<Element>().unwrap()).with_id("current")
}

async fn tune_of(online: &mut Online, whose: &BareJid) -> (bool, String) {
    until(online, |event| {
        let notice = event.get::<Notice>().filter(|notice| notice.from == *whose)?;
        let NodeEvent::Items { items, .. } = &notice.event else { return None };
        let artist = items.first()?.payload.as_ref()?.get_child("artist", TUNE)?;
        Some((notice.is_own, artist.text()))
    })
    .await
}

/// `tells_all`: contacts are told what is taken away, which ejabberd 23.01 does not do.
async fn nodes_are_published_and_followed(server: &Counterpart, tells_all: bool) {
    let (mut one, mut other) = (start(server, "user1").await, start(server, "user1").await);
    let mut two = start(server, "user2").await;
    // Servers know what a contact wants to hear by its presence, so both see each other.
    subscribe(&mut two, &mut one).await;
    subscribe(&mut one, &mut two).await;
    let nodes = service::<Nodes>(&one);
    let id = nodes.publish(None, TUNE, tune("Gerald Finzi"), None).await.unwrap();
    assert_eq!(id.as_deref(), Some("current"));
    assert_eq!(tune_of(&mut other, &jid("user1")).await, (true, "Gerald Finzi".to_owned()));
    assert_eq!(tune_of(&mut two, &jid("user1")).await, (false, "Gerald Finzi".to_owned()));
    let theirs = service::<Nodes>(&two);
    let account: Jid = jid("user1").into();
    assert_eq!(theirs.items(Some(&account), TUNE, Wanted::All).await.unwrap().len(), 1);
    assert_eq!(theirs.items(Some(&account), TUNE, Wanted::One("current".into())).await.unwrap().len(), 1);

    // What is for oneself alone, nobody else gets; a node that was for others is made so first.
    nodes.publish(None, "urn:example:notes", tune("for all"), None).await.unwrap();
    assert!(theirs.items(Some(&account), "urn:example:notes", Wanted::All).await.is_ok());
    nodes.publish_as(None, "urn:example:notes", tune("for me"), &private()).await.unwrap();
    let configuration = nodes.configuration(None, "urn:example:notes").await.unwrap();
    assert_eq!(configuration.value("pubsub#access_model"), Some("whitelist"));
    let refused = theirs.items(Some(&account), "urn:example:notes", Wanted::All).await;
    assert!(matches!(refused, Err(RequestError::Refused(_))), "{refused:?}");

    nodes.retract(None, TUNE, "current", true).await.unwrap();
    if tells_all {
        until(&mut two, |event| match event.get() {
            Some(Notice { event: NodeEvent::Items { retracted, .. }, .. }) => {
                retracted.iter().any(|id| id == "current").then_some(())
            }
            _ => None,
        })
        .await;
    }
    assert!(nodes.items(None, TUNE, Wanted::All).await.unwrap().is_empty());
    nodes.delete(None, "urn:example:notes").await.unwrap();
    assert!(matches!(
        nodes.items(None, "urn:example:notes", Wanted::All).await,
        Err(RequestError::Refused(_))
    ));
    for online in [one, other, two] {
        online.client.close().await;
    }
}

/// Rooms are entered as they say, where there are any.
async fn bookmarks_are_the_same_on_all_devices(server: &Counterpart, rooms: bool) {
    let (one, mut other) = (start(server, "user1").await, start(server, "user1").await);
    let room: BareJid = "coven@rooms.localhost".parse().unwrap();
    let two = start(server, "user2").await;
    if rooms {
        let theirs = service::<Rooms>(&two);
        theirs.join(&room, stonechat_xep_muc::client::Join::as_nick("firstwitch")).await.unwrap();
        theirs.accept(&room).await.unwrap();
    }
    let extension: Element = "<state xmlns='urn:example:state' minimized='true'/>".parse().unwrap();
    let conference = Conference {
        name: Some("The coven".into()),
        autojoin: rooms,
        nick: Some("thirdwitch".into()),
        extensions: vec![extension],
        ..Conference::default()
    };
    let bookmark = Bookmark { room: room.clone(), conference };
    service::<Bookmarks>(&one).set(&bookmark).await.unwrap();
    let told = until(&mut other, |event| match event.get() {
        Some(bookmarks::Event::Changed(bookmark)) => Some(bookmark.clone()),
        _ => None,
    });
    assert_eq!(told.await, bookmark);
    if rooms {
        let entered = until(&mut other, |event| match event.get() {
            Some(stonechat_xep_muc::client::Event {
                news: stonechat_xep_muc::client::News::Entered(entered),
                ..
            }) => Some(entered.nick.clone()),
            _ => None,
        });
        assert_eq!(entered.await, "thirdwitch");
    }
    let third = start(server, "user1").await;
    assert_eq!(service::<Bookmarks>(&third).get(&room), Some(bookmark.conference));
    let nodes = service::<Nodes>(&one);
    let configuration = nodes.configuration(None, stonechat_xep_bookmarks::NS).await.unwrap();
    assert_eq!(configuration.value("pubsub#access_model"), Some("whitelist"), "nobody else sees them");
    service::<Bookmarks>(&one).remove(&room).await.unwrap();
    // ejabberd 23.01 tells nobody what is taken away.
    if rooms {
        until(&mut other, |event| match event.get() {
            Some(bookmarks::Event::Removed(removed)) => (*removed == room).then_some(()),
            _ => None,
        })
        .await;
        until(&mut other, |event| match event.get() {
            Some(stonechat_xep_muc::client::Event { news, .. }) => {
                matches!(news, stonechat_xep_muc::client::News::Exited(_)).then_some(())
            }
            _ => None,
        })
        .await;
        assert!(service::<Rooms>(&other).rooms().is_empty());
    }
    let fourth = start(server, "user1").await;
    assert_eq!(service::<Bookmarks>(&fourth).get(&room), None);
    for online in [one, other, two, third, fourth] {
        online.client.close().await;
    }
}

async fn vcards_are_published_and_read(server: &Counterpart) {
    let (one, two) = (start(server, "user1").await, start(server, "user2").await);
    let vcards = service::<VCards>(&one);
    assert_eq!(vcards.own().await, Ok(None));
    let photo =
        stonechat_xep_vcard::Photo::Image { kind: Some("image/png".into()), data: b"not really".to_vec() };
    vcards
        .change(|own| {
            own.with_text("FN", Some("First Witch"))
                .with_text("NICKNAME", Some("hag"))
                .with_photo(Some(&photo))
        })
        .await
        .unwrap();
    vcards.change(|own| own.with_text("NICKNAME", Some("crone"))).await.unwrap();
    let theirs = service::<VCards>(&two).of(jid("user1").into()).await.unwrap().expect("there is one");
    assert_eq!(
        (theirs.full_name().as_deref(), theirs.nickname().as_deref()),
        (Some("First Witch"), Some("crone"))
    );
    assert_eq!(theirs.photo(), Some(photo));
    assert_eq!(service::<VCards>(&two).of("nobody@localhost".parse().unwrap()).await, Ok(None));
    one.client.close().await;
    two.client.close().await;
}

async fn slots_are_given(server: &Counterpart) {
    let one = start(server, "user1").await;
    let uploads = service::<Uploads>(&one);
    let found = uploads.find("localhost".parse().unwrap()).await.unwrap().expect("there is a service");
    assert_eq!((found.jid.as_str(), found.max_file_size), ("upload.localhost", Some(1_000_000)));
    let content_type = Some("image/jpeg".to_owned());
    let mut request = Request { filename: "très cool.jpg".into(), size: 23456, content_type, purpose: None };
    let slot = uploads.slot(&found, &request).await.unwrap();
    assert_eq!((slot.put.host(), slot.get.host()), ("localhost", "localhost"));
    assert!(slot.get.target().contains("cool.jpg"), "{slot:?}");
    request.size = 2_000_000;
    assert_eq!(uploads.slot(&found, &request).await, Err(SlotError::TooLarge(Some(1_000_000))));
    let unknowing = stonechat_xep_upload::client::Service { max_file_size: None, ..found };
    let refused = uploads.slot(&unknowing, &request).await;
    assert!(matches!(refused, Err(SlotError::TooLarge(_))), "{refused:?}");
    one.client.close().await;
}

/// Nothing can be seen of it but that the server takes it.
async fn the_state_of_the_client_is_taken(server: &Counterpart) {
    let one = start(server, "user1").await;
    let (state, pinger) = (service::<ClientState>(&one), service::<Pinger>(&one));
    for active in [false, true, false] {
        state.set_active(active).await.unwrap();
        pinger.ping(Some("localhost".parse().unwrap()), WITHIN).await.unwrap();
    }
    one.client.close().await;
}

async fn an_account_is_created(domain: &str, place: Place, trust: Trust, offers: bool) {
    let domain: BareJid = domain.parse().unwrap();
    let value = |name: &str| match name {
        "username" => Some("user3".to_owned()),
        "password" => Some("pw-user3".to_owned()),
        _ => None,
    };
    let mut entrance = Entrance::open(&domain, place.clone(), &trust).await.unwrap();
    assert_eq!(is_offered(&entrance), offers, "{:?}", entrance.features());
    let wanted = asked(&mut entrance).await.unwrap();
    assert!(!wanted.registered);
    create(&mut entrance, &wanted.answer(value).unwrap()).await.unwrap();
    entrance.close().await;

    let mut entrance = Entrance::open(&domain, place.clone(), &trust).await.unwrap();
    let wanted = asked(&mut entrance).await.unwrap();
    let taken = create(&mut entrance, &wanted.answer(value).unwrap()).await;
    assert_eq!(taken, Err(CreateError::Taken));
    entrance.close().await;

    let account = Client::builder(jid("user3")).password("pw-user3").trust(trust).place(place);
    let online = Online::start(account).await;
    assert_eq!(online.jid.to_bare(), jid("user3"));
    online.client.close().await;
}

#[tokio::test]
async fn nodes_and_bookmarks_with_prosody() {
    let server = Counterpart::start(Kind::Prosody);
    nodes_are_published_and_followed(&server, true).await;
    bookmarks_are_the_same_on_all_devices(&server, true).await;
}

#[tokio::test]
async fn vcards_slots_and_client_state_with_prosody() {
    let server = Counterpart::start(Kind::Prosody);
    vcards_are_published_and_read(&server).await;
    slots_are_given(&server).await;
    the_state_of_the_client_is_taken(&server).await;
}

#[tokio::test]
async fn nodes_bookmarks_vcards_slots_and_client_state_with_ejabberd() {
    let server = Counterpart::start(Kind::Ejabberd);
    nodes_are_published_and_followed(&server, false).await;
    bookmarks_are_the_same_on_all_devices(&server, false).await;
    vcards_are_published_and_read(&server).await;
    slots_are_given(&server).await;
    the_state_of_the_client_is_taken(&server).await;
}

#[tokio::test]
async fn an_account_is_created_with_prosody_and_ejabberd() {
    for kind in [Kind::Prosody, Kind::Ejabberd] {
        let server = Counterpart::start(kind);
        let host = Place::Host("127.0.0.1".to_owned(), server.c2s().port());
        an_account_is_created("localhost", host, trust(&server), true).await;
        let direct = Place::DirectTls("127.0.0.1".to_owned(), server.c2s_direct_tls().port());
        let entrance = Entrance::open(&"localhost".parse().unwrap(), direct, &trust(&server)).await.unwrap();
        entrance.close().await;
    }
}

fn own(server: &Server) -> (Place, Trust) {
    (Place::Host("127.0.0.1".to_owned(), server.c2s().port()), Trust::roots(client::certificates(server)))
}

#[tokio::test]
async fn an_account_is_created_with_stonechatd_where_it_may_be() {
    let server = Settings::new().set("extensions.register.allow-creation", true).start();
    let (place, trust) = own(&server);
    an_account_is_created("localhost", place, trust, true).await;

    let closed = Settings::new().start_with_users(1);
    let (place, trust) = own(&closed);
    let mut entrance = Entrance::open(&"localhost".parse().unwrap(), place, &trust).await.unwrap();
    assert!(!is_offered(&entrance));
    assert!(matches!(asked(&mut entrance).await, Err(RequestError::Refused(_))));
    entrance.close().await;
}
