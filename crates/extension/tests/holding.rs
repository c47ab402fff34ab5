//! A session that is held, and delivery past the hold.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stonechat_extension::point::{FromClient, NoSession, SessionAvailable};
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    Claim, Cx, Descriptor, HandlerError, InstallError, Installer, Manifest, NoConfig, React, Select,
    ServerExtension,
};
use stonechat_stanza::{Stanza, StanzaError, message};

/// Says welcome to whoever becomes available, and takes its time; notes from which session messages came back.
struct Welcome;

#[derive(Default)]
struct CameBack(parking_lot::Mutex<Vec<Option<String>>>);

impl ServerExtension for Welcome {
    const MANIFEST: Manifest = Manifest::new("welcome");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let welcome = host.share(Self);
        host.claim::<FromClient>(Select::PRESENCE, &welcome);
        host.claim::<NoSession>(Select::MESSAGES, &welcome);
        host.react::<SessionAvailable>(&welcome);
        Ok(())
    }
}

#[async_trait]
impl Claim<FromClient> for Welcome {
    async fn claim(&self, cx: &mut Cx<'_>, event: FromClient) -> Result<Option<FromClient>, StanzaError> {
        if event.stanza.to().is_some() {
            return Ok(Some(event));
        }
        cx.set_available(event.stanza, 0).await;
        Ok(None)
    }
}

#[async_trait]
impl Claim<NoSession> for Welcome {
    async fn claim(&self, cx: &mut Cx<'_>, _: NoSession) -> Result<Option<NoSession>, StanzaError> {
        let session = cx.session().map(|session| session.jid().to_string());
        cx.host().state::<CameBack>().0.lock().push(session);
        Ok(None)
    }
}

#[async_trait]
impl React<SessionAvailable> for Welcome {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionAvailable) -> Result<(), HandlerError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let session = cx.session().expect("presence comes from a session");
        assert!(cx.try_deliver(session, note("first")));
        assert!(cx.deliver(session, note("second")).await);
        Ok(())
    }
}

static WELCOME: Descriptor = Descriptor::of::<Welcome>();

fn note(id: &str) -> Stanza {
    Stanza::message(message::Type::Chat).with_id(id)
}

fn ids(stanzas: &[Stanza]) -> Vec<String> {
    stanzas.iter().filter_map(|stanza| stanza.id().map(str::to_owned)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_reaction_to_availability_delivers_comes_before_what_others_send_meanwhile() {
    let host = TestHost::with(&[&WELCOME]).await;
    let (a, b) = (host.connect("a/1").await, host.connect("b/1").await);
    let live = async {
        // The reaction has begun: b is available, and held.
        tokio::time::sleep(Duration::from_millis(500)).await;
        a.send("<message type='chat' id='live' to='b@example.org'/>").await;
    };
    tokio::join!(b.send("<presence/>"), live);
    assert_eq!(ids(&b.received()), ["first", "second", "live"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_waits_for_the_hold_no_longer_than_for_a_full_mailbox_and_other_stanzas_do_not_wait() {
    let host = TestHost::with(&[&WELCOME]).await;
    let (a, b) = (host.online("a/1").await, host.online("b/1").await);
    b.received();
    let hold = b.session().hold();
    let second = hold.session().hold();
    let begun = tokio::time::Instant::now();
    a.send("<presence to='b@example.org/1' id='presence'/>").await;
    a.send("<iq type='get' to='b@example.org/1' id='iq'><ping xmlns='urn:xmpp:ping'/></iq>").await;
    assert!(begun.elapsed() < Duration::from_secs(1));
    a.send("<message type='chat' id='late' to='b@example.org'/>").await;
    assert_eq!(begun.elapsed().as_secs(), 5);
    assert_eq!(*host.host().state::<CameBack>().0.lock(), [None]);
    drop(hold);
    assert!(host.host().deliver(b.session(), note("past")).await);
    drop(second);
    a.send("<message type='chat' id='live' to='b@example.org'/>").await;
    assert_eq!(ids(&b.received()), ["presence", "iq", "past", "live"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_unread_says_whose_it_was() {
    let host = TestHost::with(&[&WELCOME]).await;
    host.run("a/1, b/1 online\n a/1 → b: <body>x</body>\n b/1 disconnects").await;
    assert_eq!(*host.host().state::<CameBack>().0.lock(), [Some("b@example.org/1".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_not_delivered_and_delivery_past_the_hold_waits_for_room() {
    let host = TestHost::with(&[&WELCOME]).await;
    let b = host.connect("b/1").await;
    let big = || note(&"x".repeat(600_000));
    assert!(host.host().deliver(b.session(), big()).await);
    let begun = tokio::time::Instant::now();
    assert!(!host.host().deliver(b.session(), big()).await);
    assert_eq!(begun.elapsed().as_secs(), 5);
    let waiting = {
        let (host, session) = (Arc::clone(host.host()), Arc::clone(b.session()));
        tokio::spawn(async move { host.deliver(&session, big()).await })
    };
    tokio::task::yield_now().await;
    assert_eq!(b.received().len(), 1);
    assert!(waiting.await.unwrap());
    assert_eq!(b.received().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_for_the_host_outlives_a_reload() {
    let host = TestHost::with(&[&WELCOME]).await;
    host.host().state::<CameBack>().0.lock().push(None);
    host.reload(&[&WELCOME], &[]).unwrap();
    assert_eq!(host.host().state::<CameBack>().0.lock().len(), 1);
}
