//! XEP-0045 (Multi-User Chat), version 1.35.5, for clients, with XEP-0249 (Direct MUC Invitations), version 1.2, XEP-0410 (MUC Self-Ping),
//! version 1.1.0, and XEP-0421 (Occupant identifiers), version 1.0.1.
//!
//! Entering with a password and as much history as is wanted, other nicknames where one is taken, leaving; who is in the room with role and
//! affiliation; what is said to all and to one alone, with one's own messages known when they come back; subject; roles and affiliations changed
//! and listed; configuration; the end of a room; invitations through the room and from person to person; voice; messages of a room's archive. A room that was lost with the
//! session, or by a fault, is entered again, and asked for what was said meanwhile. See [`client`].
//!
//! Left out: rooms on the server; registering with a room (§7.10) has no form of its own here, the extension `register` does it with any
//! service; the protocol before this one (§7.2.18, groupchat 1.0); messages and presence of occupants while the room is not entered.
//!
//! ```
//! use stonechat_stanza::Stanza;
//! use stonechat_xep_muc::{User, code};
//!
//! let presence = Stanza::parse(
//!     b"<presence from='coven@chat.shakespeare.lit/thirdwitch'><x xmlns='http://jabber.org/protocol/muc#user'>\
//!       <item affiliation='member' role='participant'/><status code='110'/></x></presence>",
//! )?;
//! let user = presence.get::<User>().unwrap().unwrap();
//! assert!(user.codes.has(code::SELF));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod wire;
pub use wire::{
    ADMIN, Actor, Admin, Affiliation, Codes, DIRECT_INVITE, Decline, Destroy, DirectInvite, Enter, History,
    Invite, Item, NS, OCCUPANT_ID, OWNER, OccupantId, Owner, REQUEST, Role, USER, User, code,
};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
mod room;
#[cfg(feature = "client")]
pub use client::CLIENT;
