//! The terminal client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod chat;
mod commands;
mod counterparts;
mod rooms;
mod screen;
mod support;
mod tokens;

#[path = "../client/mod.rs"]
mod client;
