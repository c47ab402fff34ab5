//! The server, as its clients and its operator meet it.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod abort;
mod bad_input;
mod channel_binding;
mod clients;
mod fast;
mod foreign;
mod foreign_resume;
mod go_sendxmpp;
mod hardening;
mod kill;
mod power;
mod process;
mod profanity;
mod resume;
mod resume_at_login;
mod sasl2;
mod secrets;
mod slixmpp_accounts;
mod slixmpp_archive;
mod slixmpp_blocking;
mod slixmpp_contacts;
mod slixmpp_login;
mod slixmpp_messages;
mod slixmpp_push;
mod slixmpp_services;
mod stop;
mod strangers;
mod xmpp_js;
