//! What a client has not read goes where messages to nobody go.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use stonechat_extension::point::NoSession;
use stonechat_extension::{
    Claim, Cx, InstallError, Installer, Manifest, NoConfig, Registry, Select, ServerExtension,
};
use stonechat_stanza::StanzaError;
use stonechat_store::{Entry, Log, Owner, Query, Store};
use support::client::Client;
use support::{Fixture, start_with};

/// Keeps every message that reached nobody.
struct Attic(Log);

impl ServerExtension for Attic {
    const MANIFEST: Manifest = Manifest::new("attic");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let log = host.log("attic", "messages", stonechat_extension::Keep::WithAccount)?;
        let attic = host.share(Attic(log));
        host.claim::<NoSession>(Select::MESSAGES, &attic);
        Ok(())
    }
}

#[async_trait]
impl Claim<NoSession> for Attic {
    async fn claim(&self, _: &mut Cx<'_>, event: NoSession) -> Result<Option<NoSession>, StanzaError> {
        let mut bytes = Vec::new();
        event.stanza.write(&mut bytes);
        let owner = Owner::account(event.account.as_str());
        let id = event.stanza.id().unwrap().to_owned();
        self.0.append(&owner, Entry::new(id, jiff::Timestamp::now(), bytes)).await.unwrap();
        Ok(None)
    }
}

stonechat_extension::register!(server: Attic);

async fn start(adjust: impl FnOnce(&mut stonechat_server::config::Config)) -> Fixture {
    start_with(Registry::of(&[&SERVER]).unwrap(), adjust).await
}

async fn kept(store: &Store) -> Vec<usize> {
    let log = store.log("attic");
    let mut ids = Vec::new();
    let mut query = Query::default();
    loop {
        let page = log.range(&Owner::account("juliet@localhost"), &query).await.unwrap();
        ids.extend(page.entries.iter().map(|entry| entry.id.parse::<usize>().unwrap()));
        match page.entries.last() {
            Some(last) => query = query.after(last.id.clone()),
            None => return ids,
        }
    }
}

/// The ids of the messages that came whole.
fn ids(read: &str) -> Vec<usize> {
    let whole = read.rsplit_once("</message>").map(|(whole, _)| whole).unwrap_or_default();
    whole.split(" id='").skip(1).map(|part| part.split('\'').next().unwrap().parse().unwrap()).collect()
}

async fn send(romeo: &mut Client, numbers: std::ops::Range<usize>) {
    let body = "x".repeat(8000);
    let mut batch = String::new();
    for number in numbers {
        let _ = write!(
            batch,
            "<message to='juliet@localhost/balcony' type='chat' id='{number}'><body>{body}</body></message>"
        );
    }
    romeo.send(&batch).await;
    romeo.sync().await;
}

#[tokio::test]
async fn of_what_a_client_stops_reading_nothing_is_lost_and_nothing_comes_twice() {
    let fixture = start(|config| {
        config.limits.mailbox_bytes = 256 << 10;
        config.timeouts.mailbox = Duration::from_millis(10);
        config.timeouts.write = Duration::from_millis(800);
    })
    .await;
    let mut juliet = fixture.plain_session("juliet", "balcony").await;
    let mut romeo = fixture.plain_session("romeo", "orchard").await;
    let mut sent = 0;
    // Until the system's buffers and the mailbox are full and the session is given up.
    while fixture.server.host(support::HOST).unwrap().session_count() == 2 {
        send(&mut romeo, sent..sent + 50).await;
        sent += 50;
    }
    send(&mut romeo, sent..sent + 5).await;
    sent += 5;
    fixture.sessions(1).await;
    let mut all = ids(&juliet.until_closed().await);
    let read = all.len();
    assert!(read > 0);
    all.extend(kept(&fixture.store).await);
    assert!(all.len() > read + 5);
    all.sort_unstable();
    assert_eq!(all, (0..sent).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_session_that_takes_the_place_of_one_that_reads_nothing_gets_all_that_this_one_did_not_in_order() {
    let fixture = start(|config| {
        config.limits.mailbox_bytes = 64 << 20;
        config.timeouts.write = Duration::from_secs(3600);
        config.timeouts.mailbox = Duration::from_secs(30);
    })
    .await;
    let mut old = fixture.plain_session("juliet", "balcony").await;
    let mut romeo = fixture.plain_session("romeo", "orchard").await;
    send(&mut romeo, 0..2000).await;
    let mut new = fixture.plain_session("juliet", "balcony").await;
    // This one waits for the others.
    send(&mut romeo, 2000..2001).await;
    let inherited = ids(&new.sync().await);
    let written = ids(&old.until_closed().await);
    assert!(!written.is_empty() && inherited.len() > 1);
    assert_eq!([written, inherited].concat(), (0..2001).collect::<Vec<_>>());
    assert_eq!(kept(&fixture.store).await, [0; 0]);
}

#[tokio::test]
async fn nothing_is_lost_of_what_a_connection_was_writing_when_the_server_stopped_and_cut_it() {
    let fixture = start(|config| {
        config.limits.mailbox_bytes = 64 << 20;
        config.timeouts.write = Duration::from_secs(3600);
        config.timeouts.shutdown = Duration::from_secs(1);
    })
    .await;
    let mut juliet = fixture.plain_session("juliet", "balcony").await;
    let mut romeo = fixture.plain_session("romeo", "orchard").await;
    send(&mut romeo, 0..2000).await;
    drop(romeo);
    fixture.sessions(1).await;
    let Fixture { server, store, .. } = fixture;
    assert_eq!(server.shutdown().await, 1, "juliet, who reads nothing, is cut");
    // The last one comes in part; it is not among these.
    let read = ids(&juliet.until_closed().await);
    assert!(!read.is_empty() && read.len() < 2000);
    assert_eq!([read, kept(&store).await].concat(), (0..2000).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_left_when_a_client_closes_its_stream_is_kept() {
    let fixture = start(|_| {}).await;
    let mut juliet = fixture.plain_session("juliet", "balcony").await;
    let mut romeo = fixture.plain_session("romeo", "orchard").await;
    send(&mut romeo, 0..20).await;
    juliet.send("</stream:stream>").await;
    let mut all = ids(&juliet.until_closed().await);
    send(&mut romeo, 20..25).await;
    all.extend(kept(&fixture.store).await);
    all.sort_unstable();
    assert_eq!(all, (0..25).collect::<Vec<_>>());
}
