//! Each rule of the XEP, against a host in memory.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::time::Duration;

use stonechat_extension::login::{Claim, Login, Proof, UserAgent};
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_extension::{Descriptor, Ending};
use stonechat_stanza::{Element, Stanza, error};
use stonechat_xep_clients::{Client, Clients, NS, SERVER};

const PHONE: &str = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const DAY: u64 = 24 * 3600;

const ALL: [&Descriptor; 4] =
    [&stonechat_xep_sasl2::SERVER, &stonechat_xep_bind2::SERVER, &stonechat_xep_fast::SERVER, &SERVER];

async fn configured(section: &str) -> TestHost {
    let host = TestHost::configured(&ALL, &[("clients", section)]).await;
    host.account("a").await;
    host.connect("a/desk").await;
    host
}

async fn host() -> TestHost {
    configured("").await
}

async fn log_in(host: &TestHost, name: &str, installation: &str, proof: Proof, more: &str) -> Vec<Element> {
    let account = host.jid("a");
    let epoch = host.host().accounts().epoch(&account).await.unwrap().unwrap();
    let agent = UserAgent {
        id: Some(installation.to_owned()),
        software: Some("Gajim".to_owned()),
        device: Some("Juliet's laptop".to_owned()),
    };
    let requests = ["<bind xmlns='urn:xmpp:bind:0'/>", more].into_iter().filter(|xml| !xml.is_empty());
    let requests = requests.map(|xml| xml.parse().unwrap()).collect();
    let claim = Claim { user_agent: Some(agent), requests, epoch, ..Claim::new(account, "PLAIN") };
    host.log_in(name, &Login { claim, proof }).await
}

async fn list(host: &TestHost) -> Vec<Client> {
    let answer = host.client("a/desk").ask("<iq type='get' id='l'><list xmlns='urn:xmpp:cam:0'/></iq>").await;
    answer.get::<Clients>().unwrap().expect("the list").clients
}

/// The client with a name of a device.
async fn phone(host: &TestHost) -> Option<Client> {
    list(host).await.into_iter().find(|client| client.device.is_some())
}

async fn revoke(host: &TestHost, id: &str) -> Stanza {
    let revoke = format!("<iq type='set' id='r'><revoke xmlns='{NS}' id='{id}'/></iq>");
    host.client("a/desk").ask(&revoke).await
}

async fn change_password(host: &TestHost) {
    host.host().set_password(&host.jid("a"), "another").await.unwrap();
}

/// §3.1.
#[tokio::test(start_paused = true)]
async fn a_client_is_listed_with_what_is_known_of_it_connected_or_not() {
    let host = host().await;
    log_in(&host, "a/phone", PHONE, Proof::Password, "").await;
    host.clock().advance(Duration::from_secs(60));
    let connected = phone(&host).await.unwrap();
    assert!(connected.connected && connected.password && !connected.fast);
    assert_eq!(connected.software.as_deref(), Some("Gajim"));
    assert!(!connected.id.contains(PHONE));
    host.disconnect("a/phone").await;
    let away = phone(&host).await.unwrap();
    assert!(!away.connected && away.password);
    assert_eq!((&away.id, away.first_seen), (&connected.id, connected.first_seen));
    let spent = away.last_seen.unwrap().as_second() - away.first_seen.unwrap().as_second();
    assert_eq!(spent, 60);
}

#[tokio::test(start_paused = true)]
async fn a_session_without_an_installation_is_listed_while_it_is_there() {
    let host = host().await;
    host.connect("a/other").await;
    let clients = list(&host).await;
    assert_eq!(clients.iter().filter(|client| client.connected).count(), 2);
    host.disconnect("a/other").await;
    assert_eq!(list(&host).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_with_tokens_is_listed_as_such() {
    let host = host().await;
    let request = "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>";
    log_in(&host, "a/phone", PHONE, Proof::Password, request).await;
    assert!(phone(&host).await.unwrap().fast);
}

/// §3.2, example 5.
#[tokio::test(start_paused = true)]
async fn a_client_that_knows_the_password_cannot_be_revoked_until_that_is_changed() {
    let host = host().await;
    log_in(&host, "a/phone", PHONE, Proof::Password, "").await;
    let id = phone(&host).await.unwrap().id;
    let error = revoke(&host, &id).await.error().unwrap();
    assert_eq!(error.condition, error::Condition::ServiceUnavailable);
    assert!(error.has_application(NS, "password-reset-required"));
    assert!(host.client("a/phone").ending().is_none());

    change_password(&host).await;
    assert!(!phone(&host).await.unwrap().password);
    assert!(revoke(&host, &id).await.error().is_none());
    assert!(matches!(host.client("a/phone").ending(), Some(Ending::Policy(_))));
    host.disconnect("a/phone").await;
    assert_eq!(phone(&host).await, None);
}

#[tokio::test(start_paused = true)]
async fn revoking_ends_the_tokens() {
    let host = host().await;
    let request = "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>";
    let answers = log_in(&host, "a/phone", PHONE, Proof::Password, request).await;
    assert!(answers.iter().any(|answer| answer.name() == "token"));
    change_password(&host).await;
    let id = phone(&host).await.unwrap().id;
    assert!(revoke(&host, &id).await.error().is_none());
    let fast = host.host().tables().service::<dyn stonechat_xep_fast::Clients>().unwrap();
    assert!(fast.with_tokens(&host.jid("a"), "0", host.now()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_revokes_itself_gets_the_answer_first() {
    let host = host().await;
    let own = list(&host).await.remove(0);
    assert!(own.connected && !own.password);
    assert!(revoke(&host, &own.id).await.error().is_none());
    assert!(matches!(host.client("a/desk").ending(), Some(Ending::Policy(_))));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_client_is_not_found() {
    let host = host().await;
    let error = revoke(&host, "HjEEr45_LQr").await.error().unwrap();
    assert_eq!(error.condition, error::Condition::ItemNotFound);
}

/// §5.
#[tokio::test(start_paused = true)]
async fn nobody_else_is_answered() {
    let host = host().await;
    log_in(&host, "a/phone", PHONE, Proof::Password, "").await;
    let id = phone(&host).await.unwrap().id;
    let stranger = host.connect("b/1").await;
    for request in [
        "<iq type='get' id='l' to='a@example.org'><list xmlns='urn:xmpp:cam:0'/></iq>".to_owned(),
        "<iq type='get' id='l' to='nobody@example.org'><list xmlns='urn:xmpp:cam:0'/></iq>".to_owned(),
        format!("<iq type='set' id='r' to='a@example.org'><revoke xmlns='{NS}' id='{id}'/></iq>"),
    ] {
        let error = stranger.ask(&request).await.error().unwrap();
        assert_eq!(error.condition, error::Condition::ServiceUnavailable);
        assert!(error.application.is_none());
    }
    assert!(host.client("a/phone").ending().is_none());
}

/// §6.
#[tokio::test(start_paused = true)]
async fn names_are_kept_only_where_that_is_configured_and_who_stays_away_is_forgotten() {
    let host = configured("keep-names = false\nkeep-days = 3").await;
    log_in(&host, "a/phone", PHONE, Proof::Password, "").await;
    host.disconnect("a/phone").await;
    let clients = list(&host).await;
    assert_eq!(clients.len(), 2);
    assert!(clients.iter().all(|client| client.software.is_none() && client.device.is_none()));
    host.clock().advance(Duration::from_secs(3 * DAY + 1));
    assert_eq!(list(&host).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_are_remembered_and_the_one_away_longest_makes_room() {
    let host = configured("clients-per-account = 2").await;
    for number in 0..3 {
        let installation = format!("0000000{number}-2222-4333-8444-555555555555");
        log_in(&host, "a/phone", &installation, Proof::Password, "").await;
        host.disconnect("a/phone").await;
        host.clock().advance(Duration::from_secs(1));
    }
    let seen: Vec<_> = list(&host).await.into_iter().filter(|client| !client.connected).collect();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|client| client.first_seen.unwrap().as_second() % 60 >= 1));
}

#[tokio::test(start_paused = true)]
async fn somebody_anonymous_leaves_nothing() {
    let host = host().await;
    log_in(&host, "a/phone", PHONE, Proof::Anonymous, "").await;
    host.disconnect("a/phone").await;
    assert_eq!(phone(&host).await, None);
}

#[tokio::test(start_paused = true)]
async fn senseless_limits_stop_the_start() {
    for section in ["keep-days = 0", "clients-per-account = 1001"] {
        assert!(TestHost::try_configured(&[&SERVER], &[("clients", section)]).await.is_err(), "{section}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_contract_holds() {
    contract::check(&[&SERVER]).await;
}
