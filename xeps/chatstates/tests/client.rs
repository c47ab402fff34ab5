//! XEP-0085, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::Stanza;
use stonechat_xep_chatstates::client::{ChatStates, Event};
use stonechat_xep_chatstates::{CLIENT, State};

fn client() -> TestClient {
    TestClient::with(&[&CLIENT])
}

fn says(client: &mut TestClient, body: &str) -> Stanza {
    let message = format!("<message to='bernardo@shakespeare.lit' type='chat'>{body}</message>");
    let (handle, message) = (client.handle(), Stanza::parse(message.as_bytes()).unwrap());
    let _sending = client.start(async move { handle.send(message).await.is_ok() });
    client.sent().unwrap()
}

fn hears(client: &mut TestClient, content: &str) {
    client.receive(&format!("<message from='bernardo@shakespeare.lit/pda' type='chat'>{content}</message>"));
}

fn set(client: &mut TestClient, state: State) -> bool {
    let states = client.service::<ChatStates>();
    let peer = "bernardo@shakespeare.lit".parse().unwrap();
    client.start(async move { states.set(&peer, state).await }).outcome().unwrap().unwrap()
}

const ACTIVE: &str = "<active xmlns='http://jabber.org/protocol/chatstates'/>";

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn a_message_says_active_until_the_peer_replies_without_a_state() {
    // §5.1, rules 1 and 2.
    let mut client = client();
    assert_eq!(State::of(&says(&mut client, "<body>Who's there?</body>")), Some(State::Active));
    hears(&mut client, &format!("<body>Nay, answer me</body>{ACTIVE}"));
    assert_eq!(State::of(&says(&mut client, "<body>Long live the king!</body>")), Some(State::Active));
    hears(&mut client, "<body>Bernardo?</body>");
    assert_eq!(State::of(&says(&mut client, "<body>He.</body>")), None);
    assert!(!set(&mut client, State::Composing));
}

#[test]
fn other_states_are_told_to_who_knows_them_and_never_twice_in_a_row() {
    // §5.1 rule 3, §5.3.
    let mut client = client();
    assert!(!set(&mut client, State::Composing), "nothing is known of the peer");
    hears(&mut client, &format!("<body>x</body>{ACTIVE}"));
    assert!(set(&mut client, State::Composing));
    assert!(!set(&mut client, State::Composing));
    assert!(set(&mut client, State::Paused));
    client.run(
        "server ← <message to='bernardo@shakespeare.lit' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
         server ← <message to='bernardo@shakespeare.lit' type='chat'><paused xmlns='http://jabber.org/protocol/chatstates'/></message>
         server ← nothing",
    );
    says(&mut client, "<body>x</body>");
    assert!(!set(&mut client, State::Active), "the message said it");
}

#[test]
fn a_state_of_the_message_itself_stays() {
    let gone = "<body>x</body><gone xmlns='http://jabber.org/protocol/chatstates'/>";
    assert_eq!(State::of(&says(&mut client(), gone)), Some(State::Gone));
    assert_eq!(State::of(&says(&mut client(), "<subject>x</subject>")), None);
}

#[test]
fn states_are_told_to_the_application() {
    let mut client = client();
    hears(&mut client, "<composing xmlns='http://jabber.org/protocol/chatstates'/>");
    let from = "bernardo@shakespeare.lit/pda".parse().unwrap();
    assert_eq!(client.event(), Some(Event { from, state: State::Composing }));
    hears(
        &mut client,
        "<composing xmlns='http://jabber.org/protocol/chatstates'/><delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/>",
    );
    client.receive(&format!(
        "<message from='juliet@example.com/other' to='a@b' type='chat'>{ACTIVE}</message>"
    ));
    assert_eq!(client.event::<Event>(), None);
}

#[test]
fn who_does_not_want_to_tell_does_not() {
    // §5.2.
    let mut client = TestClient::configured(&[&CLIENT], &[("chatstates", "send = false")]);
    hears(&mut client, &format!("<body>x</body>{ACTIVE}"));
    assert!(!set(&mut client, State::Composing));
    assert_eq!(State::of(&says(&mut client, "<body>x</body>")), None);
}
