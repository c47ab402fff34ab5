//! What is measured.

use clap::ValueEnum;
use serde::Serialize;

use crate::server::{Archive, Kind};

/// One kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// From spawning the process, with an empty data folder, to the first TLS handshake finished.
    Start,
    /// Memory right after that.
    StartMemory,
    /// The start again, with 100 000 accounts in the data folder.
    StartFull,
    /// 20 pairs chat over TLS, 10 messages under way in each, to full JIDs.
    Chat,
    /// The same to bare JIDs.
    ChatBare,
    /// The same to full JIDs with one message under way.
    ChatWindow1,
    /// The same at a fixed rate of 1 000 messages a second in all.
    ChatRate,
    /// The same to full JIDs, ten under way, with every message kept in the archives of both accounts (XEP-0313).
    ChatArchive,
    /// The same to full JIDs, ten under way, between sessions that can be resumed (XEP-0198): senders ask for an acknowledgement
    /// with every fifth message, receivers give one whenever they are asked. For the floor: the same as without.
    ChatSm,
    /// 20 clients ping the server over TLS, 10 pings under way in each (XEP-0199).
    Ping,
    /// One client changes its presence, and 50 contacts are told, over TLS; 10 changes under way.
    Presence,
    /// One client sends headlines to the bare JID of an account with 100 sessions, over TLS; 10 under way.
    FanOut,
    /// Logging in: TCP, TLS 1.3, SCRAM-SHA-256, a resource, presence. For the floor: TCP and TLS.
    Login,
    /// Memory of a session that is silent, over TLS.
    IdleTls,
    /// The same of a session that can be resumed (XEP-0198).
    IdleSm,
    /// Memory of a silent session without TLS.
    IdlePlain,
    /// The same over TLS, with 12 000 sessions.
    IdleMany,
}

/// Whether a server takes part in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It does.
    Always,
    /// Where it is asked for, as it takes long.
    OnRequest,
    /// It does not: it has no such thing, or nothing would be learned of it.
    Never,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Microseconds of the server's CPU time for one unit of work.
    #[serde(rename = "µs CPU")]
    Micros,
    /// Memory of one connection (PSS).
    #[serde(rename = "KiB")]
    Kib,
    /// Memory in all (PSS).
    #[serde(rename = "MiB")]
    Mib,
    /// Wall time.
    #[serde(rename = "ms")]
    Millis,
}

/// What Stonechat is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// At most so many times the floor.
    TimesFloor(f64),
    /// At most so much.
    AtMost(f64),
}

impl Case {
    /// What one unit of work is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Start => "start to listening, empty",
            Self::StartMemory => "memory at start",
            Self::StartFull => "start to listening, 100 000 accounts",
            Self::Chat => "chat, TLS, window 10, per message",
            Self::ChatBare => "chat to bare JIDs, window 10, per message",
            Self::ChatWindow1 => "chat, TLS, window 1, per message",
            Self::ChatRate => "chat, TLS, 1 000 a second, per message",
            Self::ChatArchive => "chat, window 10, archive on, per message",
            Self::ChatSm => "chat, window 10, stream management, per message",
            Self::Ping => "iq ping, TLS, window 10",
            Self::Presence => "presence to 50 contacts, per delivery",
            Self::FanOut => "headline to 100 sessions, per delivery",
            Self::Login => "login",
            Self::IdleTls => "memory of an idle session, TLS",
            Self::IdleSm => "memory of an idle session, stream management",
            Self::IdlePlain => "memory of an idle session, no TLS",
            Self::IdleMany => "memory of an idle session, many over TLS",
        }
    }

    /// What its numbers count.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::Start | Self::StartFull => Unit::Millis,
            Self::StartMemory => Unit::Mib,
            Self::IdleTls | Self::IdleSm | Self::IdlePlain | Self::IdleMany => Unit::Kib,
            _ => Unit::Micros,
        }
    }

    /// What Stonechat is to reach, where there is a goal.
    #[must_use]
    pub fn goal(self) -> Option<Goal> {
        match self {
            Self::Start => Some(Goal::AtMost(100.0)),
            Self::StartMemory => Some(Goal::AtMost(25.0)),
            Self::StartFull => Some(Goal::AtMost(300.0)),
            Self::Chat | Self::ChatBare | Self::Ping => Some(Goal::TimesFloor(2.0)),
            Self::ChatWindow1 => Some(Goal::TimesFloor(1.6)),
            Self::ChatRate => Some(Goal::TimesFloor(1.5)),
            // What is acknowledged is durable, too.
            Self::ChatArchive | Self::ChatSm => Some(Goal::TimesFloor(6.0)),
            Self::Presence => Some(Goal::TimesFloor(3.0)),
            Self::FanOut | Self::Login => Some(Goal::TimesFloor(2.5)),
            Self::IdleTls | Self::IdleSm | Self::IdleMany => Some(Goal::AtMost(10.0)),
            Self::IdlePlain => None,
        }
    }

    /// Whether the server has to be started anew, so that memory which earlier work left over does not count.
    #[must_use]
    pub fn needs_fresh_server(self) -> bool {
        matches!(self, Self::Login | Self::IdleTls | Self::IdleSm | Self::IdlePlain | Self::IdleMany)
    }

    /// Whether it is measured of a server that was started for the first time, before it has accounts.
    #[must_use]
    pub fn is_of_the_start(self) -> bool {
        matches!(self, Self::Start | Self::StartMemory)
    }

    /// Whether the server keeps an archive meanwhile. The floor never does.
    #[must_use]
    pub fn archive(self) -> Archive {
        if self == Self::ChatArchive { Archive::On } else { Archive::Off }
    }

    /// Whether clients use stream management (XEP-0198). Those of the floor never do.
    #[must_use]
    pub fn uses_stream_management(self) -> bool {
        matches!(self, Self::ChatSm | Self::IdleSm)
    }

    /// Whether a server takes part.
    #[must_use]
    pub fn part(self, server: Kind) -> Part {
        match (self, server) {
            // Only of Stonechat the data can be made by copying, and the floor has none.
            (Self::StartFull, Kind::Floor | Kind::Prosody | Kind::Ejabberd) => Part::Never,
            // To create all the accounts, and to log in to them, takes them minutes.
            (Self::IdleMany, Kind::Prosody | Kind::Ejabberd) => Part::OnRequest,
            _ => Part::Always,
        }
    }
}

impl Unit {
    /// As it is written behind a number.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Micros => "µs CPU",
            Self::Kib => "KiB",
            Self::Mib => "MiB",
            Self::Millis => "ms",
        }
    }
}
