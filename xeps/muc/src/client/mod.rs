//! The client's side: [`Rooms`] is the service of the extension, [`Event`] what happens in rooms.
//!
//! Messages and presence of rooms come to the application as stanzas, too, as everything does; the events say what they mean. Who is in the
//! room before oneself is known when [`News::Entered`] is told, and is not told one by one.
//!
//! # Staying in
//! When the session is lost, or the service loses us, the room is entered again as soon as that can be; what was said meanwhile is asked for and
//! told once. Where a room has been silent for some time it is asked whether we are still in (XEP-0410). Kicks, bans and the end of a
//! room are final, and so is [leaving](Rooms::leave).
//!
//! # Whom to believe
//! Only what a room says that we want to be in counts, and of an occupant nothing but what the room says of them. Who an occupant is, whatever
//! the nickname, is told where the room says that it vouches for it (XEP-0421 §4), and so is the id of a message (XEP-0359 §5).
//!
//! ```no_run
//! # use stonechat_extension::client::{Event, Tables};
//! use stonechat_xep_muc::client::{self, Join, News, Rooms};
//!
//! # async fn run(tables: &Tables, event: Event) -> Result<(), Box<dyn std::error::Error>> {
//! let rooms = tables.service::<Rooms>().expect("the extension is installed");
//! let coven = "coven@chat.shakespeare.lit".parse()?;
//! let entered = rooms.join(&coven, Join::as_nick("thirdwitch")).await?;
//! println!("as {}, with {} others", entered.nick, rooms.occupants(&coven).len());
//! rooms.say(&coven, "When shall we three meet again?").await?;
//! if let Some(client::Event { room, news: News::Said(said) }) = event.get() {
//!     println!("{room}: {:?} said something, we: {}", said.nick, said.own);
//! }
//! # Ok(())
//! # }
//! ```

mod act;
mod administration;
mod invitations;
mod service;
mod shared;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Connected, Cx, Disconnected, Extension as ClientExtension, Inbound, Installer, Learned, Observe,
    Outbound, React, Way,
};
use stonechat_extension::{HandlerError, InstallError, Manifest};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Kind, message, ns, presence};
use stonechat_xep_presence::Availability;

pub use crate::room::{Entered, Exit, Join, News, Occupant, Said, Standing, Why};
pub use invitations::{Declined, Invitation, Mediation};
pub use service::{JoinError, Rooms};

use crate::{DIRECT_INVITE, NS};
use act::act;
use shared::Shared;

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// After so many seconds of silence a room is asked whether we are still in; 0 for never.
    pub silence: u64,
    /// Every so many seconds that is looked at, and rooms that could not be entered again are tried.
    pub retry: u64,
    /// So many rooms at a time.
    pub most_rooms: usize,
    /// Of so many occupants of a room it is known that they are there.
    pub most_occupants: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { silence: 900, retry: 60, most_rooms: 200, most_occupants: 5000 }
    }
}

/// Something happens in a room.
#[derive(Debug, Clone)]
pub struct Event {
    /// Where.
    pub room: BareJid,
    /// What.
    pub news: News,
}

/// The client extension; it provides [`Rooms`].
#[derive(Debug)]
pub struct Extension {
    shared: Arc<Shared>,
    retry: Duration,
}

impl ClientExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("muc")
        .about("takes part in rooms")
        .xep(45, "1.35.5")
        .xep(249, "1.2")
        .xep(359, "0.7.0")
        .xep(410, "1.1.0")
        .xep(421, "1.0.1");
    const CONFIG: &'static str = "# After so many seconds of silence a room is asked whether we are still in; 0 for never.\n\
        silence = 900\n\
        # Every so many seconds that is looked at, and rooms that could not be entered again are tried.\n\
        retry = 60\n\
        # So many rooms at a time.\n\
        most-rooms = 200\n\
        # Of so many occupants of a room it is known that they are there.\n\
        most-occupants = 5000\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        if config.retry == 0 {
            return Err(client.failed("`retry` is at least 1"));
        }
        // §6.7; XEP-0249 §3.
        client.feature(NS);
        client.feature(DIRECT_INVITE);
        let retry = Duration::from_secs(config.retry);
        let shared = Arc::new(Shared::new(config));
        client.provide(Arc::new(Rooms::new(client.handle(), Arc::clone(&shared))))?;
        let rooms = client.share(Self { shared, retry });
        client.react::<Connected>(&rooms);
        client.react::<Disconnected>(&rooms);
        client.observe::<Inbound>(&rooms);
        client.observe::<Outbound>(&rooms);
        client.react::<Learned>(&rooms);
        Ok(())
    }
}

impl React<Connected> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if !event.resumed {
            for (room, steps) in self.shared.session_lost() {
                act(cx, &self.shared, &room, steps);
            }
        }
        let ticks = self.shared.set_online(true);
        if !event.resumed {
            for (room, step) in self.shared.tick(cx.now()) {
                act(cx, &self.shared, &room, vec![step]);
            }
        }
        if !ticks {
            tick_later(cx, Arc::clone(&self.shared), self.retry);
        }
        Ok(())
    }
}

/// Looks after the rooms again and again, as long as there is a client.
fn tick_later(cx: &mut Cx<'_>, shared: Arc<Shared>, retry: Duration) {
    cx.later(retry, move |cx| {
        for (room, step) in shared.tick(cx.now()) {
            act(cx, &shared, &room, vec![step]);
        }
        tick_later(cx, shared, retry);
    });
}

impl React<Disconnected> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Disconnected) -> Result<(), HandlerError> {
        self.shared.set_online(false);
        if !event.resumable {
            for (room, steps) in self.shared.session_lost() {
                act(cx, &self.shared, &room, steps);
            }
        }
        Ok(())
    }
}

impl Observe<Inbound> for Extension {
    fn observe(&self, cx: &mut Cx<'_>, event: &Inbound) {
        let Some(from) = event.stanza.from() else { return };
        let (bare, now) = (from.to_bare(), cx.now());
        let steps = self.shared.with(&bare, |room| match event.stanza.kind() {
            Kind::Presence(_) => room.presence(&event.stanza, now),
            Kind::Message(_) => room.notice(&event.stanza, now),
            Kind::Iq(_) => Vec::new(),
        });
        act(cx, &self.shared, &bare, steps.unwrap_or_default());
        invitations::observe(cx, &self.shared, &event.stanza);
    }
}

impl React<Learned> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Learned) -> Result<(), HandlerError> {
        let Some(from) = event.message.from().filter(|_| event.way == Way::Live) else { return Ok(()) };
        let (bare, now) = (from.to_bare(), cx.now());
        if let Some(news) = self.shared.with(&bare, |room| room.said(&event.message, now)).flatten() {
            cx.emit(Event { room: bare, news });
        }
        Ok(())
    }
}

impl Observe<Outbound> for Extension {
    fn observe(&self, cx: &mut Cx<'_>, event: &Outbound) {
        let stanza = &event.stanza;
        match (stanza.kind(), stanza.to()) {
            (Kind::Message(message::Type::Groupchat), Some(to)) if stanza.has(ns::CLIENT, "body") => {
                self.shared.with(&to.to_bare(), |room| room.sent(stanza));
            }
            (Kind::Presence(presence::Type::Available), None) => {
                let handle = cx.handle();
                // §7.7; the priority is the account's affair.
                let own = Availability { priority: 0, ..Availability::of(stanza) };
                let told = self.shared.available(own);
                cx.spawn(async move {
                    for presence in told {
                        // Who has closed the client has no more to tell.
                        let _closed = handle.send(presence).await;
                    }
                });
            }
            (Kind::Presence(presence::Type::Unavailable), None) => self.shared.unavailable(),
            _ => {}
        }
    }
}

stonechat_extension::register!(client: Extension);
