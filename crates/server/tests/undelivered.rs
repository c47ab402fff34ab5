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
use stonechat_store::{Entry, Log, Owner, Query};
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

async fn kept(fixture: &Fixture) -> Vec<usize> {
    let log = fixture.store.log("attic");
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
    all.extend(kept(&fixture).await);
    assert!(all.len() > read + 5);
    all.sort_unstable();
    assert_eq!(all, (0..sent).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_session_that_a_newer_one_replaces_leaves_nothing_behind() {
    let fixture = start(|config| {
        config.limits.mailbox_bytes = 64 << 20;
        config.timeouts.write = Duration::from_secs(3600);
    })
    .await;
    let mut old = fixture.plain_session("juliet", "balcony").await;
    let mut romeo = fixture.plain_session("romeo", "orchard").await;
    send(&mut romeo, 0..2000).await;
    let mut new = fixture.plain_session("juliet", "balcony").await;
    new.sync().await;
    // Only when the old one has ended its connection is all of it accounted for.
    let mut all = ids(&old.until_closed().await);
    drop(old);
    support::soon("the old connection", async {
        while fixture.server.connections() > 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    all.extend(kept(&fixture).await);
    all.sort_unstable();
    assert_eq!(all, (0..2000).collect::<Vec<_>>());
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
    all.extend(kept(&fixture).await);
    all.sort_unstable();
    assert_eq!(all, (0..25).collect::<Vec<_>>());
}
