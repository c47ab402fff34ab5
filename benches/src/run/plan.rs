//! What is compared, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::server::{Kind, Programs};
use crate::{Case, Part};

/// What is compared, and for how long.
#[derive(Debug, Clone, Args)]
pub struct Plan {
    /// The servers. One that is not installed is an error.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "floor,stonechat,prosody,ejabberd")]
    pub servers: Vec<Kind>,
    /// What is measured.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "start,start-memory,start-full,chat,chat-bare,chat-window1,chat-rate,chat-archive,chat-sm,ping,presence,\
                         fan-out,login,idle-tls,idle-sm,idle-plain,idle-many"
    )]
    pub cases: Vec<Case>,
    /// How often; the result is the median.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub rounds: u16,
    /// How long a steady load is measured, behind a quarter of that to warm up.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub seconds: u16,
    /// How many clients log in for login, and are idle for the idle sessions.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(50..=60_000))]
    pub connections: u16,
    /// How many sessions are idle for the many idle sessions.
    #[arg(long, default_value_t = 12_000, value_parser = clap::value_parser!(u16).range(50..=60_000))]
    pub many: u16,
    /// Has every server take part in the many idle sessions. Prosody and ejabberd take minutes for it.
    #[arg(long)]
    pub many_everywhere: bool,
    /// One round of a second for each case, with 100 connections: to see that all works.
    #[arg(long)]
    pub quick: bool,
    /// Writes the result as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Draws the result.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Where the programs are.
    #[command(flatten)]
    pub programs: Programs,
}

/// How much work there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) rounds: u16,
    pub(super) warm: Duration,
    pub(super) during: Duration,
    pub(super) connections: usize,
    pub(super) many: usize,
    /// Accounts of a server that is not empty at its start.
    pub(super) stored: usize,
    /// For the server to clean up, before memory is read.
    pub(super) settle: Duration,
    /// How long sessions are silent until they count as idle: servers give buffers back after some seconds.
    pub(super) silence: Duration,
}

impl Plan {
    pub(super) fn scale(&self) -> Scale {
        let during = Duration::from_millis(if self.quick { 400 } else { u64::from(self.seconds) * 1000 });
        Scale {
            rounds: if self.quick { 1 } else { self.rounds },
            warm: during / 4,
            during,
            connections: if self.quick { 100 } else { self.connections.into() },
            many: if self.quick { 200 } else { self.many.into() },
            stored: if self.quick { 1000 } else { 100_000 },
            settle: Duration::from_millis(if self.quick { 200 } else { 4000 }),
            silence: Duration::from_millis(if self.quick { 200 } else { 13_000 }),
        }
    }

    /// Whether a server takes part in a case.
    pub(super) fn measures(&self, case: Case, server: Kind) -> bool {
        match case.part(server) {
            Part::Always => true,
            Part::OnRequest => self.many_everywhere,
            Part::Never => false,
        }
    }

    /// How many accounts a server needs for the cases.
    pub(super) fn accounts(&self, scale: Scale, server: Kind) -> usize {
        let cases = self.cases.iter().filter(|case| self.measures(**case, server));
        cases.map(|case| scale.sessions(*case)).max().unwrap_or(0)
    }
}

impl Scale {
    /// How many sessions there are at the same time, of accounts from 0 on.
    pub(super) fn sessions(self, case: Case) -> usize {
        match case {
            Case::IdleMany => self.many,
            Case::FanOut => 101,
            _ if case.needs_fresh_server() => self.connections,
            _ => 51,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Args;

    #[test]
    fn accounts_are_created_only_where_they_are_needed() {
        let plan = |more: &[&str]| Args::try_parse_from([&["benches"], more].concat()).unwrap().plan;
        let all = plan(&[]);
        assert_eq!(all.accounts(all.scale(), Kind::Stonechat), 12_000);
        assert_eq!(all.accounts(all.scale(), Kind::Prosody), 1000);
        let everywhere = plan(&["--many-everywhere", "--many", "2000"]);
        assert_eq!(everywhere.accounts(everywhere.scale(), Kind::Prosody), 2000);
        assert!(everywhere.measures(Case::ChatArchive, Kind::Stonechat));
    }
}
