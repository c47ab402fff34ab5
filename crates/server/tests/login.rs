//! Logging in.

mod support;

use stonechat_sasl::client::Login;
use stonechat_sasl::{BindingType, Mechanism};
use support::client::{Client, header};
use support::tls::Terms;
use support::{HOST, PASSWORD, start};

const NS: &str = "urn:ietf:params:xml:ns:xmpp-sasl";

fn password() -> Login {
    Login::password("juliet", PASSWORD)
}

#[tokio::test]
async fn each_mechanism_logs_in_over_tls_with_both_versions() {
    let fixture = start(|config| config.hosts.get_mut(HOST).unwrap().anonymous = true).await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let terms = Terms { versions: vec![version], ..Terms::default() };
        for mechanism in Mechanism::SCRAM.into_iter().chain([Mechanism::Plain, Mechanism::Anonymous]) {
            let mut client = fixture.direct_tls(&terms).await.unwrap();
            let features = client.open().await;
            let anonymous = mechanism == Mechanism::Anonymous;
            let login = if anonymous { Login::anonymous("") } else { password() };
            let done = client.authenticate(&features, mechanism, login).await.unwrap();
            assert_eq!(done.is_channel_bound(), mechanism.binds_channel(), "{mechanism}");
            if mechanism.binds_channel() {
                assert_eq!(done.binding(), Some(BindingType::TlsExporter));
            }
            if mechanism.hash().is_some() {
                assert!(done.is_offer_proved(), "XEP-0474 with {mechanism}");
            }
            let jid = client.bind("balcony").await;
            assert_eq!(jid.starts_with("juliet@localhost/"), !anonymous, "{jid}");
            assert!(jid.ends_with("@localhost/balcony"), "{jid}");
        }
    }
}

#[tokio::test]
async fn the_end_point_binding_is_the_hash_of_the_certificate_that_was_sent() {
    let fixture = start(|_| {}).await;
    let mut client = fixture.starttls(&Terms::default()).await.unwrap();
    let features = client.open().await;
    // A client that knows of no other type.
    let exporter = stonechat_sasl::ChannelBinding::tls_exporter([0; 32]);
    let end_point =
        client.channel.bindings().iter().find(|binding| binding.kind() != exporter.kind()).unwrap();
    client.channel = stonechat_sasl::Channel::tls().with_binding(end_point.clone());
    let done = client.authenticate(&features, Mechanism::SCRAM_SHA_256_PLUS, password()).await.unwrap();
    assert_eq!(done.binding(), Some(BindingType::TlsServerEndPoint));
}

#[tokio::test]
async fn nothing_but_starttls_is_offered_before_it_and_without_tls_no_plain_and_no_binding() {
    let fixture = start(|_| {}).await;
    let mut client = Client::connect(fixture.address(stonechat_server::config::Kind::Starttls)).await;
    let features = client.open().await;
    assert!(features.contains("<starttls") && features.contains("<required/>"), "{features}");
    assert!(!features.contains("mechanism"), "{features}");
    client.send(&format!("<auth xmlns='{NS}' mechanism='SCRAM-SHA-1'/>")).await;
    client.until("<encryption-required/>").await;

    let mut client = Client::connect(fixture.plaintext()).await;
    let features = client.open().await;
    assert!(features.contains("SCRAM-SHA-256<") && features.contains("<starttls"), "{features}");
    assert!(!features.contains("PLAIN") && !features.contains("PLUS"), "{features}");
    client.authenticate(&features, Mechanism::SCRAM_SHA_1, password()).await.unwrap();
    client.bind("orchard").await;
}

#[tokio::test]
async fn wrong_passwords_and_unknown_accounts_look_the_same_and_end_the_stream_when_repeated() {
    let fixture = start(|config| config.authentication.failures_per_stream = 3).await;
    for (name, mechanism) in
        [("juliet", Mechanism::SCRAM_SHA_1), ("nobody", Mechanism::SCRAM_SHA_1), ("nobody", Mechanism::Plain)]
    {
        let mut client = fixture.secure().await;
        let features = client.open().await;
        for _ in 0..3 {
            let wrong = Login::password(name, "wrong");
            let failure = client.authenticate(&features, mechanism, wrong).await.unwrap_err();
            assert_eq!(failure, "not-authorized");
        }
        assert!(client.until_closed().await.contains("<policy-violation"));
    }
}

#[tokio::test]
async fn the_decoy_of_an_unknown_account_is_the_same_each_time() {
    let fixture = start(|_| {}).await;
    let mut salts = Vec::new();
    for _ in 0..2 {
        let mut client = fixture.secure().await;
        client.open().await;
        // n,,n=nobody,r=abc
        client
            .send(&format!("<auth xmlns='{NS}' mechanism='SCRAM-SHA-1'>biwsbj1ub2JvZHkscj1hYmM=</auth>"))
            .await;
        let challenge = client.until("</challenge>").await;
        let text = challenge.split('>').nth(1).unwrap().split('<').next().unwrap();
        let message = String::from_utf8(stonechat_sasl::encoding::decode(text).unwrap()).unwrap();
        salts.push(message.split(",s=").nth(1).unwrap().split(",h=").next().unwrap().to_owned());
    }
    assert_eq!(salts[0], salts[1]);
    assert!(salts[0].contains("i=4096"), "as for a real account: {}", salts[0]);
}

#[tokio::test]
async fn a_disabled_account_learns_so_after_the_right_password_only() {
    let fixture = start(|_| {}).await;
    fixture.server.accounts().set_disabled(&"juliet@localhost".parse().unwrap(), true).await.unwrap();
    let mut client = fixture.secure().await;
    let features = client.open().await;
    let wrong = client.authenticate(&features, Mechanism::Plain, Login::password("juliet", "wrong")).await;
    assert_eq!(wrong.unwrap_err(), "not-authorized");
    let right = client.authenticate(&features, Mechanism::Plain, password()).await;
    assert_eq!(right.unwrap_err(), "account-disabled");
}

#[tokio::test]
async fn only_the_own_identity_can_be_acted_as() {
    let fixture = start(|_| {}).await;
    let mut client = fixture.secure().await;
    let features = client.open().await;
    let other = password().acting_as("romeo@localhost");
    assert_eq!(
        client.authenticate(&features, Mechanism::SCRAM_SHA_1, other).await.unwrap_err(),
        "invalid-authzid"
    );
    let own = password().acting_as("Juliet@Localhost");
    client.authenticate(&features, Mechanism::Plain, own).await.unwrap();
    assert_eq!(client.bind("x").await, "juliet@localhost/x");
}

#[tokio::test]
async fn mechanisms_that_were_not_offered_are_refused() {
    let fixture = start(|config| config.authentication.mechanisms = vec!["SCRAM-SHA-256".into()]).await;
    let mut client = fixture.secure().await;
    let features = client.open().await;
    assert!(!features.contains("PLAIN") && !features.contains("ANONYMOUS"), "{features}");
    for mechanism in ["PLAIN", "ANONYMOUS", "EXTERNAL"] {
        client.send(&format!("<auth xmlns='{NS}' mechanism='{mechanism}'>=</auth>")).await;
        client.until("<invalid-mechanism/>").await;
    }
}

#[tokio::test]
async fn guesses_for_an_account_are_throttled_for_one_network_and_the_right_password_too() {
    let fixture = start(|config| {
        config.authentication.per_account.failures = 1;
        config.authentication.per_account_and_ip.failures = 1;
    })
    .await;
    let mut client = fixture.secure().await;
    let features = client.open().await;
    for expected in ["not-authorized", "not-authorized", "temporary-auth-failure"] {
        let wrong = Login::password("juliet", "wrong");
        let failure = client.authenticate(&features, Mechanism::SCRAM_SHA_1, wrong).await.unwrap_err();
        assert_eq!(failure, expected);
    }
    let mut other = fixture.secure().await;
    let features = other.open().await;
    let failure = other.authenticate(&features, Mechanism::SCRAM_SHA_1, password()).await.unwrap_err();
    assert_eq!(failure, "temporary-auth-failure");
    let romeo = Login::password("romeo", PASSWORD);
    other.authenticate(&features, Mechanism::SCRAM_SHA_1, romeo).await.unwrap();
}

#[tokio::test]
async fn the_host_cannot_change_after_authentication() {
    let fixture = start(|config| {
        config.hosts.insert("other.localhost".into(), stonechat_server::config::Host::default());
    })
    .await;
    let mut client = fixture.secure().await;
    client.log_in("juliet").await;
    client.send(&header("other.localhost")).await;
    assert!(client.until_closed().await.contains("<not-authorized"));
}

#[tokio::test]
async fn an_anonymous_account_is_gone_with_its_session() {
    let fixture = start(|config| config.hosts.get_mut(HOST).unwrap().anonymous = true).await;
    let mut client = fixture.secure().await;
    let features = client.open().await;
    client.authenticate(&features, Mechanism::Anonymous, Login::anonymous("")).await.unwrap();
    let jid = client.bind("x").await;
    let account = jid.split('/').next().unwrap();
    let notes = fixture.store.document("notes");
    let owner = stonechat_store::Owner::account(account);
    notes.put(&owner, "something").await.unwrap();
    client.send("</stream:stream>").await;
    client.until_closed().await;
    drop(client);
    fixture.no_connections().await;
    assert_eq!(notes.get(&owner).await.unwrap(), None);
}
