//! How each point is measured.

use std::ops::Range;
use std::time::Duration;

use super::series::{Sweep, Work};
use crate::load::{self, Churn, Pace, Shape, Storm, Window};
use crate::report::Measured;
use crate::server::{Archive, Server};
use crate::{Result, client};

/// Those who chat have the first accounts.
const PAIRS: usize = 20;
const IDLE: usize = 2 * PAIRS;
/// The contacts of account 0 are the accounts behind it, up to here; behind them are those that log in.
const LAST_CONTACT: usize = 5000;
const LOGINS: Range<usize> = LAST_CONTACT + 1..LAST_CONTACT + 51;

/// How long each point is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) warm: Duration,
    pub(super) during: Duration,
}

/// A server with what grows in it.
pub(super) struct Grown {
    sweep: Sweep,
    server: Server,
    size: usize,
    /// They are only held.
    sessions: Vec<client::Connection>,
}

impl Grown {
    /// A server that has what is needed for the least size.
    pub(super) async fn new(sweep: Sweep, mut server: Server, largest: usize) -> Result<Self> {
        match sweep {
            Sweep::Sessions => server.create_accounts(IDLE + largest).await?,
            Sweep::Accounts => server.create_accounts(IDLE).await?,
            Sweep::Archive => {
                server.create_accounts(IDLE).await?;
                server.restart(Archive::On).await?;
                say_something(&server).await?;
            }
            Sweep::Contacts => {
                server.create_accounts(LOGINS.end).await?;
                make_friends(&server).await?;
                server.fill(async |data| data.copy_roster(1, 2..largest + 1).await).await?;
            }
        }
        let size = match sweep {
            Sweep::Sessions | Sweep::Archive => 0,
            Sweep::Accounts => IDLE,
            Sweep::Contacts => 1,
        };
        Ok(Self { sweep, server, size, sessions: Vec::new() })
    }

    /// Has it grow.
    pub(super) async fn grow(&mut self, to: usize) -> Result<()> {
        let more = self.size..to;
        match self.sweep {
            Sweep::Sessions => {
                let accounts = IDLE + more.start..IDLE + more.end;
                let storm = Storm { accounts, resource: "idle", secure: true, at_once: 20 };
                self.sessions.extend(load::log_in(self.server.target(), &storm).await?);
            }
            Sweep::Accounts => self.server.fill(async |data| data.copy_account(0, more).await).await?,
            Sweep::Archive => self.server.fill(async |data| data.copy_message(0, more).await).await?,
            Sweep::Contacts => {
                let contacts = more.start + 1..more.end + 1;
                self.server
                    .fill(async |data| {
                        data.copy_contact(0, 1, contacts).await?;
                        data.copy_roster(0, LOGINS).await
                    })
                    .await?;
            }
        }
        self.size = to;
        Ok(())
    }

    /// Measures once.
    pub(super) async fn measure(&self, work: Work, scale: Scale) -> Result<Measured> {
        let window = match (work, self.sweep) {
            (Work::Chat, _) => return chat(&self.server, scale).await,
            (Work::Login, Sweep::Contacts) => login(&self.server, LOGINS, scale).await?,
            (Work::Login, _) => login(&self.server, 0..self.size, scale).await?,
            (Work::Presence, _) => {
                let shape = Shape::Presence { contacts: self.size, subscribed: true };
                flow(&self.server, shape, scale, 10).await?
            }
            (Work::Page, _) => {
                let shape = Shape::Pages { sessions: 8, archived: self.size };
                flow(&self.server, shape, scale, 2).await?
            }
        };
        Measured::window(&window)
    }

    pub(super) async fn stop(self) -> Result<()> {
        drop(self.sessions);
        self.server.stop().await
    }
}

/// What a chat message costs a server.
pub(super) async fn chat(server: &Server, scale: Scale) -> Result<Measured> {
    Measured::window(&flow(server, Shape::Chat { pairs: PAIRS, bare: false }, scale, 10).await?)
}

async fn flow(server: &Server, shape: Shape, scale: Scale, window: u64) -> Result<Window> {
    let load = load::prepare(server.target(), shape, 0).await?;
    let pace = Pace { window, per_second: None };
    load::measure(load, pace, scale.warm, scale.during, server.process_id()).await
}

async fn login(server: &Server, accounts: Range<usize>, scale: Scale) -> Result<Window> {
    let churn = Churn { accounts, at_once: 8 };
    load::churn(server.target(), &churn, scale.warm, scale.during, server.process_id()).await
}

/// Has account 0 send a message, which is archived when this returns.
async fn say_something(server: &Server) -> Result<()> {
    let mut one = server.target().log_in(0, "sender", true, "message", &[]).await?;
    let body = "a".repeat(100);
    let message =
        format!("<message type='chat' id='m1' to='{}'><body>{body}</body></message>", client::address(1));
    one.send(message.as_bytes()).await?;
    load::catch_up(std::slice::from_mut(&mut one)).await
}

/// Has the accounts 0 and 1 subscribed to each other.
async fn make_friends(server: &Server) -> Result<()> {
    let target = server.target();
    let mut one = target.log_in(0, "friend", true, "presence", &[]).await?;
    let mut other = target.log_in(1, "friend", true, "presence", &[]).await?;
    load::subscribe((0, &mut one), (1, &mut other)).await?;
    load::subscribe((1, &mut other), (0, &mut one)).await
}
