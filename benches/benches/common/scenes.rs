//! Who sends what to whom.

use std::hint::black_box;

use stonechat_stanza::{Kind, Stanza, message};

use super::stanzas::{MESSAGE, PING, PRESENCE, received};
use super::world::{Client, World, sent_to};

/// A stanza that one sends and others get.
pub(crate) struct Scene {
    pub(crate) sender: Client,
    pub(crate) receivers: Vec<Client>,
    stanza: Stanza,
}

impl Scene {
    /// Sends the stanza, and takes what has come of it.
    pub(crate) async fn round(&mut self) {
        self.sender.send(self.stanza.clone()).await;
        self.take();
    }

    /// Takes what has come out of the mailboxes, the sender's own among them.
    pub(crate) fn take(&mut self) {
        for receiver in &mut self.receivers {
            assert!(black_box(receiver.take()) > 0, "the stanza arrives");
        }
        black_box(self.sender.take());
    }
}

/// Romeo writes to Juliet, each with one session.
async fn lovers(world: &World, stanza: Stanza) -> Scene {
    let sender = world.online("romeo", "orchard").await;
    let receivers = vec![world.online("juliet", "balcony").await];
    Scene { sender, receivers, stanza }
}

/// A message to the full JID.
pub(crate) async fn full(world: &World) -> Scene {
    lovers(world, received(MESSAGE)).await
}

/// A message to the bare JID.
pub(crate) async fn bare(world: &World) -> Scene {
    lovers(world, sent_to(MESSAGE, "juliet@capulet.example")).await
}

/// A ping to the host.
pub(crate) async fn ping(world: &World) -> Scene {
    let sender = world.online("romeo", "orchard").await;
    Scene { sender, receivers: Vec::new(), stanza: received(PING) }
}

/// Presence to so many contacts.
pub(crate) async fn presence(world: &World, contacts: usize) -> Scene {
    let mut sender = world.online("juliet", "balcony").await;
    let receivers = world.subscribers(&mut sender, contacts).await;
    Scene { sender, receivers, stanza: received(PRESENCE) }
}

/// A headline to an account with so many sessions.
pub(crate) async fn headline(world: &World, sessions: usize) -> Scene {
    let sender = world.online("romeo", "orchard").await;
    let mut receivers = Vec::with_capacity(sessions);
    for number in 0..sessions {
        receivers.push(world.online("juliet", &format!("session-{number}")).await);
    }
    // What they were told of each other.
    for receiver in &mut receivers {
        receiver.take();
    }
    let mut stanza = sent_to(MESSAGE, "juliet@capulet.example");
    stanza.set_kind(Kind::Message(message::Type::Headline));
    Scene { sender, receivers, stanza }
}
