//! The client's seam: the kinds of handler, and what an extension may do at each point.

use std::sync::Arc;

use stonechat_extension::client::test_host::TestClient;
use stonechat_extension::client::{
    Add, Answer, Connected, Cx, Descriptor, Expected, Extension, Guard, Inbound, Installer, Learned, Map,
    Observe, Outbound, Progress, React, RequestError, SendError, Senders, Take,
};
use stonechat_extension::{HandlerError, InstallError, Manifest, NoConfig, Registry, Reply, Verdict};
use stonechat_stanza::{Element, Stanza, StanzaError, iq, message, payload};

payload! {
    /// What the owner of requests and messages owns.
    #[derive(Debug, PartialEq)]
    struct Thing: "urn:example:thing", "thing";
}

/// Owns things, from the own account and from whom it expects them.
struct Owner;

#[derive(Debug, PartialEq)]
struct Saw(String);

impl Extension for Owner {
    const MANIFEST: Manifest = Manifest::new("owner");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let owner = client.share(Self);
        let expected = Expected::default();
        client.provide(Arc::new(expected.clone()))?;
        client.iq_set(Senders::ACCOUNT, &owner)?;
        client.take::<Thing>(Senders::ACCOUNT.or_expected(&expected), &owner)?;
        client.react::<Connected>(&owner);
        Ok(())
    }
}

impl Answer<Thing> for Owner {
    fn answer(&self, cx: &mut Cx<'_>, _: &Inbound, _: Thing) -> Result<Reply, StanzaError> {
        cx.emit(Saw("request".to_owned()));
        Ok(Reply::with(&Thing))
    }
}

impl Take<Thing> for Owner {
    fn take(&self, cx: &mut Cx<'_>, message: &Inbound, _: Thing) -> Result<(), HandlerError> {
        cx.emit(Saw(format!("message {:?}", message.sender)));
        Ok(())
    }
}

impl React<Connected> for Owner {
    fn react(&self, cx: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if event.resumed {
            return Ok(());
        }
        let handle = cx.handle();
        cx.spawn(async move {
            let request = Stanza::iq(iq::Type::Get).with(&Thing);
            let answer = handle.exchange(request).await;
            let _ = handle.emit(Saw(format!("answer {}", answer.is_ok()))).await;
        });
        Ok(())
    }
}

static OWNER: Descriptor = Descriptor::of::<Owner>();

#[test]
fn requests_and_messages_go_to_their_owner_only_from_whom_they_may_come() {
    let mut client = TestClient::with(&[&OWNER]);
    client.run(
        "resumes
         server → <iq type='set' id='1'><thing xmlns='urn:example:thing'/></iq>
         server ← <iq type='result' id='1'><thing xmlns='urn:example:thing'/></iq>
         server → <iq type='set' id='2' from='juliet@example.com'><thing xmlns='urn:example:thing'/></iq>
         server ← <iq type='result' id='2' to='juliet@example.com'/>
         server → <iq type='set' id='3' from='eve@example.net/x'><thing xmlns='urn:example:thing'/></iq>
         server ← <iq type='error' id='3'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         server → <iq type='set' id='4' from='juliet@example.com/other'><thing xmlns='urn:example:thing'/></iq>
         server ← <iq type='error' id='4'/>
         server → <message><thing xmlns='urn:example:thing'/></message>
         server → <message from='eve@example.net'><thing xmlns='urn:example:thing'/></message>
         server → <message from='juliet@example.com/other'><thing xmlns='urn:example:thing'/></message>
         server ← nothing
         app ← nothing",
    );
    let saw = [client.event::<Saw>(), client.event(), client.event(), client.event()];
    let expected =
        [Some(Saw("request".into())), Some(Saw("request".into())), Some(Saw("message Account".into())), None];
    assert_eq!(saw, expected);
}

#[test]
fn what_is_expected_for_a_while_comes_for_a_while() {
    let mut client = TestClient::with(&[&OWNER]);
    let thing = "<message from='room@muc.example.com'><thing xmlns='urn:example:thing'/></message>";
    let asked =
        client.service::<Expected>().admit("room@muc.example.com".parse::<stonechat_jid::Jid>().unwrap());
    client.receive(thing);
    assert_eq!(client.event(), Some(Saw("message Other".into())));
    drop(asked);
    client.receive(thing);
    assert_eq!(client.event::<Saw>(), None);
    assert!(client.stanza().is_none());
}

#[test]
fn a_task_asks_and_its_event_comes_to_the_application() {
    let mut client = TestClient::with(&[&OWNER]);
    client.connect(false);
    let request = client.sent().unwrap();
    assert_eq!(client.event::<Saw>(), None);
    client.receive(&request.reply().to_string());
    assert_eq!(client.event(), Some(Saw("answer true".into())));
}

#[test]
fn a_request_of_a_lost_session_has_no_answer_and_that_of_a_resumed_one_has() {
    let mut client = TestClient::with(&[&OWNER]);
    client.connect(false);
    client.disconnect(true);
    client.connect(true);
    let request = client.sent().unwrap();
    client.receive(&request.reply().to_string());
    assert_eq!(client.event(), Some(Saw("answer true".into())));

    client.connect(false);
    client.disconnect(true);
    assert_eq!(client.event::<Saw>(), None);
    client.connect(false);
    assert_eq!(client.event(), Some(Saw("answer false".into())));
}

#[test]
fn a_request_that_is_made_without_a_connection_waits_for_one() {
    let mut client = TestClient::with(&[]);
    let handle = client.handle();
    let ask = |handle: stonechat_extension::client::Handle| async move {
        handle.exchange(Stanza::iq(iq::Type::Get).with(&Thing)).await
    };
    let first = client.start(ask(handle.clone()));
    client.connect(false);
    let request = client.sent().unwrap();
    client.receive(&request.reply().to_string());
    assert!(matches!(first.outcome(), Some(Ok(_))));

    client.disconnect(true);
    let second = client.start(ask(handle));
    client.connect(false);
    let request = client.sent().unwrap();
    client.receive(&request.reply().to_string());
    assert!(matches!(second.outcome(), Some(Ok(_))));
}

/// Rejects what says no, drops what says hush, numbers what passes, and emits what it sees.
struct Gate;
impl Extension for Gate {
    const MANIFEST: Manifest = Manifest::new("gate");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let gate = client.share(Self);
        client.guard::<Inbound>(&gate);
        client.guard::<Outbound>(&gate);
        client.map::<Outbound>(&gate).before("another");
        client.add(&gate);
        client.observe::<Inbound>(&gate);
        Ok(())
    }
}

fn judge(stanza: &Stanza) -> Verdict {
    match stanza.id() {
        Some("no") => Verdict::Reject(StanzaError::not_allowed()),
        Some("hush") => Verdict::Drop,
        Some("panic") => panic!("on purpose"),
        _ => Verdict::Allow,
    }
}

impl Guard<Inbound> for Gate {
    fn guard(&self, _: &Cx<'_>, event: &Inbound) -> Verdict {
        judge(&event.stanza)
    }
}

impl Guard<Outbound> for Gate {
    fn guard(&self, _: &Cx<'_>, event: &Outbound) -> Verdict {
        judge(&event.stanza)
    }
}

impl Map<Outbound> for Gate {
    fn map(&self, _: &Cx<'_>, event: &mut Outbound) -> Result<(), StanzaError> {
        event.stanza.push(&Thing);
        Ok(())
    }
}

impl Add for Gate {
    fn add(&self, _: &Cx<'_>, event: &Outbound) -> Vec<Element> {
        assert_ne!(event.stanza.id(), Some("broken"));
        let words =
            event.stanza.children().map(|child| child.name().to_owned()).collect::<Vec<_>>().join(" ");
        vec![Element::builder("saw", "urn:example:saw").append(words).build()]
    }
}

impl Observe<Inbound> for Gate {
    fn observe(&self, cx: &mut Cx<'_>, event: &Inbound) {
        cx.emit(Saw(event.stanza.id().unwrap_or_default().to_owned()));
    }
}

static GATE: Descriptor = Descriptor::of::<Gate>();

#[test]
fn guards_keep_out_what_comes_and_fail_closed() {
    let mut client = TestClient::with(&[&GATE]);
    client.run(
        "resumes
         server → <message id='no' from='eve@example.net/x'><body>a</body></message>
         server ← <message type='error' id='no' to='eve@example.net/x'><error><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         server → <message id='hush'><body>a</body></message>
         server → <iq type='get' id='hush' from='eve@example.net/x'><thing xmlns='urn:example:thing'/></iq>
         server ← <iq type='error' id='hush'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         server → <message id='panic'><body>a</body></message>
         server ← <message type='error' id='panic'/>
         app ← nothing
         server → <message id='yes'><body>a</body></message>
         app ← <message id='yes'><body>a</body></message>
         server ← nothing",
    );
    assert_eq!(client.event(), Some(Saw("yes".into())));
    assert_eq!(client.event::<Saw>(), None);
    assert_eq!(client.failures("gate"), 1);
}

#[test]
fn what_is_sent_passes_guards_and_maps_and_is_added_to() {
    let mut client = TestClient::with(&[&GATE]);
    let handle = client.handle();
    let send = |id: &str| {
        let (handle, stanza) = (handle.clone(), Stanza::message(message::Type::Chat).with_id(id));
        async move { handle.send(stanza).await.unwrap() }
    };
    let mut delivery = client.start(send("yes")).outcome().unwrap();
    assert_eq!(delivery.progress(), Progress::Sent);
    client.run("server ← <message id='yes'><thing xmlns='urn:example:thing'/><saw xmlns='urn:example:saw'>thing</saw></message>");
    let _sent = client.start(send("broken"));
    client.run("server ← <message id='broken'><thing xmlns='urn:example:thing'/></message>");
    assert_eq!(client.failures("gate"), 1);
    delivery = client.start(send("no")).outcome().unwrap();
    assert_eq!(delivery.progress(), Progress::Failed(SendError::Refused(StanzaError::not_allowed())));
    assert!(client.sent().is_none());
}

#[test]
fn a_request_that_is_kept_from_leaving_ends_at_once() {
    struct NoRequests;
    impl Extension for NoRequests {
        const MANIFEST: Manifest = Manifest::new("no-requests");
        type Config = NoConfig;
        fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
            let shared = client.share(Self);
            client.guard::<Outbound>(&shared);
            Ok(())
        }
    }
    impl Guard<Outbound> for NoRequests {
        fn guard(&self, _: &Cx<'_>, _: &Outbound) -> Verdict {
            Verdict::Reject(StanzaError::not_allowed())
        }
    }
    static NO: Descriptor = Descriptor::of::<NoRequests>();
    let mut client = TestClient::with(&[&NO]);
    let handle = client.handle();
    let started = client.start(async move { handle.exchange(Stanza::iq(iq::Type::Get).with(&Thing)).await });
    assert!(matches!(started.outcome(), Some(Err(RequestError::NotSent(_)))));
}

#[test]
fn a_closed_client_answers_nobody_any_more() {
    let mut client = TestClient::with(&[]);
    let handle = client.handle();
    let started = client.start(async move { handle.exchange(Stanza::iq(iq::Type::Get).with(&Thing)).await });
    client.close();
    assert!(matches!(started.outcome(), Some(Err(RequestError::Closed))));
}

#[test]
fn two_owners_of_one_request_stop_the_start_with_both_names() {
    struct Another;
    impl Extension for Another {
        const MANIFEST: Manifest = Manifest::new("another");
        type Config = NoConfig;
        fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
            let owner = client.share(Owner);
            client.iq_set(Senders::ANYONE, &owner)
        }
    }
    static ANOTHER: Descriptor = Descriptor::of::<Another>();
    let error = TestClient::try_configured(&[&OWNER, &ANOTHER], &[]).unwrap_err().to_string();
    assert!(error.contains("`owner`") && error.contains("`another`"), "{error}");
}

#[test]
fn names_that_are_unknown_are_refused_and_the_registry_has_one_of_each() {
    let error = TestClient::try_configured(&[&OWNER], &[("ownr", "")]).unwrap_err().to_string();
    assert!(error.contains("`ownr`") && error.contains("did you mean `owner`"), "{error}");
    static TWIN: Descriptor = Descriptor::of::<Owner>();
    assert!(Registry::of(&[&OWNER, &TWIN]).is_err());
    assert!(Registry::of(&[&OWNER, &OWNER]).is_ok());
}

#[test]
fn what_breaks_the_rules_for_stanzas_does_not_get_far() {
    TestClient::with(&[]).run(
        "connects
         server → <iq type='get' id='1' from='eve@example.net'/>
         server ← <iq type='error' id='1'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         server → <message from='@@'><body>a</body></message>
         server → <iq type='result' id='nobody asked' from='eve@example.net'/>
         server ← nothing
         app ← nothing",
    );
}

#[test]
fn a_message_that_is_sent_gets_an_id() {
    let mut client = TestClient::with(&[]);
    let handle = client.handle();
    let send = |stanza: Stanza| {
        let handle = handle.clone();
        async move { handle.send(stanza).await.is_ok() }
    };
    let _sent = client.start(send(Stanza::message(message::Type::Chat)));
    assert!(client.sent().unwrap().id().is_some());
    let _sent = client.start(send(Stanza::presence(stonechat_stanza::presence::Type::Available)));
    assert!(client.sent().unwrap().id().is_none());
}

/// Tells what it learns.
struct Listener;

impl Extension for Listener {
    const MANIFEST: Manifest = Manifest::new("listener");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let listener = client.share(Self);
        client.react::<Learned>(&listener);
        client.guard::<Learned>(&listener);
        Ok(())
    }
}

impl Guard<Learned> for Listener {
    fn guard(&self, _: &Cx<'_>, learned: &Learned) -> Verdict {
        if learned.message.id() == Some("known") { Verdict::Drop } else { Verdict::Allow }
    }
}

impl React<Learned> for Listener {
    fn react(&self, cx: &mut Cx<'_>, learned: &Learned) -> Result<(), HandlerError> {
        let (author, own) = (learned.author(cx.account()), learned.is_own(cx.account()));
        let peer = learned.peer(cx.account());
        cx.emit(Saw(format!("{author} {} {own}", peer.ok_or_else(|| HandlerError::new("no peer"))?)));
        Ok(())
    }
}

static LISTENER: Descriptor = Descriptor::of::<Listener>();

#[test]
fn messages_for_the_application_are_learned_and_errors_and_owned_ones_are_not() {
    let mut client = TestClient::with(&[&LISTENER, &OWNER]);
    client.receive("<message from='romeo@example.net/orchard' type='chat'><body>hi</body></message>");
    assert_eq!(client.event(), Some(Saw("romeo@example.net romeo@example.net false".into())));
    client.receive("<message from='juliet@example.com/other' to='romeo@example.net' type='chat'/>");
    assert_eq!(client.event(), Some(Saw("juliet@example.com romeo@example.net true".into())));
    client.receive("<message from='room@muc.example.com/nurse' type='groupchat'/>");
    assert_eq!(client.event(), Some(Saw("room@muc.example.com/nurse room@muc.example.com false".into())));
    client.receive("<message from='romeo@example.net/orchard' type='error'/>");
    client.receive("<message><thing xmlns='urn:example:thing'/></message>");
    assert_eq!(client.event(), Some(Saw("message Account".into())));
    assert_eq!(client.failures("listener"), 0);

    while client.stanza().is_some() {}
    client.receive("<message from='romeo@example.net/orchard' id='known'/>");
    assert_eq!(client.event::<Saw>(), None);
    assert!(client.stanza().is_none(), "what is known already is not told");
}

/// Does something some time after each session's beginning.
struct Late;

impl Extension for Late {
    const MANIFEST: Manifest = Manifest::new("late");
    type Config = NoConfig;

    fn install(_: NoConfig, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let late = client.share(Self);
        client.react::<Connected>(&late);
        Ok(())
    }
}

impl React<Connected> for Late {
    fn react(&self, cx: &mut Cx<'_>, _: &Connected) -> Result<(), HandlerError> {
        let say = |what: &'static str| move |cx: &mut Cx<'_>| cx.emit(Saw(what.to_owned()));
        cx.later(std::time::Duration::from_secs(20), say("second"));
        cx.later(std::time::Duration::from_secs(10), |cx| {
            cx.emit(Saw("first".to_owned()));
            cx.later(std::time::Duration::from_secs(30), |cx| {
                cx.send_element(Element::bare("late", "urn:x"))
            });
        });
        cx.later(std::time::Duration::MAX, say("never"));
        Ok(())
    }
}

static LATE: Descriptor = Descriptor::of::<Late>();

#[test]
fn what_is_to_be_done_later_is_done_in_its_time_unless_the_client_is_closed() {
    let mut client = TestClient::with(&[&LATE]);
    client.run("connects\n later 9");
    assert!(client.event::<Saw>().is_none());
    client.run("later 11");
    assert_eq!([client.event(), client.event()], ["first", "second"].map(|saw| Some(Saw(saw.to_owned()))));
    client.run("stream ← nothing\n later 30\n stream ← <late xmlns='urn:x'/>\n stream ← nothing");
    client.run("connects");
    client.close();
    client.run("later 1000");
    assert!(client.event::<Saw>().is_none());
}
