//! Sessions and accounts that end while something of theirs is under way.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{AccountCreated, AccountRemoved, FromClient, NoSession, SessionUnavailable};
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    Accounts as _, Claim, Cx, Descriptor, HandlerError, InstallError, Installer, Keep, Manifest, NoConfig,
    React, Select, ServerExtension,
};
use stonechat_stanza::{Kind, Stanza, StanzaError, presence};
use stonechat_store::{Document, Owner};
use tokio::sync::Notify;

/// Tells `w@example.org` of who is there, and takes its time.
struct Herald;
static HERALD: Descriptor = Descriptor::of::<Herald>();

/// The herald goes on when it is told so.
#[derive(Default)]
struct Pause {
    reached: Notify,
    go_on: Notify,
}

impl ServerExtension for Herald {
    const MANIFEST: Manifest = Manifest::new("herald");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let herald = host.share(Self);
        host.claim::<FromClient>(Select::PRESENCE, &herald);
        host.react::<SessionUnavailable>(&herald);
        Ok(())
    }
}

fn tell(cx: &mut Cx<'_>, kind: presence::Type) {
    let session = cx.session().expect("presence comes from a session").jid().clone();
    let to = stonechat_stanza::jid::Jid::parse("w@example.org").expect("an address");
    cx.send(Stanza::presence(kind).with_from(session).with_to(to));
}

#[async_trait]
impl Claim<FromClient> for Herald {
    async fn claim(&self, cx: &mut Cx<'_>, event: FromClient) -> Result<Option<FromClient>, StanzaError> {
        if event.stanza.id() == Some("slow") {
            let pause = cx.host().state::<Pause>();
            pause.reached.notify_one();
            pause.go_on.notified().await;
        }
        cx.set_available(event.stanza, 0).await;
        tell(cx, presence::Type::Available);
        Ok(None)
    }
}

#[async_trait]
impl React<SessionUnavailable> for Herald {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionUnavailable) -> Result<(), HandlerError> {
        tell(cx, presence::Type::Unavailable);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_while_it_becomes_available_leaves_no_ghost() {
    let host = TestHost::with(&[&HERALD]).await;
    host.run("w/1 online\n w/1 forgets\n a/1 connects").await;
    let ghost = host.client("a/1");
    let pause = host.host().state::<Pause>();
    let ending = async {
        pause.reached.notified().await;
        host.disconnect("a/1").await;
        pause.go_on.notify_one();
    };
    tokio::join!(ghost.send("<presence id='slow'/>"), ending);
    let told = host.client("w/1").received();
    let last = told.last().expect("the watcher is told").kind();
    assert_eq!(last, Kind::Presence(presence::Type::Unavailable), "{told:?}");
    assert!(!ghost.session().is_available());
}

/// Keeps a trace of each account, takes every message, and has an account created again as soon as it is removed.
struct Keeper {
    traces: Document,
}
static KEEPER: Descriptor = Descriptor::of::<Keeper>();

impl ServerExtension for Keeper {
    const MANIFEST: Manifest = Manifest::new("keeper");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let traces = host.document("traces", "of accounts", Keep::WithAccount)?;
        let keeper = host.share(Self { traces });
        host.claim::<NoSession>(Select::MESSAGES, &keeper);
        host.react::<AccountCreated>(&keeper);
        host.react::<AccountRemoved>(&keeper);
        Ok(())
    }
}

#[async_trait]
impl Claim<NoSession> for Keeper {
    async fn claim(&self, _: &mut Cx<'_>, _: NoSession) -> Result<Option<NoSession>, StanzaError> {
        Ok(None)
    }
}

#[async_trait]
impl React<AccountCreated> for Keeper {
    async fn react(&self, _: &mut Cx<'_>, event: &AccountCreated) -> Result<(), HandlerError> {
        Ok(self.traces.put(&Owner::account(event.account.as_str()), "of the new one").await?)
    }
}

#[async_trait]
impl React<AccountRemoved> for Keeper {
    async fn react(&self, cx: &mut Cx<'_>, event: &AccountRemoved) -> Result<(), HandlerError> {
        if event.account.local() == Some("phoenix") {
            let created = cx.host().create_account(&event.account, "secret").await;
            created.map_err(|error| HandlerError::new(error.to_string()))?;
        }
        Ok(())
    }
}

async fn trace(host: &TestHost, local: &str, name: &str) -> Option<String> {
    let owner = Owner::account(host.jid(local).as_str());
    let bytes = host.store().document(name).get(&owner).await.unwrap();
    bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_new_account_inherits_nothing_that_a_removal_had_no_time_to_erase() {
    let host = TestHost::with(&[&KEEPER]).await;
    let (heir, secrets) = (host.jid("heir"), host.store().document("secrets"));
    secrets.put(&Owner::account(heir.as_str()), "of the one before").await.unwrap();
    host.host().create_account(&heir, "secret").await.unwrap();
    assert_eq!(trace(&host, "heir", "secrets").await, None);
    assert_eq!(trace(&host, "heir", "traces").await.as_deref(), Some("of the new one"));
    // A second creation is refused, and erases nothing.
    assert!(host.host().create_account(&heir, "secret").await.is_err());
    assert_eq!(trace(&host, "heir", "traces").await.as_deref(), Some("of the new one"));
}

#[tokio::test(start_paused = true)]
async fn of_two_creations_at_the_same_time_one_succeeds() {
    let host = TestHost::with(&[&KEEPER]).await;
    let twin = host.jid("twin");
    let (one, other) = tokio::join!(
        host.host().create_account(&twin, "secret"),
        host.host().create_account(&twin, "secret")
    );
    assert!(one.is_ok() != other.is_ok());
    assert_eq!(trace(&host, "twin", "traces").await.as_deref(), Some("of the new one"));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_created_while_its_predecessor_is_removed_keeps_its_data() {
    let host = TestHost::with(&[&KEEPER]).await;
    let phoenix = host.account("phoenix").await;
    assert!(host.host().remove_account(&phoenix).await.unwrap());
    assert!(host.accounts().exists(&phoenix).await.unwrap());
    assert_eq!(trace(&host, "phoenix", "traces").await.as_deref(), Some("of the new one"));
}

#[tokio::test(start_paused = true)]
async fn what_an_account_that_is_nowhere_kept_has_not_read_goes_back() {
    let host = TestHost::with(&[&KEEPER]).await;
    host.run("a/1, b/1 online\n a/1 → b/1: <body>unread</body>").await;
    // As with an anonymous account, there is nobody who could ever fetch it.
    host.accounts().remove(&host.jid("b")).await.unwrap();
    let b = Arc::clone(host.client("b/1").session());
    host.host().close(&b).await;
    host.run("a/1 ← <message type='error' from='b@example.org/1'/>\n a/1 ← nothing").await;
}
