//! What all of these tests need.

pub(crate) use std::time::Duration;

pub(crate) use stonechat_extension::client::test_host::{Started, TestClient, check};
pub(crate) use stonechat_extension::client::{Closed, RequestError};
pub(crate) use stonechat_stanza::forms::{self, Form};
pub(crate) use stonechat_stanza::jid::BareJid;
pub(crate) use stonechat_xep_muc::client::{
    Declined, Entered, Event, Invitation, Join, JoinError, Mediation, News, Rooms, Said, Standing, Why,
};
pub(crate) use stonechat_xep_muc::{Affiliation, CLIENT, Destroy, DirectInvite, History, Item, Role};

pub(crate) const COVEN: &str = "coven@chat.shakespeare.lit";
pub(crate) const DISCO: &str = "<query xmlns='http://jabber.org/protocol/disco#info'>";

pub(crate) fn coven() -> BareJid {
    COVEN.parse().unwrap()
}

pub(crate) fn connected() -> TestClient {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    client
}

pub(crate) fn join(client: &mut TestClient, join: Join) -> Started<Result<Entered, JoinError>> {
    let rooms = client.service::<Rooms>();
    client.start(async move { rooms.join(&coven(), join).await })
}

/// The room says what it can do, and is asked to let us in; with the id that it is asked with.
pub(crate) fn ask(client: &mut TestClient, features: &str) -> String {
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

pub(crate) fn presence(client: &mut TestClient, nick: &str, children: &str) {
    client.receive(&format!("<presence from='{COVEN}/{nick}'><x xmlns='http://jabber.org/protocol/muc#user'>{children}</x></presence>"));
}

pub(crate) fn gone(client: &mut TestClient, nick: &str, children: &str) {
    client.receive(&format!("<presence from='{COVEN}/{nick}' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>{children}</x></presence>"));
}

pub(crate) const SELF: &str = "<item affiliation='member' role='participant'/><status code='110'/>";

/// In the room, as `thirdwitch`, with `firstwitch`.
pub(crate) fn inside(client: &mut TestClient) {
    let started = join(client, Join::as_nick("thirdwitch"));
    ask(client, "");
    let_in(client);
    assert_eq!(started.outcome().unwrap().unwrap().nick, "thirdwitch");
}

pub(crate) fn let_in(client: &mut TestClient) {
    presence(client, "firstwitch", "<item affiliation='owner' role='moderator'/>");
    presence(client, "thirdwitch", SELF);
    assert!(matches!(news(client), Some(News::Entered(_))));
}

pub(crate) fn news(client: &mut TestClient) -> Option<News> {
    client.event::<Event>().map(|event| {
        assert_eq!(event.room, COVEN);
        event.news
    })
}

pub(crate) fn do_<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    client: &mut TestClient,
    what: impl FnOnce(std::sync::Arc<Rooms>) -> F,
) -> Started<T> {
    let rooms = client.service::<Rooms>();
    client.start(what(rooms))
}
