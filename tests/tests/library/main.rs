//! The client library, and what builds on it.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod adversary;
mod begin;
mod counterparts;
mod cuts;
mod dns;
mod downstream;
mod examples;
mod forgeries;
mod rooms;
mod services;
mod sides;
mod stonechatd;

#[path = "../client/mod.rs"]
mod client;
