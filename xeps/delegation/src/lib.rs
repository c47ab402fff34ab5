//! XEP-0355 (Namespace Delegation), version 0.5: components that answer requests of some namespaces in the place of the server, where its
//! operator has delegated them (admin mode, §4).
//!
//! Nothing is delegated by default. A request to the host, or to the bare JID of an account of it, whose payload is of a delegated namespace, is
//! forwarded to the component (§4.3), perhaps only where the payload has certain attributes; its answer goes to who has asked, if it is one
//! to that request. Requests of the component itself are not forwarded (§4.3.1). Guards have their say first: who may not ask an account
//! anything is not heard by the component either. When the component is not there, or answers with an error or with something else, the asker gets
//! `service-unavailable`.
//!
//! A namespace that an extension of the server answers can be delegated, too: it is the component's then.
//!
//! When a component connects it is asked what it can do in each namespace, and service discovery of the host and of accounts tells that, in the
//! place of what the server could (§7.2). What is asked about items of accounts, and about nodes that the server does not know, can be delegated
//! as well ([`INFO_OF_NODES`], [`ITEMS_OF_ACCOUNTS`]).
//!
//! Left out: client mode (§5), which the XEP leaves servers free to do without (§9, note 1), and the configuration by commands (§6).
//!
//! ```
//! use stonechat_stanza::Payload as _;
//! use stonechat_xep_delegation::{Delegated, Delegation};
//!
//! let told = Delegation {
//!     delegated: vec![Delegated { namespace: "urn:xmpp:mam:2".into(), attributes: vec!["node".into()] }],
//!     forwarded: None,
//! };
//! assert_eq!(Delegation::parse(&told.to_element())?.delegated, told.delegated);
//! # Ok::<(), stonechat_stanza::ParseError>(())
//! ```

mod wire;
pub use wire::{Delegated, Delegation, INFO_OF_NODES, ITEMS_OF_ACCOUNTS, NS};

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Entry, Extension, SERVER};
