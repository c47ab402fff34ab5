//! Coming back with a token (XEP-0484).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stonechat_sasl::client::{self, Exchange, Login, Offer, choose};
use stonechat_sasl::scram::Advertised;
use stonechat_sasl::{Channel, ChannelBinding, Mechanism, Token};
use stonechat_tests::sasl2::{Sasl2, attribute, text_of};
use stonechat_tests::{Raw, Server, Settings};

const BIND: &str = "<bind xmlns='urn:xmpp:bind:0'><tag>X</tag></bind>";
const PHONE: &str = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/>";
const LAPTOP: &str = "<user-agent id='11111111-2222-4333-8444-555555555555'/>";

fn request(mechanism: Mechanism) -> String {
    format!("<request-token xmlns='urn:xmpp:fast:0' mechanism='{mechanism}'/>")
}

/// The token in an answer.
fn token(success: &str) -> Option<String> {
    let (_, token) = success.split_once("<token ")?;
    attribute(&format!(" {token}"), "token").map(str::to_owned)
}

/// Gets a token with the password.
fn issued(server: &Server, agent: &str, mechanism: Mechanism) -> String {
    let mut client = Sasl2::connect(server, "user1");
    client.plain("user1", &format!("{agent}{BIND}{}", request(mechanism)));
    let success = client.success();
    token(&success).unwrap_or_else(|| panic!("no token in {success}"))
}

/// Sends the proof of a token.
fn begin(client: &mut Sasl2, mechanism: Mechanism, token: &str, more: &str) -> Exchange {
    let channel = Channel::tls().with_binding(ChannelBinding::tls_exporter(client.raw.tls_exporter()));
    let login = Login::token("user1", Token::new(token).unwrap(), mechanism);
    let offer = Offer::sasl2(Advertised::new(Mechanism::HASHED_TOKEN.map(Mechanism::name)));
    let choice = choose(&offer, &channel, &login, &client::Policy::default()).unwrap();
    let (exchange, first) = Exchange::start(choice, login).unwrap();
    client.authenticate(mechanism.name(), &first, more);
    exchange
}

/// Comes back with a token; the answer, in which the server has proved the token too.
fn come_back(server: &Server, mechanism: Mechanism, token: &str, more: &str) -> String {
    let mut client = Sasl2::connect(server, "user1");
    let exchange = begin(&mut client, mechanism, token, more);
    let success = client.success();
    let data = STANDARD.decode(text_of(&success, "additional-data").unwrap()).unwrap();
    assert!(exchange.success(Some(&data)).unwrap().is_mutual());
    client.raw.ping("p");
    success
}

fn refused(server: &Server, mechanism: Mechanism, token: &str, more: &str, condition: &str) {
    let mut client = Sasl2::connect(server, "user1");
    begin(&mut client, mechanism, token, more);
    client.failure(condition);
}

fn fast(agent: &str, attributes: &str) -> String {
    format!("{agent}{BIND}<fast xmlns='urn:xmpp:fast:0'{attributes}/>")
}

#[test]
fn tokens_are_offered_inline_with_the_mechanisms_that_the_stream_carries() {
    let server = Settings::new().start();
    let features = Sasl2::connect(&server, "").features;
    let (_, offer) = features.split_once("<fast ").unwrap();
    let (offer, _) = offer.split_once("</fast>").unwrap();
    for mechanism in Mechanism::HASHED_TOKEN {
        assert!(offer.contains(mechanism.name()), "{offer}");
    }
    assert!(!offer.contains("tls-0rtt"), "{offer}");
    let (_, old) = features.split_once("<mechanisms").unwrap();
    let (old, _) = old.split_once("</mechanisms>").unwrap();
    assert!(!old.contains("HT-"), "{old}");
}

#[test]
fn a_client_comes_back_with_a_token_in_one_round_trip_with_and_without_channel_binding() {
    let server = Settings::new().start_with_users(1);
    for mechanism in [Mechanism::HT_SHA_256_NONE, Mechanism::HT_SHA_256_EXPR] {
        let token = issued(&server, PHONE, mechanism);
        let success = come_back(&server, mechanism, &token, &fast(PHONE, " count='1'"));
        assert!(success.contains("<bound") && !success.contains("<token"), "{success}");
        come_back(&server, mechanism, &token, &fast(PHONE, " count='2'"));
        // What was seen before is refused.
        refused(&server, mechanism, &token, &fast(PHONE, " count='2'"), "not-authorized");
    }
}

#[test]
fn a_token_holds_after_a_restart_and_is_not_in_the_log() {
    let server = Settings::new().set("log.level", "debug").start_with_users(1);
    let token = issued(&server, PHONE, Mechanism::HT_SHA_256_NONE);
    let (output, folder) = server.stop();
    assert!(!output.stdout.contains(&token) && !output.stderr.contains(&token));
    let server = Server::start_in(folder);
    come_back(&server, Mechanism::HT_SHA_256_NONE, &token, &fast(PHONE, ""));
}

#[test]
fn a_token_is_for_its_installation_and_its_mechanism_and_its_profile() {
    let server = Settings::new().start_with_users(1);
    let (none, expr) = (Mechanism::HT_SHA_256_NONE, Mechanism::HT_SHA_256_EXPR);
    let token = issued(&server, PHONE, expr);
    refused(&server, none, &token, &fast(PHONE, ""), "not-authorized");
    refused(&server, expr, &token, &fast(LAPTOP, ""), "not-authorized");
    refused(&server, expr, &token, &fast("", ""), "not-authorized");
    refused(&server, expr, &token, &format!("{PHONE}{BIND}"), "not-authorized");
    come_back(&server, expr, &token, &fast(PHONE, ""));
    // RFC 6120's profile has no tokens.
    let mut raw = Raw::secured(&server, "localhost");
    raw.send(
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='HT-SHA-256-NONE'>dXNlcjEAeA==</auth>",
    );
    assert!(raw.until("</failure>").contains("<invalid-mechanism"));
    // A token is no password.
    let mut client = Sasl2::connect(&server, "user1");
    client.authenticate("PLAIN", format!("\0user1\0{token}").as_bytes(), BIND);
    client.failure("not-authorized");
}

#[test]
fn a_proof_that_was_overheard_on_another_connection_is_worth_nothing_with_channel_binding() {
    let server = Settings::new().start_with_users(1);
    let token = issued(&server, PHONE, Mechanism::HT_SHA_256_EXPR);
    let other = Sasl2::connect(&server, "user1");
    let channel = Channel::tls().with_binding(ChannelBinding::tls_exporter(other.raw.tls_exporter()));
    let login = Login::token("user1", Token::new(token).unwrap(), Mechanism::HT_SHA_256_EXPR);
    let offer = Offer::sasl2(Advertised::new(["HT-SHA-256-EXPR"]));
    let choice = choose(&offer, &channel, &login, &client::Policy::default()).unwrap();
    let (_, overheard) = Exchange::start(choice, login).unwrap();
    let mut client = Sasl2::connect(&server, "user1");
    client.authenticate("HT-SHA-256-EXPR", &overheard, &fast(PHONE, ""));
    client.failure("not-authorized");
}

#[test]
fn a_new_password_ends_all_tokens_and_so_does_the_end_of_the_account() {
    let server = Settings::new().start_with_users(1);
    let none = Mechanism::HT_SHA_256_NONE;
    let (phone, laptop) = (issued(&server, PHONE, none), issued(&server, LAPTOP, none));
    come_back(&server, none, &phone, &fast(PHONE, ""));
    let _ = server.command(&["user", "passwd", "user1@localhost"], &["pw-user1"]).expect_success();
    refused(&server, none, &phone, &fast(PHONE, ""), "not-authorized");
    refused(&server, none, &laptop, &fast(LAPTOP, ""), "not-authorized");

    let phone = issued(&server, PHONE, none);
    let _ = server.command(&["user", "remove", "user1@localhost", "--yes"], &[]).expect_success();
    server.add_user("user1@localhost", "pw-user1");
    refused(&server, none, &phone, &fast(PHONE, ""), "not-authorized");
}

#[test]
fn invalidation_ends_a_token_and_the_session_goes_on() {
    let server = Settings::new().start_with_users(1);
    let none = Mechanism::HT_SHA_256_NONE;
    let token = issued(&server, PHONE, none);
    come_back(&server, none, &token, &fast(PHONE, " invalidate='true'"));
    refused(&server, none, &token, &fast(PHONE, ""), "not-authorized");
}

#[test]
fn a_token_that_is_soon_to_expire_is_replaced_at_its_use() {
    let server = Settings::new().set("extensions.fast.rotate-before-days", 21).start_with_users(1);
    let none = Mechanism::HT_SHA_256_NONE;
    let old = issued(&server, PHONE, none);
    let success = come_back(&server, none, &old, &fast(PHONE, ""));
    let new = token(&success).unwrap();
    assert_ne!(old, new);
    come_back(&server, none, &old, &fast(PHONE, ""));
    let newest = token(&come_back(&server, none, &old, &fast(PHONE, ""))).unwrap();
    come_back(&server, none, &newest, &fast(PHONE, ""));
    refused(&server, none, &old, &fast(PHONE, ""), "not-authorized");
    refused(&server, none, &new, &fast(PHONE, ""), "not-authorized");
}

#[test]
fn guesses_of_tokens_are_slowed_down_as_those_of_passwords_are() {
    let server = Settings::new()
        .set("authentication.per_account.failures", 3)
        .set("authentication.per_account.forgotten_after", 3600)
        .set("authentication.per_account_and_ip.failures", 1)
        .set("authentication.per_account_and_ip.forgotten_after", 3600)
        .start_with_users(1);
    for _ in 0..4 {
        refused(&server, Mechanism::HT_SHA_256_NONE, "guess", &fast(PHONE, ""), "not-authorized");
    }
    refused(&server, Mechanism::HT_SHA_256_NONE, "guess", &fast(PHONE, ""), "temporary-auth-failure");
    let mut client = Sasl2::connect(&server, "user1");
    client.plain("user1", BIND);
    client.failure("temporary-auth-failure");
}
