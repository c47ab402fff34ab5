//! What the benchmarks and the counts of instructions share: the stanzas, a host in memory, a login.
#![allow(dead_code, reason = "each benchmark uses some of it")]

pub(crate) mod login;
pub(crate) mod scenes;
pub(crate) mod stanzas;
pub(crate) mod world;
