//! SCRAM and PLAIN against an independent implementation, `rsasl`, in both directions.
//!
//! `rsasl` builds the messages anew instead of signing what it received, so it cannot cope with optional extensions:
//! our server does not send XEP-0474's hash to it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use rsasl::callback::{Context as Given, Request, SessionCallback, SessionData};
use rsasl::config::SASLConfig;
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::mechanisms::{plain, scram};
use rsasl::prelude::{
    ChannelBindingCallback, Mechname, MessageSent, Registry, SASLClient, SASLServer, SessionError, State,
    Validation,
};
use rsasl::property::{AuthId, Password};
use rsasl::validate::{Validate, ValidationError};
use stonechat_sasl::client::{self, Login, Offer, Reply};
use stonechat_sasl::scram::{Advertised, Credentials, Decoy, Hash, Keys};
use stonechat_sasl::server::{self, Account, Identity, Step};
use stonechat_sasl::{Channel, ChannelBinding, Mechanism};

const EXPORTED: [u8; 32] = [0x5A; 32];

/// The TLS connection, for `rsasl`.
struct Tls;

impl ChannelBindingCallback for Tls {
    fn get_cb_data(&self, name: &str) -> Option<&[u8]> {
        (name == "tls-exporter").then_some(&EXPORTED)
    }
}

/// All that both crates have; `rsasl` leaves -PLUS out of what it does by default.
fn registry() -> Registry {
    static ALL: &[rsasl::prelude::Mechanism] = &[
        scram::SCRAM_SHA1,
        scram::SCRAM_SHA256,
        scram::SCRAM_SHA512,
        scram::SCRAM_SHA1_PLUS,
        scram::SCRAM_SHA256_PLUS,
        scram::SCRAM_SHA512_PLUS,
        plain::PLAIN,
    ];
    Registry::with_mechanisms(ALL)
}

/// Who logs in with `rsasl`'s client.
struct User {
    name: String,
    password: String,
    binds: bool,
}

impl SessionCallback for User {
    fn callback(
        &self,
        _: &SessionData,
        _: &Given<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        request.satisfy::<AuthId>(&self.name)?.satisfy::<Password>(self.password.as_bytes())?;
        Ok(())
    }

    fn enable_channel_binding(&self) -> bool {
        self.binds
    }
}

fn channel() -> Channel {
    Channel::tls().with_binding(ChannelBinding::tls_exporter(EXPORTED))
}

fn credentials(password: &str) -> Credentials {
    Hash::ALL.into_iter().fold(Credentials::new(), |all, hash| {
        all.with(Keys::derive(hash, password, b"a salt of theirs", 4096).unwrap())
    })
}

/// The accounts, for `rsasl`'s server: juliet with the password pencil.
struct Accounts(Credentials);

struct Name;

impl Validation for Name {
    type Value = Option<String>;
}

impl SessionCallback for Accounts {
    fn callback(
        &self,
        session: &SessionData,
        given: &Given<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        if given.get_ref::<AuthId>() == Some("juliet") {
            let mechanism: Mechanism = session.mechanism().mechanism.as_str().parse().unwrap();
            let keys = self.0.get(mechanism.hash().unwrap()).unwrap();
            let stored = ScramStoredPassword::new(
                keys.iterations(),
                keys.salt(),
                keys.stored_key(),
                keys.server_key(),
            );
            request.satisfy::<ScramStoredPassword<'_>>(&stored)?;
        }
        Ok(())
    }

    fn validate(
        &self,
        _: &SessionData,
        given: &Given<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        let name = given.get_ref::<AuthId>().map(str::to_owned);
        let right = match given.get_ref::<Password>() {
            Some(password) => self.0.verify_plain(core::str::from_utf8(password).unwrap()),
            None => true,
        };
        validate.with::<Name, _>(|| Ok(name.filter(|_| right)))?;
        Ok(())
    }
}

/// Our client logs in to `rsasl`'s server. Whom the server saw, and whether our client trusts it.
fn our_client(mechanism: Mechanism, password: &str) -> (Option<String>, bool) {
    let config = SASLConfig::builder()
        .with_registry(registry())
        .with_callback(Accounts(credentials("pencil")))
        .unwrap();
    let name = Mechname::parse(mechanism.name().as_bytes()).unwrap();
    let mut theirs = SASLServer::<Name, _>::with_cb(config, Tls).start_suggested(name).unwrap();

    let login = Login::password("juliet", password);
    let offer = Offer::sasl(Advertised::new([mechanism.name()]));
    let tls = if mechanism.binds_channel() { channel() } else { Channel::tls() };
    let choice = client::choose(&offer, &tls, &login, &client::Policy::of([mechanism])).unwrap();
    let (mut ours, mut message) = client::Exchange::start(choice, login).unwrap();
    loop {
        let mut answer = Vec::new();
        match theirs.step(Some(&message), &mut answer) {
            Ok(State::Running) => match ours.challenge(&answer).unwrap() {
                Reply::Respond(response) => message = response,
                Reply::Derive(derivation) => message = ours.derived(derivation.run()).unwrap(),
            },
            Ok(State::Finished(sent)) => {
                let data = (sent == MessageSent::Yes).then_some(answer.as_slice());
                return (theirs.validation().flatten(), ours.success(data).is_ok());
            }
            Err(_) => return (None, false),
        }
    }
}

/// `rsasl`'s client logs in to our server. Whom our server saw, and whether the client trusts it.
fn our_server(mechanism: Mechanism, username: &str, password: &str) -> (Option<String>, bool) {
    let user = User { name: username.into(), password: password.into(), binds: mechanism.binds_channel() };
    let config = SASLConfig::builder().with_registry(registry()).with_callback(user).unwrap();
    let name = Mechname::parse(mechanism.name().as_bytes()).unwrap();
    let mut theirs = SASLClient::with_cb(config, Tls).start_suggested(&[name]).unwrap();

    let policy = server::Policy::of(Mechanism::ALL);
    let context = server::Context::new("example.org", &policy, channel(), Decoy::new([3; 32], 4096).unwrap());
    let context = Arc::new(context.downgrade_protection(false));
    let mut ours = server::Exchange::start(mechanism, context).unwrap();
    let mut message = Vec::new();
    let _ = theirs.step(None, &mut message).unwrap();
    let mut step = ours.step(&message);
    loop {
        step = match step {
            Step::NeedCredentials(lookup) if lookup.username == "juliet" => {
                ours.provide(Account::found("juliet", credentials("pencil")))
            }
            Step::NeedCredentials(lookup) => ours.provide(Account::unknown(lookup.username)),
            Step::CheckPassword(check) => ours.checked(check.run()),
            Step::Challenge(challenge) => {
                let mut answer = Vec::new();
                let _ = theirs.step(Some(&challenge), &mut answer).unwrap();
                ours.step(&answer)
            }
            Step::Done(success) => {
                let Identity::Account(name) = success.identity else { panic!() };
                let trusted = match success.data {
                    Some(data) => {
                        theirs.step(Some(&data), &mut Vec::new()).is_ok_and(|state| state.is_finished())
                    }
                    None => true,
                };
                return (Some(name), trusted);
            }
            Step::Failed(_) => return (None, false),
        };
    }
}

fn mechanisms() -> impl Iterator<Item = Mechanism> {
    Mechanism::SCRAM.into_iter().chain([Mechanism::Plain])
}

#[test]
fn our_client_logs_in_to_their_server() {
    for mechanism in mechanisms() {
        assert_eq!(our_client(mechanism, "pencil"), (Some("juliet".into()), true), "{mechanism}");
    }
}

#[test]
fn their_server_refuses_our_client_with_a_wrong_password() {
    for mechanism in mechanisms() {
        assert_eq!(our_client(mechanism, "pen").0, None, "{mechanism}");
    }
}

#[test]
fn their_client_logs_in_to_our_server() {
    for mechanism in mechanisms() {
        assert_eq!(our_server(mechanism, "juliet", "pencil"), (Some("juliet".into()), true), "{mechanism}");
    }
}

#[test]
fn our_server_refuses_their_client_with_a_wrong_password_or_name() {
    for mechanism in mechanisms() {
        assert_eq!(our_server(mechanism, "juliet", "pen").0, None, "{mechanism}");
        assert_eq!(our_server(mechanism, "romeo", "pencil").0, None, "{mechanism}");
    }
}
