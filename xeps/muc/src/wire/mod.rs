//! The payloads (XEP-0045 §19, XEP-0249 §2, XEP-0421 §3).

mod admin;
mod invite;
mod item;
mod join;
mod owner;
mod user;

pub use admin::Admin;
pub use invite::DirectInvite;
pub use item::{Actor, Affiliation, Item, Role};
pub use join::{Enter, History};
pub use owner::{Destroy, Owner};
pub use user::{Codes, Decline, Invite, User, code};

use stonechat_stanza::payload;

/// Namespace of what enters a room (§7.2.1), and the feature of rooms, services and clients (§6).
pub const NS: &str = "http://jabber.org/protocol/muc";
/// Namespace of what rooms say about occupants, and of invitations.
pub const USER: &str = stonechat_stanza::ns::MUC_USER;
/// Namespace of requests about roles and affiliations (§8, §9).
pub const ADMIN: &str = "http://jabber.org/protocol/muc#admin";
/// Namespace of requests about the room as a whole (§10).
pub const OWNER: &str = "http://jabber.org/protocol/muc#owner";
/// Type of the form that asks for voice (§16.5.2).
pub const REQUEST: &str = "http://jabber.org/protocol/muc#request";
/// Namespace of direct invitations (XEP-0249 §2).
pub const DIRECT_INVITE: &str = "jabber:x:conference";
/// Namespace of the identifiers of occupants, and the feature that makes them worth something (XEP-0421 §2).
pub const OCCUPANT_ID: &str = "urn:xmpp:occupant-id:0";

payload! {
    /// Who an occupant is, whatever their nickname (XEP-0421 §3). Worth something only where the room has the feature.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct OccupantId: OCCUPANT_ID, "occupant-id" {
        /// The same for a person whenever they are in the room; at most 128 characters.
        pub id: String => required("id"),
    }
}

#[cfg(test)]
mod tests;
