//! XEP-0484 (Fast Authentication Streamlining Tokens, "FAST"), version 0.2.0: who has logged in once with a password comes back with a
//! token, in one round trip.
//!
//! A client that logs in by SASL2 (XEP-0388) and asks for it gets a token, and proves later to have it with the HT mechanisms
//! (draft-schmaus-kitten-sasl-ht-09): HT-SHA-256-NONE, -ENDP and -EXPR. Their hashes are the core's; which tokens there are is kept here.
//! HT-SHA-256-UNIQ is not there: `tls-unique` does not exist in TLS 1.3, and of TLS 1.2 the TLS library does not give the messages that it is
//! made of. Who has TLS 1.2 is bound by -ENDP, and by -EXPR with the extended master secret.
//!
//! - Tokens belong to an installation, by the `id` of its `<user-agent/>` (§4.1); a client without one gets none, and neither does
//!   somebody anonymous. Each has 256 bits from the operating system.
//! - HT takes the token as the key of an HMAC, so the server has to keep the token itself; a hash of it would be worth the same to a thief.
//!   Whoever reads the store can log in with what is in it until it expires, unless the token is bound to TLS by -EXPR or -ENDP and he has
//!   not got the certificate's key either. The store is to be guarded like one of passwords. Tokens are never logged.
//! - A token is for one mechanism (§3.4), and expires. Well before, its use gives a new one, and the old one holds until the new one is
//!   used (§3.5): there are two of them for each installation at most (§5.1).
//! - `count` has to be larger each time (§3.4); what is told twice is refused. TLS early data is not taken, and `tls-0rtt` not offered.
//! - `invalidate` ends all tokens of the installation, also one that was issued and may not have arrived (§3.6).
//! - A new password, disabling the account and deleting it end all tokens of the account.
//! - A token that has expired gets `credentials-expired`, anything else `not-authorized`. Guesses are counted and slowed down as those of
//!   passwords are.
//! - When more installations of an account have tokens than may, the one that was away longest loses its own.
//!
//! ```
//! use stonechat_xep_fast::Token;
//!
//! let token = "<token xmlns='urn:xmpp:fast:0' expiry='2020-03-12T14:36:15Z' token='WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm'/>";
//! let token = Token::read(&token.parse()?).unwrap();
//! assert_eq!(token.expiry.to_string(), "2020-03-12T14:36:15Z");
//! assert!(!format!("{token:?}").contains("WXZz"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod wire;
pub use wire::{Fast, Feature, NS, RequestToken, Token};

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod slots;
#[cfg(feature = "server")]
pub use server::{Clients, Config, Extension, SERVER};
