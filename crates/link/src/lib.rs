//! Turns the extension crates that a program's `Cargo.toml` names into the program's list of extensions.
//!
//! A crate that no code names is not linked, and what it would have registered is missing without a word.
//! So a program that is composed of Stonechat's parts lists its extension crates in one place, its own
//! `Cargo.toml`, and its build script writes the code that names them:
//!
//! ```toml
//! [dependencies]
//! stonechat-extension = "0.1"
//! stonechat-xep-ping = "0.1"
//! stonechat-xep-carbons = { version = "0.1", optional = true }
//!
//! [build-dependencies]
//! stonechat-link = "0.1"
//! ```
//!
//! ```no_run
//! // build.rs, in `main`
//! stonechat_link::generate();
//! ```
//!
//! ```ignore
//! // main.rs: defines `EXTENSIONS: &[&stonechat_extension::Descriptor]`
//! include!(concat!(env!("OUT_DIR"), "/extensions.rs"));
//! ```
//!
//! To add an extension is then to add one line to `Cargo.toml`.
//!
//! A client does the same with [`generate_client`], and gets `CLIENT_EXTENSIONS: &[&stonechat_extension::client::Descriptor]` in
//! `client_extensions.rs`.
//!
//! Taken is each entry of `[dependencies]` whose *package* name starts with `stonechat-xep-`: also under
//! another name (`package = ".."`), inherited from the workspace, only for some targets
//! (`[target.'cfg(..)'.dependencies]`), or optional (then only while one of the program's features switches
//! it on). Each such crate has its server side's descriptor at its root as `SERVER`, and its client side's as `CLIENT`; a crate without
//! the one that is asked for fails to compile at the generated line. `[dev-dependencies]` and `[build-dependencies]` are not looked at.
//!
//! Left out: what an extension is and which of the linked ones are enabled. This crate knows names only.
//!
//! The rule is a function of texts, so it can be tried without a build:
//!
//! ```
//! use std::path::Path;
//! use stonechat_link::{Build, Manifest, extensions};
//!
//! let text = r#"
//!     [dependencies]
//!     stonechat-xep-ping = "0.1"
//!     carbons = { package = "stonechat-xep-carbons", version = "0.1", optional = true }
//!     serde = "1"
//! "#;
//! let manifest = Manifest { path: Path::new("Cargo.toml"), text };
//!
//! let plain = Build::from_vars([]);
//! let found = extensions(&manifest, None, &plain)?;
//! assert_eq!(found.iter().map(|e| e.package.as_str()).collect::<Vec<_>>(), ["stonechat-xep-ping"]);
//!
//! // What Cargo sets for `--features carbons`.
//! let with_carbons = Build::from_vars([("CARGO_FEATURE_CARBONS".to_owned(), "1".to_owned())]);
//! let found = extensions(&manifest, None, &with_carbons)?;
//! assert_eq!(found[0].package, "stonechat-xep-carbons");
//! assert_eq!(found[0].krate, "carbons");
//! # Ok::<(), stonechat_link::Error>(())
//! ```

mod build;
mod dependency;
mod error;
mod generate;
mod manifest;

pub use build::Build;
pub use error::Error;
pub use generate::{Side, generate, generate_client, render};
pub use manifest::{Extension, Manifest, extensions};
