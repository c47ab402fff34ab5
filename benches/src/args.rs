//! The command line.

use clap::{Parser, Subcommand};

use crate::clients;
use crate::growth;
use crate::relay;
use crate::run::Plan;
use crate::soak;

const EXAMPLES: &str = "\
Examples:
  cargo run --release -p stonechat-benches                       all servers, all cases, three rounds
  cargo run --release -p stonechat-benches -- --quick            the same in a minute, with worse numbers
  ... -- --servers floor,stonechat --cases chat,ping --rounds 5  some of it
  ... -- --cases idle-many --many-everywhere                     many sessions on the slow ones too
  ... -- --json result.json --svg result.svg                     the result as files
  ... -- growth --svg growth.svg                                 what becomes of the cost when everything grows
  ... -- clients                                                 the client library beside tokio-xmpp and slixmpp
  ... -- soak --minutes 480                                      whether a night of everything leaves traces
  ... -- --servers stonechat --cases chat --seconds 60           a minute of load, to attach a profiler to";

/// Compares Stonechat with other XMPP servers, and with the least that any server could cost.
#[derive(Debug, Parser)]
#[command(name = "stonechat-benches", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// What is compared.
    #[command(flatten)]
    pub plan: Plan,
    /// Something else than a comparison.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Something else than a comparison.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows that the cost of a unit of work stays the same while sessions, contacts and accounts become more.
    Growth(growth::Plan),
    /// Loads a server with a bit of everything for a long time, and sees whether it is as before when that is over.
    Soak(soak::Plan),
    /// Compares client libraries: one logs in, and sends messages to itself.
    Clients(clients::Plan),
    /// Be one of the clients. Started by their comparison.
    #[command(hide = true)]
    Client(clients::Work),
    /// Be the floor: a relay that forwards and parses nothing. Started by the comparison.
    #[command(hide = true)]
    Relay(relay::Options),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::Case;
    use crate::server::Kind;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn servers_and_cases_are_lists() {
        let args =
            Args::try_parse_from(["benches", "--servers", "floor,prosody", "--cases", "chat,idle-tls"])
                .unwrap();
        assert_eq!(args.plan.servers, [Kind::Floor, Kind::Prosody]);
        assert_eq!(args.plan.cases, [Case::Chat, Case::IdleTls]);
        let all = Args::try_parse_from(["benches"]).unwrap().plan;
        assert_eq!((all.servers.len(), all.cases.len()), (4, 17));
    }
}
