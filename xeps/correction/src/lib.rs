//! XEP-0308 (Last Message Correction), version 1.2.1: a message that replaces an earlier one.
//!
//! A correction counts only from who has written the original (§5). The client remembers who has written the last messages; the
//! corrections of anybody else it does not tell, those of messages that it does not remember it tells with their author, for the
//! application to compare. [`correct`] makes a correction.
//!
//! Left out: corrections in rooms count by the occupant's address alone, whoever had it before (§6).
//!
//! ```
//! use stonechat_stanza::Stanza;
//! use stonechat_xep_correction::{Replace, correct};
//!
//! let right = Stanza::parse(b"<message to='juliet@capulet.net/balcony' id='good1'><body>yonder window</body></message>")?;
//! let correction = correct("bad1", right);
//! assert_eq!(correction.get::<Replace>()?, Some(Replace { id: "bad1".to_owned() }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod wire;
pub use wire::{NS, Replace, correct};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
