//! Logging in with SCRAM-SHA-256 where nothing is derived from a password: the server's side beside the bare HMACs, the
//! whole exchange with a client that has cached keys beside `rsasl` as its server, and PLAIN, which has to derive.

mod common;

use std::hint::black_box;

use common::login::{Client, PASSWORD, Server, USER};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rsasl::callback::{Context as Given, Request, SessionCallback, SessionData};
use rsasl::config::SASLConfig;
use rsasl::mechanisms::scram;
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::prelude::{Mechname, Registry, SASLServer, SessionError, Validation};
use rsasl::property::AuthId;
use rsasl::validate::{Validate, ValidationError};
use sha2::{Digest as _, Sha256};
use stonechat_sasl::Mechanism;
use stonechat_sasl::scram::{Credentials, Hash};
use stonechat_sasl::server::Step;

/// About as long as what both sides sign (RFC 5802 §3).
const SIGNED: [u8; 180] = [b'n'; 180];

/// What the server cannot do without: the proof is checked and the answer is signed (RFC 5802 §3).
fn bare() -> [u8; 32] {
    let hmac = |key: &[u8]| {
        let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
        hmac.update(black_box(&SIGNED));
        hmac.finalize().into_bytes()
    };
    let signature = hmac(&[1; 32]);
    black_box(Sha256::digest(signature));
    hmac(&[2; 32]).into()
}

/// The account, for `rsasl`.
struct Account(Credentials);

struct Name;

impl Validation for Name {
    type Value = Option<String>;
}

impl SessionCallback for Account {
    fn callback(
        &self,
        _: &SessionData,
        given: &Given<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        if given.get_ref::<AuthId>() == Some(USER)
            && let Some(keys) = self.0.get(Hash::Sha256)
        {
            let (salt, stored, server) = (keys.salt(), keys.stored_key(), keys.server_key());
            let stored = ScramStoredPassword::new(keys.iterations(), salt, stored, server);
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
        validate.with::<Name, _>(|| Ok(given.get_ref::<AuthId>().map(str::to_owned)))?;
        Ok(())
    }
}

/// One login of our client to `rsasl`'s server. The client's part is in it, and measured on its own as well.
fn rsasl_login(config: &std::sync::Arc<SASLConfig>, client: &Client) {
    let name = Mechname::parse(b"SCRAM-SHA-256").expect("it is a name");
    let mut server = SASLServer::<Name>::new(config.clone()).start_suggested(name).expect("it has it");
    let opened = client.open();
    let mut challenge = Vec::new();
    assert!(server.step(Some(&opened.message), &mut challenge).expect("it goes on").is_running());
    let (_, response) = opened.respond(&challenge);
    assert!(server.step(Some(&response), &mut Vec::new()).expect("it is right").is_finished());
}

fn our_login(server: &Server, client: &Client) {
    let opened = client.open();
    let challenged = server.challenge(&opened.message);
    let (_, response) = opened.respond(&challenged.challenge);
    black_box(challenged.finish(&response));
}

fn scram(criterion: &mut Criterion) {
    let server = Server::new(Mechanism::SCRAM_SHA_256);
    let client = Client::of(&server);
    let mut group = criterion.benchmark_group("sasl/SCRAM-SHA-256");
    group.bench_function("floor: the server's HMACs", |bencher| bencher.iter(bare));
    group.bench_function("server", |bencher| {
        // Two halves around the client's part, which is not measured.
        bencher.iter_batched(
            || {
                let opened = client.open();
                let challenged = server.challenge(&opened.message);
                let (_, response) = opened.respond(&challenged.challenge);
                (challenged, response, client.open().message)
            },
            |(challenged, response, next)| (challenged.finish(&response), server.challenge(&next)),
            BatchSize::SmallInput,
        );
    });
    let plain = Server::new(Mechanism::SCRAM_SHA_256).without_downgrade_protection();
    let guest = Client::of(&plain);
    group.bench_function("both sides", |bencher| bencher.iter(|| our_login(&plain, &guest)));
    static ONE: &[rsasl::prelude::Mechanism] = &[scram::SCRAM_SHA256];
    let registry = Registry::with_mechanisms(ONE);
    let account = Account(plain.credentials().clone());
    let config =
        SASLConfig::builder().with_registry(registry).with_callback(account).expect("it is complete");
    group.bench_function("both sides, rsasl as the server", |bencher| {
        bencher.iter(|| rsasl_login(&config, &guest));
    });
    group.finish();
}

fn plain(criterion: &mut Criterion) {
    let server = Server::new(Mechanism::Plain);
    let message = format!("\0{USER}\0{PASSWORD}");
    let mut group = criterion.benchmark_group("sasl/PLAIN");
    group.sample_size(20);
    group.bench_function("server, PBKDF2 of the default iterations", |bencher| {
        bencher.iter(|| match server.open(Mechanism::Plain, message.as_bytes()) {
            (mut exchange, Step::CheckPassword(check)) => {
                assert!(matches!(exchange.checked(check.run()), Step::Done(_)), "the password is right");
            }
            (_, step) => panic!("no check: {step:?}"),
        });
    });
    group.finish();
}

criterion_group!(benches, scram, plain);
criterion_main!(benches);
