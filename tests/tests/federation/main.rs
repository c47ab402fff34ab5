//! The server among others: other servers, components, gateways.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod components;
mod counterparts;
mod cuts;
mod cuts_prosody;
mod dns;
mod gateway;
mod kill;
mod operator;
mod stonechat;
mod support;

#[path = "../client/mod.rs"]
mod client;
