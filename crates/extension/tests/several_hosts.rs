//! Several virtual hosts: what happens at a host is done by its own extensions, also when the stanza came from another one.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{ToAccount, ToSession};
use stonechat_extension::test_host::MemoryAccounts;
use stonechat_extension::{
    Claim, Clock, Copies, Cx, Descriptor, Ending, HandlerError, Host, Hosts, InstallError, Installer,
    Letters, Limits, Mailbox, Manifest, Map, NoConfig, NoRemote, Plan, Registry, Select, ServerExtension,
    Session, Setup, Tables, Wire,
};
use stonechat_stanza::{Kind, Stanza, StanzaError, message, presence};
use stonechat_store::Store;

/// Sends a note after each message, at once and as a task, marks what enters a mailbox, and removes accounts that are unsubscribed.
struct Marker;
static MARKER: Descriptor = Descriptor::of::<Marker>();

impl ServerExtension for Marker {
    const MANIFEST: Manifest = Manifest::new("marker");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let marker = host.share(Self);
        host.copy::<ToAccount>(&marker);
        host.map::<ToSession>(&marker);
        host.claim::<ToAccount>(Select::of(Kind::Presence(presence::Type::Unsubscribed)), &marker);
        Ok(())
    }
}

fn note(cx: &Cx<'_>) -> Stanza {
    Stanza::message(message::Type::Headline).with_id(cx.domain())
}

impl Copies<ToAccount> for Marker {
    fn copy(&self, cx: &mut Cx<'_>, event: &ToAccount) -> Result<(), HandlerError> {
        for session in event.targets.clone() {
            cx.send_to_session(&session, note(cx));
            cx.then(move |cx| cx.send_to_session(&session, note(cx)));
        }
        Ok(())
    }
}

impl Map<ToSession> for Marker {
    fn map(&self, cx: &Cx<'_>, event: &mut ToSession) -> Result<(), StanzaError> {
        let id = format!("{} marked by {}", event.stanza.id().unwrap_or_default(), cx.domain());
        event.stanza.set_id(Some(&id));
        Ok(())
    }
}

#[async_trait]
impl Claim<ToAccount> for Marker {
    async fn claim(&self, cx: &mut Cx<'_>, event: ToAccount) -> Result<Option<ToAccount>, StanzaError> {
        cx.remove_account(&event.account).await.map_err(|_| StanzaError::internal_server_error())?;
        Ok(None)
    }
}

struct Two {
    _hosts: Arc<Hosts>,
    a: (Arc<Host>, Arc<Session>),
    b: (Arc<Host>, Arc<Session>),
}

/// `a@a.example/1` on a host without extensions, and `b@b.example/1` on one with the marker.
async fn two() -> Two {
    let hosts = Hosts::new(Arc::new(NoRemote));
    let a = host(&hosts, "a.example", &[]).await;
    let b = host(&hosts, "b.example", &[&MARKER]).await;
    Two { _hosts: hosts, a, b }
}

async fn host(
    hosts: &Arc<Hosts>,
    domain: &str,
    extensions: &[&'static Descriptor],
) -> (Arc<Host>, Arc<Session>) {
    let (store, registry) = (Store::memory(), Registry::of(extensions).unwrap());
    let plan = extensions.iter().fold(Plan::empty(), |plan, extension| plan.enable(extension.name()));
    let setup = Setup {
        journal: stonechat_extension::Journal::new(&store),
        domain: domain.parse().unwrap(),
        tables: Tables::build(&registry, &plan, &store).unwrap(),
        store,
        accounts: Arc::new(MemoryAccounts::default()),
        clock: Clock::System,
        limits: Limits::default(),
    };
    let host = Host::new(setup, hosts);
    hosts.insert(&host);
    let account = format!("{}@{domain}", &domain[..1]).parse().unwrap();
    host.create_account(&account, "secret").await.unwrap();
    let mailbox = Mailbox::new(Wire::InStream, 1 << 20);
    let session = host.bind(&account, Some("1"), mailbox, None).await.unwrap();
    (host, session)
}

fn ids(session: &Session) -> Vec<String> {
    let mut letters = Letters::default();
    session.mailbox().take(&mut letters);
    letters.iter().map(|bytes| Stanza::parse(bytes).unwrap().id().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_follows_from_a_stanza_of_another_host_is_done_by_the_recipients_extensions() {
    let Two { a, b, .. } = &two().await;
    let hello = Stanza::message(message::Type::Chat).with_id("hello");
    a.0.from_client(&a.1, hello.with_to(b.1.jid().clone())).await.unwrap();
    let expected = ["hello", "b.example", "b.example"].map(|id| format!("{id} marked by b.example"));
    assert_eq!(ids(&b.1), expected);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_removed_because_of_a_stanza_of_another_host_is_removed_whole() {
    let Two { a, b, .. } = &two().await;
    let end = Stanza::presence(presence::Type::Unsubscribed);
    a.0.from_client(&a.1, end.with_to(b.1.account().jid().clone())).await.unwrap();
    assert!(b.1.has_ended());
    assert_eq!(b.1.mailbox().ending(), Some(Ending::AccountRemoved));
}
