//! Tests of whole exchanges: the standards' examples, each rule of both roles, both roles against each other.

mod both_roles;
mod choosing;
mod client_rules;
mod mutations;
mod server_login;
mod server_rules;
mod tokens;
mod vectors;

use std::sync::Arc;

use crate::client::{self, Authenticated, Login, Offer, Reply};
use crate::scram::{Advertised, Credentials, Decoy, Hash, Keys};
use crate::server::{self, Account, Context, Policy, Refusal, Step, Success};
use crate::{Channel, ChannelBinding, Mechanism};

const DOMAIN: &str = "example.org";
const ITERATIONS: u32 = 4096;

fn decoy() -> Decoy {
    Decoy::new([9; 32], ITERATIONS).unwrap()
}

fn bound_channel() -> Channel {
    Channel::tls()
        .with_binding(ChannelBinding::tls_exporter([7; 32]))
        .with_binding(ChannelBinding::tls_server_end_point(&[8; 32]).unwrap())
}

/// Everything on offer that the channel carries.
fn context(channel: Channel) -> Context {
    Context::new(DOMAIN, &Policy::of(Mechanism::ALL), channel, decoy())
}

fn credentials(password: &str) -> Credentials {
    Hash::ALL.into_iter().fold(Credentials::new(), |all, hash| {
        all.with(Keys::derive(hash, password, b"0123456789abcdef", ITERATIONS).unwrap())
    })
}

/// juliet with the password pencil, and nobody else.
fn lookup(username: &str) -> Account {
    thread_local! {
        static PENCIL: Credentials = credentials("pencil");
    }
    match username {
        "juliet" => Account::found("juliet", PENCIL.with(Clone::clone)),
        other => Account::unknown(other),
    }
}

/// Follows the server's steps up to one that the client has to see.
fn settle(server: &mut server::Exchange, mut step: Step, lookup: &dyn Fn(&str) -> Account) -> Step {
    loop {
        step = match step {
            Step::NeedCredentials(wanted) => server.provide(lookup(&wanted.username)),
            Step::CheckPassword(check) => server.checked(check.run()),
            other => return other,
        }
    }
}

fn offer(context: &Context) -> Offer {
    Offer::sasl(context.advertised().clone())
}

/// What became of a login.
#[derive(Debug)]
enum Outcome {
    Done(Box<Authenticated>, Box<Success>),
    Refused(Refusal),
    ClientFailed(client::Error),
}

/// Has a client log in with a given choice.
fn exchange(
    choice: client::Choice,
    login: Login,
    context: &Arc<Context>,
    lookup: &dyn Fn(&str) -> Account,
) -> Outcome {
    let (mut client, initial) = match client::Exchange::start(choice, login) {
        Ok(started) => started,
        Err(error) => return Outcome::ClientFailed(error),
    };
    let mut server = match server::Exchange::start(client.mechanism(), Arc::clone(context)) {
        Ok(server) => server,
        Err(refusal) => return Outcome::Refused(refusal),
    };
    let mut step = server.step(&initial);
    loop {
        match settle(&mut server, step, lookup) {
            Step::Challenge(challenge) => {
                let reply = match client.challenge(&challenge) {
                    Ok(Reply::Respond(response)) => Ok(response),
                    Ok(Reply::Derive(derivation)) => client.derived(derivation.run()),
                    Err(error) => Err(error),
                };
                match reply {
                    Ok(response) => step = server.step(&response),
                    Err(error) => return Outcome::ClientFailed(error),
                }
            }
            Step::Done(success) => {
                return match client.success(success.data.as_deref()) {
                    Ok(authenticated) => Outcome::Done(Box::new(authenticated), Box::new(success)),
                    Err(error) => Outcome::ClientFailed(error),
                };
            }
            Step::Failed(refusal) => return Outcome::Refused(refusal),
            other => panic!("settle leaves no {other:?}"),
        }
    }
}

/// A client's choice of exactly this mechanism.
fn choose(mechanism: Mechanism, channel: &Channel, login: &Login, advertised: &Advertised) -> client::Choice {
    client::choose(&Offer::sasl(advertised.clone()), channel, login, &client::Policy::of([mechanism]))
        .unwrap()
}
