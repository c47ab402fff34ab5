//! SASL (RFC 4422) as XMPP uses it, as state machines for both roles.
//!
//! The crate has SCRAM-SHA-1, -256 and -512, each with and without channel binding (RFC 5802, RFC 7677), with
//! downgrade protection (XEP-0474); PLAIN (RFC 4616) under TLS only; EXTERNAL (RFC 4422 appendix A) and ANONYMOUS
//! (RFC 4505); HT-SHA-256 with the bindings NONE, ENDP and EXPR (draft-schmaus-kitten-sasl-ht-09) for tokens, as XEP-0484 uses them. Bytes go in and bytes come out: there are no sockets, no clock and no threads. Whatever is slow, a look
//! into the account store or a key derivation, is handed to the caller as a step to carry out where it likes.
//!
//! - [`server`]: what to offer, and one [`server::Exchange`] per attempt to log in.
//! - [`client`]: which mechanism to choose under an explicit [`client::Policy`], and the [`client::Exchange`].
//! - [`scram`]: what a server stores instead of a password, decoys for unknown accounts, downgrade protection.
//! - [`Token`]: what a server has issued for the HT mechanisms.
//! - [`encoding`]: base64 as RFC 6120 wants it. [`prep`]: SASLprep.
//!
//! Promises: a client cannot come by [`client::Authenticated`] from SCRAM or HT without having verified the server's
//! signature. A server never authenticates after any rule was broken. Unknown accounts look like wrong passwords.
//! Proofs, keys, signatures and bindings are compared in constant time; passwords and keys are wiped when dropped and
//! never shown by `Debug`. Iteration counts have a floor and a ceiling in both roles.
//!
//! Left out: security layers (XMPP has TLS), `tls-unique` and with it HT-SHA-256-UNIQ, the XML around the messages, limits on the number of
//! attempts, and the choice of an address for who comes in by ANONYMOUS. `Channel` must be told the truth: verifying
//! certificates is the TLS layer's work.
//!
//! # Example
//!
//! Both roles against each other; over a network the `Vec<u8>`s would travel through [`encoding`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use stonechat_sasl::scram::{Advertised, Credentials, Decoy, Hash};
//! use stonechat_sasl::{Channel, ChannelBinding, client, server};
//!
//! // The server: TLS with a binding, one account, SCRAM only.
//! let channel = Channel::tls().with_binding(ChannelBinding::tls_exporter([7; 32]));
//! let stored = Credentials::generate("pencil", &Hash::ALL, 4096)?;
//! let decoy = Decoy::new([1; 32], 4096)?;
//! let context = server::Context::new("example.org", &server::Policy::default(), channel.clone(), decoy);
//!
//! // The client sees what was advertised and chooses.
//! let login = client::Login::password("juliet", "pencil");
//! let offer = client::Offer::sasl(context.advertised().clone());
//! let choice = client::choose(&offer, &channel, &login, &client::Policy::default())?;
//! assert_eq!(choice.mechanism().name(), "SCRAM-SHA-512-PLUS");
//! let (mut client, initial_response) = client::Exchange::start(choice, login)?;
//!
//! let mut server = server::Exchange::start(client.mechanism(), Arc::new(context))?;
//! let server::Step::NeedCredentials(lookup) = server.step(&initial_response) else { panic!() };
//! assert_eq!(lookup.username, "juliet");
//! let server::Step::Challenge(challenge) = server.provide(server::Account::found("juliet", stored)) else { panic!() };
//!
//! // Deriving the keys is slow; `run` can go to another thread.
//! let client::Reply::Derive(derivation) = client.challenge(&challenge)? else { panic!() };
//! let response = client.derived(derivation.run())?;
//! let server::Step::Done(success) = server.step(&response) else { panic!() };
//! assert_eq!(success.identity, server::Identity::Account("juliet".into()));
//!
//! let authenticated = client.success(success.data.as_deref())?;
//! assert!(authenticated.is_channel_bound());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod client;
pub mod encoding;
pub mod prep;
pub mod scram;
pub mod server;

mod anonymous;
mod channel;
#[cfg(feature = "end-point")]
mod end_point;
mod failure;
mod mechanism;
mod plain;
mod token;

pub use channel::{BindingType, Channel, ChannelBinding, UnknownBindingType};
#[cfg(feature = "end-point")]
pub use end_point::end_point_hash;
pub use failure::{Failure, UnknownCondition};
pub use mechanism::{Mechanism, UnknownMechanism};
pub use token::Token;

/// Longest SASL message that either role reads, in bytes after base64. The longest that a mechanism of this crate can
/// need, PLAIN with three names of 1023 bytes, is well below.
pub const MAX_MESSAGE: usize = 8192;

#[cfg(test)]
mod tests;
