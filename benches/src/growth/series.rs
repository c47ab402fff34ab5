//! What grows, and what is measured meanwhile.

use clap::ValueEnum;
use serde::Serialize;

use crate::server::Kind;

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sweep {
    /// Sessions that are logged in and silent.
    Sessions,
    /// Contacts of each account, all subscribed to each other.
    Contacts,
    /// Accounts that are stored.
    Accounts,
    /// Messages in the archive of one account.
    Archive,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// 20 pairs chat, 10 messages under way in each.
    Chat,
    /// Clients log in, 8 at a time, and disconnect.
    Login,
    /// One client changes its presence, and all its contacts are online and are told.
    Presence,
    /// Sessions of an account read pages of 50 messages, somewhere in its archive, 2 under way in each.
    Page,
}

impl Sweep {
    /// The sizes, from small to large; with `huge`, also those that take long to make.
    #[must_use]
    pub fn sizes(self, quick: bool, huge: bool) -> &'static [usize] {
        match self {
            Self::Archive if quick => &[500, 1000],
            Self::Archive if huge => &[1000, 10_000, 100_000, 1_000_000, 10_000_000],
            Self::Archive => &[1000, 10_000, 100_000, 1_000_000],
            Self::Sessions | Self::Contacts if quick => &[10, 50],
            Self::Accounts if quick => &[100, 1000],
            Self::Sessions => &[10, 100, 1000, 10_000],
            Self::Contacts => &[10, 100, 1000, 5000],
            Self::Accounts => &[100, 1000, 10_000, 100_000, 1_000_000],
        }
    }

    /// What is measured at each size.
    #[must_use]
    pub fn works(self) -> &'static [Work] {
        match self {
            Self::Sessions => &[Work::Chat],
            Self::Contacts => &[Work::Login, Work::Presence],
            Self::Accounts => &[Work::Chat, Work::Login],
            Self::Archive => &[Work::Chat, Work::Page],
        }
    }

    /// Whether it can be shown with a server: only Stonechat's data can be made quickly.
    #[must_use]
    pub fn is_for(self, server: Kind) -> bool {
        self == Self::Sessions || server == Kind::Stonechat
    }

    /// What the sizes count.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sessions => "idle sessions",
            Self::Contacts => "contacts of an account",
            Self::Accounts => "stored accounts",
            Self::Archive => "archived messages",
        }
    }
}

impl Work {
    /// What one unit of it is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Chat => "chat, per message",
            Self::Login => "login and end, each",
            Self::Presence => "presence, per delivery",
            Self::Page => "page of 50, each",
        }
    }
}
