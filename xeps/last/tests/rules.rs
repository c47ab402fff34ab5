//! XEP-0012, on the test host.

mod subscribe;

use stonechat_extension::test_host::{TestHost, contract};
use stonechat_extension::{
    Cx, Descriptor, InstallError, Installer, Manifest, NoConfig, ServerExtension, point,
};
use stonechat_stanza::error::Condition;
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_store::Store;
use stonechat_xep_last::{Last, SERVER};
use subscribe::SUBSCRIBE;

const ROSTER: &Descriptor = &stonechat_xep_roster::SERVER;

fn ask(to: &str) -> String {
    format!("<iq id='last1' to='{to}' type='get'><query xmlns='jabber:iq:last'/></iq>")
}

fn told(answer: &Stanza) -> (u64, Option<String>) {
    let last = answer.get::<Last>().expect("it reads").unwrap_or_else(|| panic!("{answer} tells nothing"));
    (last.seconds, last.status)
}

fn condition(answer: &Stanza) -> Option<Condition> {
    answer.error().map(|error| error.condition)
}

/// A host on which romeo sees juliet.
async fn host() -> TestHost {
    let host = TestHost::with(&[&SERVER, &GO, ROSTER, &SUBSCRIBE]).await;
    host.run("romeo/orchard online\n juliet exists").await;
    subscribe::to(&host, "juliet", "romeo").await;
    host
}

/// Stands in for the extension that owns presence: `<presence type='unavailable'/>` makes a session unavailable.
struct Go;
static GO: Descriptor = Descriptor::of::<Go>();

impl ServerExtension for Go {
    const MANIFEST: Manifest = Manifest::new("go");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let select = stonechat_extension::Select::of(stonechat_stanza::Kind::Presence(
            stonechat_stanza::presence::Type::Unavailable,
        ));
        host.claim::<point::FromClient>(select, &host.share(Self));
        Ok(())
    }
}

#[async_trait::async_trait]
impl stonechat_extension::Claim<point::FromClient> for Go {
    async fn claim(
        &self,
        cx: &mut Cx<'_>,
        event: point::FromClient,
    ) -> Result<Option<point::FromClient>, StanzaError> {
        cx.set_unavailable(Some(event.stanza)).await;
        Ok(None)
    }
}

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
    contract::check(&[&SERVER, ROSTER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_host_tells_how_long_it_has_been_running() {
    // Examples 10 and 11.
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "romeo/orchard connects
         later 123456
         romeo/orchard → <iq id='last3' to='example.org' type='get'><query xmlns='jabber:iq:last'/></iq>
         romeo/orchard ← <iq from='example.org' id='last3' to='romeo@example.org/orchard' type='result'><query xmlns='jabber:iq:last' seconds='123456'/></iq>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_an_account_that_is_offline_a_subscriber_learns_since_when_and_the_status_it_left() {
    // Examples 3 and 5.
    host()
        .await
        .run(
            "juliet/balcony online
             juliet/balcony → <presence type='unavailable'><status>Heading Home</status></presence>
             juliet/balcony disconnects
             later 903
             romeo/orchard → <iq id='last1' to='juliet@example.org' type='get'><query xmlns='jabber:iq:last'/></iq>
             romeo/orchard ← <iq from='juliet@example.org' id='last1' to='romeo@example.org/orchard' type='result'><query xmlns='jabber:iq:last' seconds='903'>Heading Home</query></iq>",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn of_an_account_that_is_available_a_subscriber_learns_zero_and_no_status() {
    let host = host().await;
    host.run(
        "juliet/balcony online
         juliet/balcony → <presence type='unavailable'><status>Heading Home</status></presence>
         later 10
         juliet/chamber online",
    )
    .await;
    let answer = host.client("romeo/orchard").ask(&ask("juliet@example.org")).await;
    assert_eq!(told(&answer), (0, None));
}

#[tokio::test(start_paused = true)]
async fn it_counts_from_the_last_resource_and_also_when_a_connection_is_lost() {
    let host = host().await;
    host.run(
        "juliet/balcony, juliet/chamber online
         juliet/balcony → <presence type='unavailable'><status>first</status></presence>
         later 100",
    )
    .await;
    let romeo = host.client("romeo/orchard");
    assert_eq!(told(&romeo.ask(&ask("juliet@example.org")).await), (0, None));
    host.run("juliet/chamber disconnects\n later 5").await;
    assert_eq!(told(&romeo.ask(&ask("juliet@example.org")).await), (5, None));
}

#[tokio::test(start_paused = true)]
async fn a_resource_that_is_connected_and_not_available_is_not_told() {
    let host = host().await;
    host.run(
        "juliet/balcony online
         juliet/balcony → <presence type='unavailable'/>
         later 60
         juliet/chamber connects",
    )
    .await;
    let answer = host.client("romeo/orchard").ask(&ask("juliet@example.org")).await;
    assert_eq!(told(&answer), (60, None));
}

#[tokio::test(start_paused = true)]
async fn it_survives_a_restart() {
    let store = Store::memory();
    let extensions: &[&'static Descriptor] = &[&SERVER, ROSTER, &SUBSCRIBE];
    let before = TestHost::on(store.clone(), extensions, &[]).await.unwrap();
    before.run("juliet/balcony online\n juliet/balcony disconnects").await;
    subscribe::to(&before, "juliet", "romeo").await;
    drop(before);
    let after = TestHost::on(store, extensions, &[]).await.unwrap();
    after.run("romeo/orchard online\n later 30").await;
    assert_eq!(told(&after.client("romeo/orchard").ask(&ask("juliet@example.org")).await), (30, None));
}

#[tokio::test(start_paused = true)]
async fn an_account_may_ask_about_itself() {
    let host = TestHost::with(&[&SERVER]).await;
    let juliet = host.connect("juliet/balcony").await;
    assert_eq!(condition(&juliet.ask(&ask("juliet@example.org")).await), Some(Condition::ItemNotFound));
    let juliet = host.online("juliet/chamber").await;
    assert_eq!(told(&juliet.ask(&ask("juliet@example.org")).await), (0, None));
}

/// §3, example 4, and §8: online, offline and absent accounts are one to a stranger.
#[tokio::test(start_paused = true)]
async fn strangers_cannot_tell_online_offline_and_absent_accounts_apart() {
    for host in [TestHost::with(&[&SERVER]).await, TestHost::with(&[&SERVER, ROSTER, &SUBSCRIBE]).await] {
        host.run("eve/web, online/1, offline/1 online\n offline/1 disconnects").await;
        for account in ["online", "offline", "absent"] {
            let answer = host.client("eve/web").ask(&ask(&format!("{account}@example.org"))).await;
            assert_eq!(answer.error(), Some(StanzaError::forbidden()), "{account}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_in_the_other_direction_shows_nothing() {
    let host = host().await;
    host.run("juliet/balcony online").await;
    let answer = host.client("juliet/balcony").ask(&ask("romeo@example.org")).await;
    assert_eq!(answer.error(), Some(StanzaError::forbidden()));
}

#[tokio::test(start_paused = true)]
async fn a_request_to_a_client_is_for_that_client() {
    // Examples 6 and 8.
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "romeo/orchard, juliet/balcony online
         romeo/orchard → <iq id='last2' to='juliet@example.org/balcony' type='get'><query xmlns='jabber:iq:last'/></iq>
         juliet/balcony ← <iq id='last2' from='romeo@example.org/orchard' type='get'><query xmlns='jabber:iq:last'/></iq>
         juliet/balcony → <iq id='last2' to='romeo@example.org/orchard' type='result'><query xmlns='jabber:iq:last' seconds='123'/></iq>
         romeo/orchard ← <iq from='juliet@example.org/balcony' id='last2' type='result'><query xmlns='jabber:iq:last' seconds='123'/></iq>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_long_status_is_cut_and_a_limit_out_of_range_stops_the_start() {
    let host = TestHost::configured(&[&SERVER, &GO], &[("last", "status-length = 5")]).await;
    host.run(
        "juliet/balcony online
         juliet/balcony → <presence type='unavailable'><status>Grüße aus Verona</status></presence>",
    )
    .await;
    let answer = host.client("juliet/balcony").ask(&ask("juliet@example.org")).await;
    assert_eq!(told(&answer), (0, Some("Grü".to_owned())), "a character is not cut in two");
    let problem = TestHost::try_configured(&[&SERVER], &[("last", "status-length = 65537")]).await;
    assert!(problem.expect_err("too much").to_string().contains("`status-length`"));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_an_account_that_was_removed() {
    let host = TestHost::with(&[&SERVER]).await;
    host.run("juliet/balcony online").await;
    // Its session ends, and so is recorded, while it is being removed.
    assert!(host.host().remove_account(&host.jid("juliet")).await.unwrap());
    let answer = host.connect("juliet/balcony").await.ask(&ask("juliet@example.org")).await;
    assert_eq!(condition(&answer), Some(Condition::ItemNotFound));
}

/// With the extension that owns presence: what really happens when people come and go.
#[tokio::test(start_paused = true)]
async fn with_presence_a_subscriber_is_told_and_a_stranger_cannot_tell_a_client_that_is_there_from_none() {
    let presence = &stonechat_xep_presence::SERVER;
    let host = TestHost::with(&[&SERVER, ROSTER, presence, &SUBSCRIBE]).await;
    host.run("juliet exists").await;
    subscribe::to(&host, "juliet", "romeo").await;
    host.run(
        "romeo/orchard, juliet/balcony, eve/web online
         juliet/balcony → <presence type='unavailable'><status>Heading Home</status></presence>
         later 903",
    )
    .await;
    let answer = host.client("romeo/orchard").ask(&ask("juliet@example.org")).await;
    assert_eq!(told(&answer), (903, Some("Heading Home".to_owned())));
    host.run("juliet/balcony → <presence/>\n romeo/orchard, eve/web forget").await;
    let answer = host.client("romeo/orchard").ask(&ask("juliet@example.org")).await;
    assert_eq!(told(&answer), (0, None));
    for full in ["juliet@example.org/balcony", "juliet@example.org/nowhere", "absent@example.org/balcony"] {
        let answer = host.client("eve/web").ask(&ask(full)).await;
        assert_eq!(answer.error(), Some(StanzaError::service_unavailable()), "{full}");
    }
}
