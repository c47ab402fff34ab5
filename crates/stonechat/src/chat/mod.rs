//! `stonechat chat`: a full-screen client.
//!
//! [`model`] is the state and what changes it ([`incoming`], [`keys`]), [`view`] what the screen shows; both without a terminal, without a
//! connection and without a clock. [`run`] has all three.

mod color;
mod conversation;
mod incoming;
mod input;
mod keys;
mod look;
mod model;
mod run;
#[cfg(test)]
mod tests;
mod view;
mod wire;

pub(crate) use run::run;
