//! Stonechat's developer commands, run as `cargo xtask COMMAND`.
//!
//! - `test` installs what the tests need and runs all of them ([`test_all`]);
//! - `foreign` only installs ([`foreign`]);
//! - `layering` checks who depends on whom ([`layering`]);
//! - `instructions` counts what the hot path takes and compares it with what is recorded ([`instructions`]);
//! - `downstream` checks format and lints of the example of a project that builds on this one ([`downstream`]);
//! - `standalone` checks that each library crate builds alone and without its default features ([`standalone`]).
//!
//! Commands that install run on Debian and its derivatives; elsewhere they say what is missing. Left out: what
//! Cargo does by itself (format, lints, documentation); the file `.ci/run` has everything in order.
//!
//! The rule of the layers is a function of a graph, so it can be asked about a made-up one:
//!
//! ```
//! use stonechat_xtask::layering::violations;
//! use stonechat_xtask::workspace::{Edge, Kind, Package};
//!
//! let package = |name: &str, folder: &str, needs: &[&str]| Package {
//!     name: name.into(),
//!     folder: folder.into(),
//!     edges: needs.iter().map(|to| Edge { to: (*to).into(), kind: Kind::Normal }).collect(),
//!     ..Package::default()
//! };
//! let packages = [
//!     package("stonechat-stanza", "crates/stanza", &["stonechat-jid"]),
//!     package("stonechat-jid", "crates/jid", &["stonechat-stanza"]),
//! ];
//! let found = violations(&packages);
//! assert_eq!(found.len(), 1);
//! assert!(found[0].to_string().starts_with("stonechat-jid must not depend on stonechat-stanza"));
//! ```

pub mod built;
pub mod downstream;
pub mod error;
pub mod foreign;
pub mod instructions;
pub mod layering;
pub mod say;
pub mod shell;
pub mod standalone;
pub mod test_all;
pub mod workspace;

pub use error::{Error, Result};
