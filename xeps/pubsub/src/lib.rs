//! XEP-0060 (Publish-Subscribe), version 1.30.0, and XEP-0163 (Personal Eventing Protocol), version 1.2.2, for clients: nodes hold items; who
//! follows a node hears of what is published there.
//!
//! Publishing with conditions, retracting, fetching, subscribing, making, configuring, emptying and deleting nodes; personal nodes of the own account and
//! of contacts; what is stored for oneself alone (XEP-0223). Events count only from the own account, from contacts whose presence we see, and from
//! services that we have subscribed to. See [`client`].
//!
//! Left out: nodes on the server; options of subscriptions (§6.3, §6.4) and default configurations (§8.3); lists of affiliations and of a node's
//! subscribers (§5.7, §8.8, §8.9); collections; paging of items (§6.5.4).
//!
//! ```
//! use stonechat_stanza::{Payload as _, Stanza, iq};
//! use stonechat_xep_pubsub::{Item, PubSub};
//!
//! let tune = "<tune xmlns='http://jabber.org/protocol/tune'><artist>Gerald Finzi</artist></tune>".parse()?;
//! let publish = PubSub::publish("http://jabber.org/protocol/tune", Item::new(tune).with_id("current"), None);
//! let request = Stanza::iq(iq::Type::Set).with(&publish);
//! assert_eq!(request.get::<PubSub>().unwrap(), Some(publish));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod options;
mod wire;
pub use options::{NODE_CONFIG, PUBLISH_OPTIONS, node_config, private, publish_options};
pub use wire::{
    ERRORS, EVENT, Event, Item, NS, OWNER, Owner, PubSub, Standing, Subscription, precondition_not_met,
};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
