//! Both roles against each other, whatever the names, passwords, bindings and nonces.

use std::sync::Arc;

use proptest::prelude::*;

use super::{DOMAIN, ITERATIONS, Outcome, bound_channel, context, decoy, exchange, lookup, offer};
use crate::client::{self, Login};
use crate::prep::{Purpose, saslprep};
use crate::scram::{Credentials, Hash, Keys};
use crate::server::{Account, Context, Identity, Policy, Reason};
use crate::{BindingType, Channel, ChannelBinding, Failure, Mechanism};

/// Logs in with exactly one mechanism.
fn log_in(
    mechanism: Mechanism,
    login: Login,
    context: &Arc<Context>,
    lookup: &dyn Fn(&str) -> Account,
) -> Outcome {
    let channel = if mechanism.binds_channel() { context.channel().clone() } else { Channel::tls() };
    let choice = super::choose(mechanism, &channel, &login, context.advertised());
    exchange(choice, login, context, lookup)
}

#[test]
fn every_mechanism_logs_in() {
    let context = Arc::new(context(bound_channel().with_peer_identity("juliet@example.org")));
    for mechanism in Mechanism::ALL.into_iter().filter(|mechanism| !mechanism.takes_token()) {
        let (login, expected) = match mechanism {
            Mechanism::External => (Login::certificate(), Identity::Certificate("juliet@example.org".into())),
            Mechanism::Anonymous => (Login::anonymous(""), Identity::Anonymous { trace: None }),
            _ => (Login::password("juliet", "pencil"), Identity::Account("juliet".into())),
        };
        let outcome = log_in(mechanism, login, &context, &lookup);
        let Outcome::Done(authenticated, success) = outcome else { panic!("{mechanism}: {outcome:?}") };
        assert_eq!(success.identity, expected);
        assert_eq!((authenticated.mechanism(), success.mechanism), (mechanism, mechanism));
        assert_eq!(authenticated.is_mutual(), mechanism.hash().is_some());
        assert_eq!(authenticated.is_channel_bound(), mechanism.binds_channel());
        assert_eq!(authenticated.is_offer_proved(), mechanism.hash().is_some());
    }
}

#[test]
fn cached_keys_log_in_again() {
    let context = Arc::new(context(bound_channel()));
    let mechanism = Mechanism::SCRAM_SHA_512_PLUS;
    let first = log_in(mechanism, Login::password("juliet", "pencil"), &context, &lookup);
    let Outcome::Done(authenticated, _) = first else { panic!("{first:?}") };
    let again = Login::keys("juliet", authenticated.keys().unwrap().clone());
    assert!(matches!(log_in(mechanism, again, &context, &lookup), Outcome::Done(..)));
}

#[test]
fn who_sits_between_two_tls_connections_does_not_get_through() {
    for kind in BindingType::ALL {
        let one = Channel::tls().with_binding(ChannelBinding::fake(kind, b"client to attacker"));
        let other = Channel::tls().with_binding(ChannelBinding::fake(kind, b"attacker to server"));
        let context = Arc::new(context(other));
        let login = Login::password("juliet", "pencil");
        let choice = super::choose(Mechanism::SCRAM_SHA_256_PLUS, &one, &login, context.advertised());
        let Outcome::Refused(refusal) = exchange(choice, login, &context, &lookup) else { panic!() };
        assert_eq!((refusal.failure, refusal.reason), (Failure::NotAuthorized, Reason::BindingMismatch));
    }
}

#[test]
fn an_attacker_who_strips_plus_from_the_offer_is_found_by_the_server() {
    let context = Arc::new(context(bound_channel()));
    let stripped = crate::scram::Advertised::new(["SCRAM-SHA-256"]);
    let login = Login::password("juliet", "pencil");
    let choice = super::choose(Mechanism::SCRAM_SHA_256, &bound_channel(), &login, &stripped);
    let Outcome::Refused(refusal) = exchange(choice, login, &context, &lookup) else { panic!() };
    assert_eq!(refusal.reason, Reason::Downgrade);
}

#[test]
fn an_attacker_who_strips_stronger_hashes_or_types_is_found_by_the_client() {
    let context = Arc::new(context(bound_channel()));
    let weak_hash = crate::scram::Advertised::new(["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"])
        .with_binding_types(["tls-exporter", "tls-server-end-point"]);
    let weak_type = crate::scram::Advertised::new(context.advertised().mechanisms())
        .with_binding_types(["tls-server-end-point"]);
    let no_type =
        crate::scram::Advertised::new(context.advertised().mechanisms()).with_binding_types(["made-up"]);
    for seen in [weak_hash, weak_type, no_type] {
        let login = Login::password("juliet", "pencil");
        let policy = client::Policy::default();
        let choice = client::choose(&client::Offer::sasl(seen), &bound_channel(), &login, &policy).unwrap();
        let outcome = exchange(choice, login, &context, &lookup);
        assert!(matches!(outcome, Outcome::ClientFailed(client::Error::Downgrade)), "{outcome:?}");
    }
}

#[test]
fn a_server_without_downgrade_protection_is_taken_unless_the_policy_wants_it() {
    let context = Arc::new(context(bound_channel()).downgrade_protection(false));
    let run = |policy: client::Policy| {
        let login = Login::password("juliet", "pencil");
        let choice = client::choose(&offer(&context), &bound_channel(), &login, &policy).unwrap();
        exchange(choice, login, &context, &lookup)
    };
    let Outcome::Done(authenticated, _) = run(client::Policy::default()) else { panic!() };
    assert!(!authenticated.is_offer_proved());
    let outcome = run(client::Policy::default().require_downgrade_protection());
    let missing = client::Error::DowngradeProtectionMissing;
    assert!(matches!(outcome, Outcome::ClientFailed(error) if error == missing));
}

/// Names and passwords with everything that is special to SCRAM, PLAIN and SASLprep.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{1,20}",
        "[,=a2C3D]{1,12}",
        "[a-z\u{AD}\u{AA}\u{2168}\u{BD}\u{B4}\u{A0}\u{E4}\u{3B1}\u{4E2D}]{1,12}",
        "[\u{5D0}-\u{5EA}]{1,8}",
        "\\PC{1,10}",
    ]
}

fn any_binding() -> impl Strategy<Value = ChannelBinding> {
    (prop::sample::select(&BindingType::ALL[..]), prop::collection::vec(any::<u8>(), 1..64))
        .prop_map(|(kind, data)| ChannelBinding::fake(kind, &data))
}

fn scram_or_plain() -> impl Strategy<Value = Mechanism> {
    prop::sample::select([&Mechanism::SCRAM[..], &[Mechanism::Plain]].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_right_password_logs_in_and_a_wrong_one_does_not(
        mechanism in scram_or_plain(),
        username in text(),
        password in text(),
        guess in text(),
        binding in any_binding(),
        salt in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let hash = mechanism.hash().unwrap_or(Hash::Sha256);
        let Ok(keys) = Keys::derive(hash, &password, &salt, ITERATIONS) else {
            return Ok(());
        };
        let Ok(name) = saslprep(&username, Purpose::Query) else { return Ok(()) };
        let lookup = |asked: &str| {
            assert_eq!(asked, *name);
            Account::found(asked, Credentials::from(keys.clone()))
        };
        let channel = Channel::tls().with_binding(binding);
        let context = Arc::new(Context::new(DOMAIN, &Policy::of(Mechanism::ALL), channel, decoy()));

        let right = log_in(mechanism, Login::password(&*username, &*password), &context, &lookup);
        prop_assert!(matches!(right, Outcome::Done(..)), "{right:?}");
        let Outcome::Done(_, success) = right else { unreachable!() };
        prop_assert_eq!(success.identity, Identity::Account(name.to_string()));

        let same = saslprep(&guess, Purpose::Query).is_ok_and(|guess| {
            *guess == *saslprep(&password, Purpose::Stored).unwrap()
        });
        let wrong = log_in(mechanism, Login::password(&*username, &*guess), &context, &lookup);
        prop_assert_eq!(same, matches!(wrong, Outcome::Done(..)), "{:?}", wrong);
    }

    #[test]
    fn any_two_nonces_make_an_exchange(client_nonce in "[!-+\\--~]{1,60}") {
        let context = Arc::new(context(bound_channel()));
        let login = Login::password("juliet", "pencil");
        let choice = super::choose(Mechanism::SCRAM_SHA_1_PLUS, &bound_channel(), &login, context.advertised());
        let (mut client, initial) =
            client::Exchange::start_with_nonce(choice, login, client_nonce).unwrap();
        let mut server = crate::server::Exchange::start(client.mechanism(), context).unwrap();
        let _ = server.step(&initial);
        let crate::server::Step::Challenge(challenge) = server.provide(lookup("juliet")) else { panic!() };
        let client::Reply::Derive(derivation) = client.challenge(&challenge).unwrap() else { panic!() };
        let step = server.step(&client.derived(derivation.run()).unwrap());
        let crate::server::Step::Done(success) = step else { panic!("{step:?}") };
        prop_assert!(client.success(success.data.as_deref()).is_ok());
    }
}
