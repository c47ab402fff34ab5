//! Which mechanism a client chooses, and what it says of channel binding.

use super::{bound_channel, context};
use crate::client::{Choice, ChooseError, Login, Offer, Policy, choose};
use crate::scram::{Advertised, Flag};
use crate::{BindingType, Channel, ChannelBinding, Mechanism};

fn juliet() -> Login {
    Login::password("juliet", "pencil")
}

fn pick(advertised: &Advertised, channel: &Channel, policy: &Policy) -> Result<Choice, ChooseError> {
    choose(&Offer::sasl(advertised.clone()), channel, &juliet(), policy)
}

/// The mechanism and the flag that are chosen by default.
fn usual(advertised: &Advertised, channel: &Channel) -> Result<(Mechanism, String, bool), ChooseError> {
    pick(advertised, channel, &Policy::default()).map(|choice| {
        let flag = match choice.binding.flag() {
            Flag::Unsupported => "n".to_owned(),
            Flag::NotOffered => "y".to_owned(),
            Flag::Used(kind) => format!("p={kind}"),
        };
        (choice.mechanism, flag, choice.proof_of_offer)
    })
}

fn all_scram() -> Advertised {
    Advertised::new(Mechanism::SCRAM.map(Mechanism::name))
}

fn end_point() -> Channel {
    Channel::tls().with_binding(ChannelBinding::tls_server_end_point(b"certificate").unwrap())
}

#[test]
fn the_strongest_mechanism_with_the_strongest_binding_is_chosen() {
    let advertised = all_scram().with_binding_types(["tls-server-end-point", "tls-exporter"]);
    let expected = |kind: &str| Ok((Mechanism::SCRAM_SHA_512_PLUS, format!("p={kind}"), false));
    assert_eq!(usual(&advertised, &bound_channel()), expected("tls-exporter"));
    assert_eq!(usual(&advertised, &end_point()), expected("tls-server-end-point"));
    let advertised = all_scram().with_binding_types(["tls-unique", "tls-server-end-point"]);
    assert_eq!(usual(&advertised, &bound_channel()), expected("tls-server-end-point"));
}

#[test]
fn channel_binding_is_preferred_to_a_better_hash() {
    let advertised =
        Advertised::new(["SCRAM-SHA-512", "SCRAM-SHA-1-PLUS"]).with_binding_types(["tls-exporter"]);
    let expected = Ok((Mechanism::SCRAM_SHA_1_PLUS, "p=tls-exporter".into(), false));
    assert_eq!(usual(&advertised, &bound_channel()), expected);
}

#[test]
fn a_client_without_channel_binding_says_n() {
    let advertised = all_scram().with_binding_types(["tls-exporter"]);
    for channel in [Channel::tls(), Channel::plaintext()] {
        assert_eq!(usual(&advertised, &channel), Ok((Mechanism::SCRAM_SHA_512, "n".into(), false)));
    }
}

#[test]
fn a_client_with_channel_binding_that_is_offered_none_says_y() {
    let advertised = Advertised::new(["SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN"]);
    let expected = Ok((Mechanism::SCRAM_SHA_256, "y".into(), false));
    assert_eq!(usual(&advertised, &bound_channel()), expected);
}

#[test]
fn plus_without_announced_types_uses_our_strongest_in_sasl_and_is_an_attack_in_sasl2() {
    let expected = Ok((Mechanism::SCRAM_SHA_512_PLUS, "p=tls-exporter".into(), false));
    assert_eq!(usual(&all_scram(), &bound_channel()), expected);
    let sasl2 = choose(&Offer::sasl2(all_scram()), &bound_channel(), &juliet(), &Policy::default());
    assert_eq!(sasl2.unwrap_err(), ChooseError::BindingTypesMissing);
}

#[test]
fn announced_types_without_plus_are_an_attack() {
    let advertised = Advertised::new(["SCRAM-SHA-1"]).with_binding_types(["tls-exporter"]);
    assert_eq!(usual(&advertised, &bound_channel()), Err(ChooseError::PlusMissing));
    assert!(usual(&advertised, &Channel::tls()).is_ok(), "nothing to a client without channel binding");
}

#[test]
fn without_a_type_in_common_the_client_says_n_and_wants_the_offer_proved() {
    let advertised = all_scram().with_binding_types(["made-up"]);
    let expected = Ok((Mechanism::SCRAM_SHA_512, "n".into(), true));
    assert_eq!(usual(&advertised, &bound_channel()), expected);
}

#[test]
fn a_client_that_lacks_the_announced_end_point_type_itself_goes_on_without_proof() {
    let exporter_only = Channel::tls().with_binding(ChannelBinding::tls_exporter([1; 32]));
    let advertised = all_scram().with_binding_types(["tls-server-end-point"]);
    assert_eq!(usual(&advertised, &exporter_only), Ok((Mechanism::SCRAM_SHA_512, "n".into(), false)));
}

#[test]
fn a_policy_that_requires_channel_binding_takes_nothing_else() {
    let policy = Policy::default().require_channel_binding();
    let bare = Advertised::new(["SCRAM-SHA-1", "SCRAM-SHA-512"]);
    assert_eq!(pick(&bare, &bound_channel(), &policy).unwrap_err(), ChooseError::NoMechanism);
    let other = all_scram().with_binding_types(["made-up"]);
    assert_eq!(pick(&other, &bound_channel(), &policy).unwrap_err(), ChooseError::NoBinding);
    assert_eq!(pick(&all_scram(), &Channel::tls(), &policy).unwrap_err(), ChooseError::NoBinding);
    let choice = pick(&all_scram().with_binding_types(["tls-exporter"]), &bound_channel(), &policy).unwrap();
    assert_eq!(choice.binding().map(ChannelBinding::kind), Some(BindingType::TlsExporter));
}

#[test]
fn plain_is_chosen_only_if_allowed_and_under_tls_and_nothing_else_is_there() {
    let plain = Advertised::new(["PLAIN"]);
    let willing = Policy::default().allow(Mechanism::Plain);
    assert_eq!(pick(&plain, &Channel::tls(), &Policy::default()).unwrap_err(), ChooseError::NoMechanism);
    assert_eq!(pick(&plain, &Channel::plaintext(), &willing).unwrap_err(), ChooseError::PlainWithoutTls);
    assert_eq!(pick(&plain, &Channel::tls(), &willing).unwrap().mechanism(), Mechanism::Plain);
    let both = Advertised::new(["PLAIN", "SCRAM-SHA-1"]);
    assert_eq!(pick(&both, &Channel::tls(), &willing).unwrap().mechanism(), Mechanism::SCRAM_SHA_1);
}

#[test]
fn a_forbidden_mechanism_is_not_chosen_even_if_it_is_the_only_one() {
    let policy = Policy::default().forbid(Mechanism::SCRAM_SHA_1);
    let only = Advertised::new(["SCRAM-SHA-1"]);
    assert_eq!(pick(&only, &Channel::tls(), &policy).unwrap_err(), ChooseError::NoMechanism);
}

#[test]
fn unknown_mechanisms_are_passed_over() {
    let advertised = Advertised::new(["X-TOKEN", "SCRAM-SHA3-512", "scram-sha-512", "SCRAM-SHA-1"]);
    assert_eq!(usual(&advertised, &Channel::tls()), Ok((Mechanism::SCRAM_SHA_1, "n".into(), false)));
    assert_eq!(usual(&Advertised::default(), &Channel::tls()), Err(ChooseError::NoMechanism));
}

#[test]
fn each_login_takes_the_mechanisms_that_it_fits() {
    let context = context(bound_channel().with_peer_identity("juliet@example.org"));
    let pick = |login: &Login| {
        let offer = Offer::sasl(context.advertised().clone());
        choose(&offer, &bound_channel(), login, &Policy::of(Mechanism::ALL)).map(|choice| choice.mechanism())
    };
    assert_eq!(pick(&juliet()), Ok(Mechanism::SCRAM_SHA_512_PLUS));
    assert_eq!(pick(&Login::certificate()), Ok(Mechanism::External));
    assert_eq!(pick(&Login::anonymous("")), Ok(Mechanism::Anonymous));
    let clear = choose(
        &Offer::sasl(context.advertised().clone()),
        &Channel::plaintext(),
        &Login::certificate(),
        &Policy::default(),
    );
    assert_eq!(clear.unwrap_err(), ChooseError::NoMechanism);
}

#[test]
fn required_downgrade_protection_leaves_scram_only() {
    let policy = Policy::of(Mechanism::ALL).require_downgrade_protection();
    let plain = Advertised::new(["PLAIN"]);
    assert_eq!(pick(&plain, &Channel::tls(), &policy).unwrap_err(), ChooseError::NoMechanism);
    assert!(pick(&all_scram(), &Channel::tls(), &policy).unwrap().proof_of_offer);
}
