//! Words that a person does not want to read: messages of others that have one of them in their text do not arrive.
//!
//! There is no XEP for this; the protocol is of this crate alone:
//!
//! - `<muted xmlns='urn:example:mute:0'/>` in a request to the own account asks for the words;
//! - `<mute/>` and `<unmute/>` with `<word/>` elements add and remove some.
//!
//! Words are compared whole and without regard to case. An account has a limited number of them. Left out: telling other
//! sessions of the account of a change; texts that only the recipient can read.
//!
//! ```
//! use stonechat_xep_mute::Words;
//!
//! let words = Words::from_iter(["Rain", "fog"]);
//! assert!(words.are_in("No more rain, please."));
//! assert!(!words.are_in("the rainbow"));
//! ```

mod wire;
mod words;

pub use wire::{Mute, Muted, NS, Unmute};
pub use words::Words;

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER};
