//! Logging in.

use stonechat_sasl::Mechanism;

use crate::common::login::{Client, Server};
use crate::work::{Rounds, Work, measured};

pub(crate) const WORKS: &[Work] =
    &[Work { name: "scram", unit: "login, server's side", units: 1, rounds: 200, prepare: scram }];

/// The client's part, which depends on the server's nonce, is done in between and not counted.
fn scram() -> Rounds {
    let server = Server::new(Mechanism::SCRAM_SHA_256);
    let client = Client::of(&server);
    Box::new(move |count| {
        for _ in 0..count {
            let opened = client.open();
            let mut challenged = None;
            measured(&mut || challenged = Some(server.challenge(&opened.message)));
            let Some(server) = challenged else { continue };
            let (_, response) = opened.respond(&server.challenge);
            let mut challenged = Some(server);
            measured(&mut || drop(challenged.take().map(|server| server.finish(&response))));
        }
    })
}
