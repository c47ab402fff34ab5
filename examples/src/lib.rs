//! The examples are beside this folder; `cargo run -p stonechat-examples --example server` runs one.

use stonechat_client::Place;

/// Where the client of an example connects: where `XMPP_HOST` and `XMPP_PORT` say, or else where the account's domain does.
#[must_use]
pub fn place() -> Place {
    let Ok(host) = std::env::var("XMPP_HOST") else { return Place::Domain };
    let port = std::env::var("XMPP_PORT").ok().and_then(|port| port.parse().ok());
    Place::Host(host, port.unwrap_or(5222))
}
