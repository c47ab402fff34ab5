//! XEP-0388 (Extensible SASL Profile, "SASL2"), version 1.0.4: authentication without a restart of the stream, together with what else
//! a client wants done when it logs in.
//!
//! The extension is how SASL2 looks on the wire, for the server's [login](stonechat_extension::login): mechanisms, accounts and
//! throttling are those of the profile of RFC 6120, which stays on offer beside it, and both offer the same mechanisms.
//!
//! - `<inline/>` (§2.1) lists what other extensions brought, such as Bind 2 (XEP-0386) and FAST (XEP-0484); the elements that go with it
//!   are theirs.
//! - It is offered under TLS only (§3), and nothing that comes as TLS early data is ever read.
//! - While an exchange is under way, whatever else comes ends the stream (§2.4); so does another `<authenticate/>` after success (§4.8).
//! - Who named an account in the stream's header and proves to be another one has failed (§2.3, §4.4).
//! - The mechanisms do not depend on the `from` of the header, so that they do not tell which accounts exist (§3).
//! - The user agent is kept with the session and shown to nobody (§2.3). An `id` that is no UUID is taken for none, and texts are cut
//!   after [`MAX_TEXT`] characters.
//! - There are no tasks (`<continue/>`, `<next/>`, `<task-data/>`, §2.6.3): a server asks for those that it wants done, and this one
//!   has none, such as a second factor or the change of a password. So no `<continue/>` is ever sent, and `<next/>` and `<task-data/>` are elements
//!   that nobody has asked for.
//!
//! ```
//! use stonechat_xep_sasl2::{Authenticate, UserAgent};
//!
//! let element = "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'>\
//!     <initial-response>AGFsaWNlAHNlY3JldA==</initial-response>\
//!     <user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>AwesomeXMPP</software></user-agent>\
//!     </authenticate>";
//! let authenticate = Authenticate::read(&element.parse()?).unwrap();
//! assert_eq!(authenticate.mechanism, "PLAIN");
//! assert_eq!(authenticate.initial.unwrap(), b"\0alice\0secret"[..].into());
//! let UserAgent { id, software, .. } = authenticate.user_agent.unwrap();
//! assert_eq!(id.as_deref(), Some("d4565fa7-4d72-4749-b3d3-740edbf87770"));
//! assert_eq!(software.as_deref(), Some("AwesomeXMPP"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod data;
mod user_agent;
mod wire;
pub use data::Data;
pub use user_agent::{MAX_TEXT, UserAgent};
pub use wire::{Authenticate, Authentication, Failure, NS, Nonza, Success};

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Extension, SERVER};
