//! Each rule of the XEP, against a host in memory. The hashes are the core's, so a token is "proved" here by having it.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::time::Duration;

use stonechat_extension::login::{Claim, Failed, Login, Proof, Secret, UserAgent};
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_stanza::Element;
use stonechat_xep_fast::{Clients, NS, SERVER, Token};

const PHONE: &str = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const DAY: u64 = 24 * 3600;
const NONE: &str = "HT-SHA-256-NONE";

async fn configured(section: &str) -> TestHost {
    let host = TestHost::configured(&[&stonechat_xep_sasl2::SERVER, &SERVER], &[("fast", section)]).await;
    host.account("a").await;
    host
}

async fn host() -> TestHost {
    configured("").await
}

fn claim(host: &TestHost, installation: &str, mechanism: &str, requests: &[&str]) -> Claim {
    let requests = requests.iter().map(|xml| xml.parse::<Element>().unwrap()).collect();
    let user_agent = Some(UserAgent { id: Some(installation.to_owned()), ..UserAgent::default() });
    Claim { requests, user_agent, epoch: "1".into(), ..Claim::new(host.jid("a"), mechanism) }
}

fn request(mechanism: &str) -> String {
    format!("<request-token xmlns='{NS}' mechanism='{mechanism}'/>")
}

async fn log_in(host: &TestHost, claim: Claim, proof: Proof) -> Option<Token> {
    let answers = host.log_in("never/bound", &Login { claim, proof }).await;
    answers.iter().find_map(Token::read)
}

/// A token for the installation, got with the password.
async fn issued(host: &TestHost, installation: &str, mechanism: &str) -> Token {
    let claim = claim(host, installation, "PLAIN", &[&request(mechanism)]);
    log_in(host, claim, Proof::Password).await.expect("a token is issued")
}

/// Uses a token; gives the new one if there is one.
async fn used(host: &TestHost, claim: Claim, token: &Token) -> Result<Option<Token>, Failed> {
    let secrets = host.host().token_secrets(&claim).await.expect("the store can be read");
    let known = secrets.iter().find(|secret| secret.as_str() == token.token);
    let secret: &Secret = known.ok_or(Failed::new("not-authorized"))?;
    match host.host().accept_token(&claim, secret).await {
        Some(failed) => Err(failed),
        None => Ok(log_in(host, claim, Proof::Token).await),
    }
}

fn fast(host: &TestHost, attributes: &str) -> Claim {
    claim(host, PHONE, NONE, &[&format!("<fast xmlns='{NS}'{attributes}/>")])
}

fn condition(result: Result<Option<Token>, Failed>) -> &'static str {
    result.expect_err("it is refused").condition
}

/// §3.2, §3.3.
#[tokio::test(start_paused = true)]
async fn a_token_is_issued_to_who_asks_after_a_login_with_a_password() {
    let host = host().await;
    let token = issued(&host, PHONE, NONE).await;
    assert_eq!(token.token.len(), 43);
    assert_eq!(token.expiry.as_second() - host.now().as_second(), 21 * DAY as i64);
    assert_ne!(issued(&host, PHONE, NONE).await.token, token.token);
    assert_eq!(log_in(&host, claim(&host, PHONE, "PLAIN", &[]), Proof::Password).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_client_without_an_installation_somebody_anonymous_and_an_unknown_mechanism_get_none() {
    let host = host().await;
    let asked = claim(&host, PHONE, "PLAIN", &[&request(NONE)]);
    let nameless = Claim { user_agent: None, ..asked.clone() };
    assert_eq!(log_in(&host, nameless, Proof::Password).await, None);
    assert_eq!(log_in(&host, asked, Proof::Anonymous).await, None);
    for mechanism in ["PLAIN", "HT-SHA-256-UNIQ", ""] {
        let claim = claim(&host, PHONE, "PLAIN", &[&request(mechanism)]);
        assert_eq!(log_in(&host, claim, Proof::Password).await, None, "{mechanism}");
    }
}

/// §3.4.
#[tokio::test(start_paused = true)]
async fn a_token_logs_its_installation_in_with_its_mechanism_and_says_so() {
    let host = host().await;
    let token = issued(&host, PHONE, NONE).await;
    used(&host, fast(&host, ""), &token).await.unwrap();
    let said = format!("<fast xmlns='{NS}'/>");
    for other in [
        claim(&host, PHONE, "HT-SHA-256-EXPR", &[&said]),
        claim(&host, "11111111-2222-4333-8444-555555555555", NONE, &[&said]),
        claim(&host, PHONE, NONE, &[]),
        claim(&host, PHONE, NONE, &[&format!("<fast xmlns='{NS}' count='x'/>")]),
        Claim { account: host.jid("b"), ..fast(&host, "") },
    ] {
        assert_eq!(condition(used(&host, other, &token).await), "not-authorized");
    }
}

/// §3.4.
#[tokio::test(start_paused = true)]
async fn a_count_that_was_there_before_is_refused() {
    let host = host().await;
    let token = issued(&host, PHONE, NONE).await;
    used(&host, fast(&host, " count='7'"), &token).await.unwrap();
    for count in ["1", "7"] {
        let again = fast(&host, &format!(" count='{count}'"));
        assert_eq!(condition(used(&host, again, &token).await), "not-authorized");
    }
    used(&host, fast(&host, " count='8'"), &token).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_count_logs_in_once_also_at_the_same_time() {
    let host = host().await;
    let token = issued(&host, PHONE, NONE).await;
    let secret = Secret::new(token.token);
    let claim = fast(&host, " count='1'");
    let (first, second) =
        tokio::join!(host.host().accept_token(&claim, &secret), host.host().accept_token(&claim, &secret));
    assert_eq!([first, second].iter().filter(|refused| refused.is_none()).count(), 1);
}

/// §3.5.
#[tokio::test(start_paused = true)]
async fn a_token_that_is_soon_to_expire_is_replaced_and_holds_until_the_new_one_is_used() {
    let host = host().await;
    let old = issued(&host, PHONE, NONE).await;
    assert_eq!(used(&host, fast(&host, ""), &old).await.unwrap(), None);
    host.clock().advance(Duration::from_secs(7 * DAY + 1));
    let lost = used(&host, fast(&host, ""), &old).await.unwrap().expect("a new one is due");
    let new = used(&host, fast(&host, ""), &old).await.unwrap().expect("the new one did not arrive");
    assert_eq!(condition(used(&host, fast(&host, ""), &lost).await), "not-authorized");
    assert_eq!(used(&host, fast(&host, ""), &new).await.unwrap(), None);
    assert_eq!(condition(used(&host, fast(&host, ""), &old).await), "not-authorized");
}

/// §4.2.
#[tokio::test(start_paused = true)]
async fn an_expired_token_is_told_so() {
    let host = host().await;
    let token = issued(&host, PHONE, NONE).await;
    host.clock().advance(Duration::from_secs(21 * DAY));
    assert_eq!(condition(used(&host, fast(&host, ""), &token).await), "credentials-expired");
}

/// §3.6.
#[tokio::test(start_paused = true)]
async fn invalidation_ends_the_tokens_and_gives_a_new_one_only_to_who_asks() {
    let host = host().await;
    let token = issued(&host, PHONE, NONE).await;
    host.clock().advance(Duration::from_secs(8 * DAY));
    let end = fast(&host, " invalidate='true'");
    assert_eq!(used(&host, end.clone(), &token).await.unwrap(), None);
    assert_eq!(condition(used(&host, fast(&host, ""), &token).await), "not-authorized");

    let token = issued(&host, PHONE, NONE).await;
    let mut end_and_ask = end;
    end_and_ask.requests.push(request(NONE).parse().unwrap());
    let new = used(&host, end_and_ask, &token).await.unwrap().expect("it was asked for");
    used(&host, fast(&host, ""), &new).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_epoch_of_the_account_ends_all_tokens() {
    let host = host().await;
    let token = issued(&host, PHONE, NONE).await;
    let later = Claim { epoch: "2".into(), ..fast(&host, "") };
    assert_eq!(condition(used(&host, later, &token).await), "not-authorized");
}

#[tokio::test(start_paused = true)]
async fn what_a_login_under_an_earlier_password_is_issued_is_worth_nothing() {
    let host = host().await;
    // The password was changed between the proof and the issue: the claim is of the old epoch.
    let token = issued(&host, PHONE, NONE).await;
    let later = Claim { epoch: "2".into(), ..fast(&host, "") };
    assert!(host.host().token_secrets(&later).await.unwrap().is_empty());
    assert!(host.host().accept_token(&later, &Secret::new(token.token)).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn the_tokens_of_who_was_away_longest_make_room() {
    let host = configured("clients-per-account = 2").await;
    let installation = |number: u32| format!("0000000{number}-2222-4333-8444-555555555555");
    let mut tokens = Vec::new();
    for number in 0..3 {
        tokens.push(issued(&host, &installation(number), NONE).await);
        host.clock().advance(Duration::from_secs(60));
        if number == 1 {
            let first = claim(&host, &installation(0), NONE, &[&format!("<fast xmlns='{NS}'/>")]);
            used(&host, first, &tokens[0]).await.unwrap();
        }
    }
    for (number, holds) in [(0, true), (1, false), (2, true)] {
        let claim = claim(&host, &installation(number), NONE, &[&format!("<fast xmlns='{NS}'/>")]);
        assert_eq!(used(&host, claim, &tokens[number as usize]).await.is_ok(), holds, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_go_with_the_account() {
    let host = host().await;
    let token = issued(&host, PHONE, NONE).await;
    host.host().remove_account(&host.jid("a")).await.unwrap();
    host.account("a").await;
    assert_eq!(condition(used(&host, fast(&host, ""), &token).await), "not-authorized");
}

#[tokio::test(start_paused = true)]
async fn others_can_see_who_has_tokens_and_end_them() {
    let host = host().await;
    let token = issued(&host, PHONE, NONE).await;
    let clients = host.host().tables().service::<dyn Clients>().unwrap();
    let account = host.jid("a");
    assert_eq!(clients.with_tokens(&account, "1", host.now()).await.unwrap(), [PHONE]);
    assert!(clients.with_tokens(&account, "2", host.now()).await.unwrap().is_empty());
    assert!(clients.end_tokens(&account, PHONE).await.unwrap());
    assert!(clients.with_tokens(&account, "1", host.now()).await.unwrap().is_empty());
    assert!(!clients.end_tokens(&account, PHONE).await.unwrap());
    assert_eq!(condition(used(&host, fast(&host, ""), &token).await), "not-authorized");
}

/// Example 1, with the mechanisms that the stream can carry.
#[tokio::test(start_paused = true)]
async fn the_feature_lists_the_mechanisms_of_the_stream() {
    let host = host().await;
    let tables = host.host().tables();
    assert_eq!(tables.token_mechanisms(), ["HT-SHA-256-EXPR", "HT-SHA-256-ENDP", NONE]);
    let features = |tokens: &[String]| String::from(&tables.login_features(&["PLAIN".into()], tokens)[0]);
    let offered = features(&[NONE.to_owned()]);
    assert!(
        offered.contains("<fast xmlns=\"urn:xmpp:fast:0\"><mechanism>HT-SHA-256-NONE</mechanism></fast>")
            || offered
                .contains("<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast>"),
        "{offered}"
    );
    assert!(!features(&[]).contains("fast"));
    let bound = configured("without-channel-binding = false").await;
    assert_eq!(bound.host().tables().token_mechanisms(), ["HT-SHA-256-EXPR", "HT-SHA-256-ENDP"]);
}

#[tokio::test(start_paused = true)]
async fn senseless_limits_stop_the_start() {
    for section in
        ["lifetime-days = 0", "lifetime-days = 5\nrotate-before-days = 6", "clients-per-account = 0"]
    {
        let started =
            TestHost::try_configured(&[&stonechat_xep_sasl2::SERVER, &SERVER], &[("fast", section)]).await;
        assert!(started.is_err(), "{section}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_contract_holds() {
    contract::check(&[&SERVER, &stonechat_xep_sasl2::SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_tokens_were_ended_while_it_logged_in_gets_no_more() {
    let host = host().await;
    let token = issued(&host, PHONE, NONE).await;
    let claim = claim(&host, PHONE, NONE, &[&format!("<fast xmlns='{NS}'/>"), &request(NONE)]);
    assert_eq!(host.host().accept_token(&claim, &Secret::new(token.token)).await, None);
    let clients = host.host().tables().service::<dyn Clients>().unwrap();
    clients.end_tokens(&host.jid("a"), PHONE).await.unwrap();
    assert_eq!(log_in(&host, claim, Proof::Token).await, None);
    assert!(clients.with_tokens(&host.jid("a"), "1", host.now()).await.unwrap().is_empty());
}
