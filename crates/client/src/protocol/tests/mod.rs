//! The machine against a server that is made of the other halves of the same crates, in simulated time.

mod faults;
mod login;
mod peer;
mod unauthenticated;
mod world;

use stonechat_sasl::client::Login;

use super::*;
use peer::Peer;
use world::World;

fn config() -> Config {
    Config {
        security: Security::Plaintext,
        ..Config::new("juliet@example.com".parse().unwrap(), Login::password("juliet", "r0m30"))
    }
}
