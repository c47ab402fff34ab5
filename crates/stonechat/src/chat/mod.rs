//! `stonechat chat`: a full-screen client.
//!
//! [`model`] is the state and what changes it ([`incoming`], [`contacts`], [`rooms`], [`keys`], [`commands`], [`room_commands`]), [`view`] what the screen shows; both
//! without a terminal, without a connection and without a clock. [`run`] has all three, and [`perform`] does what is to be done by the
//! services of the client's extensions.

mod address;
mod attention;
mod color;
mod commands;
mod contacts;
mod conversation;
mod event;
mod incoming;
mod input;
mod kept;
mod keys;
mod line;
mod look;
mod model;
mod perform;
mod room;
mod room_commands;
mod room_service;
mod rooms;
mod rows;
mod run;
mod said;
#[cfg(test)]
mod tests;
mod text;
mod view;

pub(crate) use run::run;
