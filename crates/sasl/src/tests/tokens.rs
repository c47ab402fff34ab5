//! HT: both roles against each other, and what must not get through (draft-schmaus-kitten-sasl-ht-09).

use std::sync::Arc;

use proptest::prelude::*;

use super::{Outcome, bound_channel, context, decoy, exchange};
use crate::client::{self, Login, Offer};
use crate::scram::Advertised;
use crate::server::{self, Account, Context, Identity, Policy, Reason, Step};
use crate::{BindingType, Channel, ChannelBinding, Failure, Mechanism, Token};

fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

/// What is offered to tokens, as XEP-0484 has it: a list of its own.
fn offered(context: &Context) -> Offer {
    let types = context.channel().bindings().iter().map(|binding| binding.kind().name());
    let names = context.offered().iter().map(|mechanism| mechanism.name());
    Offer::sasl2(Advertised::new(names).with_binding_types(types))
}

fn log_in(
    mechanism: Mechanism,
    held: &str,
    channel: &Channel,
    context: &Arc<Context>,
    known: &[&str],
) -> Outcome {
    let login = Login::token("juliet", token(held), mechanism);
    let choice = client::choose(&offered(context), channel, &login, &client::Policy::default()).unwrap();
    assert_eq!(choice.mechanism(), mechanism);
    exchange(choice, login, context, &|name| {
        Account::holding(name, known.iter().map(|text| token(text)).collect())
    })
}

#[test]
fn every_ht_mechanism_logs_in_with_a_token_and_both_ends_prove_it() {
    let context = Arc::new(context(bound_channel()));
    for mechanism in Mechanism::HASHED_TOKEN {
        let outcome = log_in(mechanism, "current", context.channel(), &context, &["new", "current"]);
        let Outcome::Done(authenticated, success) = outcome else { panic!("{mechanism}: {outcome:?}") };
        assert_eq!(success.identity, Identity::Account("juliet".into()));
        assert_eq!(success.token, Some(1));
        assert!(authenticated.is_mutual());
        assert_eq!(authenticated.is_channel_bound(), mechanism.binds_channel());
    }
}

#[test]
fn a_token_that_is_not_the_accounts_and_an_account_without_tokens_look_the_same() {
    let context = Arc::new(context(bound_channel()));
    for known in [&[][..], &["another"]] {
        let outcome = log_in(Mechanism::HT_SHA_256_NONE, "guessed", context.channel(), &context, known);
        let Outcome::Refused(refusal) = outcome else { panic!("{outcome:?}") };
        assert_eq!((refusal.failure, refusal.reason), (Failure::NotAuthorized, Reason::UnknownToken));
    }
}

#[test]
fn who_sits_between_two_tls_connections_cannot_use_what_he_sees() {
    for kind in BindingType::ALL {
        let one = Channel::tls().with_binding(ChannelBinding::fake(kind, b"client to attacker"));
        let other = Channel::tls().with_binding(ChannelBinding::fake(kind, b"attacker to server"));
        let context = Arc::new(context(other));
        let outcome = log_in(Mechanism::HashedToken(Some(kind)), "t", &one, &context, &["t"]);
        assert!(matches!(outcome, Outcome::Refused(refusal) if refusal.reason == Reason::UnknownToken));
    }
}

#[test]
fn a_password_does_not_log_in_with_ht_nor_a_token_with_scram() {
    let context = Arc::new(context(bound_channel()));
    let mut server = server::Exchange::start(Mechanism::HT_SHA_256_NONE, Arc::clone(&context)).unwrap();
    let Step::NeedCredentials(_) = server.step(b"juliet\0pencil") else { panic!() };
    let found = super::lookup("juliet");
    assert!(
        matches!(server.provide(found), Step::Failed(refusal) if refusal.failure == Failure::NotAuthorized)
    );

    let login = Login::password("juliet", "t");
    let mechanism = Mechanism::SCRAM_SHA_256;
    let choice = super::choose(mechanism, &Channel::tls(), &login, context.advertised());
    let outcome = exchange(choice, login, &context, &|name| Account::holding(name, vec![token("t")]));
    assert!(matches!(outcome, Outcome::Refused(refusal) if refusal.reason == Reason::UnknownAccount));
}

#[test]
fn a_refused_account_is_told_so_only_behind_a_proved_token() {
    let context = Arc::new(context(bound_channel()));
    for (held, expected) in [("t", Failure::AccountDisabled), ("x", Failure::NotAuthorized)] {
        let login = Login::token("juliet", token(held), Mechanism::HT_SHA_256_NONE);
        let choice =
            client::choose(&offered(&context), context.channel(), &login, &client::Policy::default())
                .unwrap();
        let lookup = |name: &str| Account::holding(name, vec![token("t")]).refused(Failure::AccountDisabled);
        let outcome = exchange(choice, login, &context, &lookup);
        assert!(matches!(outcome, Outcome::Refused(refusal) if refusal.failure == expected), "{held}");
    }
}

#[test]
fn a_token_is_used_in_its_own_mechanism_only() {
    let context = context(bound_channel());
    let login = Login::token("juliet", token("t"), Mechanism::HT_SHA_256_EXPR);
    let policy = client::Policy::of([Mechanism::HT_SHA_256_NONE, Mechanism::HT_SHA_256_ENDP]);
    assert!(client::choose(&offered(&context), context.channel(), &login, &policy).is_err());
    let not_a_token = Login::token("juliet", token("t"), Mechanism::Plain);
    assert!(
        client::choose(&offered(&context), context.channel(), &not_a_token, &client::Policy::default())
            .is_err()
    );
}

#[test]
fn ht_is_offered_under_tls_only_and_with_the_bindings_that_there_are() {
    let policy = Policy::of(Mechanism::HASHED_TOKEN);
    let offered = |channel| Context::new("example.org", &policy, channel, decoy()).offered().to_vec();
    assert!(offered(Channel::plaintext()).is_empty());
    assert_eq!(offered(Channel::tls()), [Mechanism::HT_SHA_256_NONE]);
    let exporter = Channel::tls().with_binding(ChannelBinding::tls_exporter([1; 32]));
    assert_eq!(offered(exporter), [Mechanism::HT_SHA_256_EXPR, Mechanism::HT_SHA_256_NONE]);
}

#[test]
fn a_server_that_does_not_prove_the_token_is_not_believed() {
    let context = context(bound_channel());
    let start = || {
        let login = Login::token("juliet", token("t"), Mechanism::HT_SHA_256_NONE);
        let choice =
            client::choose(&offered(&context), context.channel(), &login, &client::Policy::default())
                .unwrap();
        client::Exchange::start(choice, login).unwrap().0
    };
    assert_eq!(start().success(None).unwrap_err(), client::Error::SignatureMissing);
    assert_eq!(start().success(Some(&[0; 32])).unwrap_err(), client::Error::SignatureMismatch);
    assert_eq!(start().challenge(b"x").unwrap_err(), client::Error::UnexpectedMessage);
}

proptest! {
    #[test]
    fn nothing_but_the_hash_of_the_token_is_let_in(message in prop::collection::vec(any::<u8>(), 0..80), name in "[a-z\0]{0,4}") {
        let context = Arc::new(context(bound_channel()));
        let message = [name.as_bytes(), &message].concat();
        let mut server = server::Exchange::start(Mechanism::HT_SHA_256_NONE, context).unwrap();
        let step = match server.step(&message) {
            Step::NeedCredentials(wanted) => server.provide(Account::holding(wanted.username, vec![token("t")])),
            step => step,
        };
        prop_assert!(matches!(step, Step::Failed(_)));
        prop_assert!(matches!(server.step(b"again"), Step::Failed(_)));
    }
}
