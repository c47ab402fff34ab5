//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use stonechat_jid::BareJid;

use crate::failure::{Code, Failure};
use crate::{check, config, extensions, federation, logging, operate, say, serve, user};

const EXAMPLES: &str = "\
Examples:
  stonechatd                                  serve localhost, with data in ./stonechat-data
  stonechatd user add juliet@localhost        add an account; asks for the password
  stonechatd config > stonechat.toml          write a configuration to start from
  stonechatd --config stonechat.toml check    say what is wrong with it
  stonechatd --config stonechat.toml          serve with it
  stonechatd --config stonechat.toml reload   have the running server read it again
  stonechatd federation test example.net      why nothing comes through to another server
  echo \"$PASSWORD\" | stonechatd user passwd juliet@localhost

Environment:
  STONECHAT_CONFIG, STONECHAT_DATA   the same as --config and --data
  STONECHAT_LOG                      what is logged, in place of the configuration's level:
                                     `debug`, or `info,stonechat_server=debug`

Exit codes: 0 done, 1 refused, 64 wrong command line, 69 unavailable (no server runs here, or
another has the data directory or an address), 70 a fault of the program, 74 a file or the
store cannot be read or written, 78 wrong configuration.";

/// The Stonechat XMPP server. Without a command it serves in the foreground.
#[derive(Debug, Parser)]
#[command(name = "stonechatd", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Where a server's configuration and data are.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Place {
    /// The configuration file. Without one: localhost on the loopback interface.
    #[arg(long, short, global = true, env = "STONECHAT_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The data directory, in place of the configuration's.
    #[arg(long, short, global = true, env = "STONECHAT_DATA", value_name = "DIRECTORY")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve in the foreground; what happens without a command.
    Serve,
    /// Print the whole configuration with its defaults and what each key means.
    Config,
    /// Check configuration, certificates, listeners, data directory and store, and explain them.
    Check,
    /// Manage accounts, whether the server runs or not.
    #[command(subcommand)]
    User(user::Command),
    /// Run an operator's command that an extension offers on the running server.
    #[command(name = "command", after_help = "Without a name the commands that the host has are listed.")]
    Operate {
        /// The host.
        host: String,
        /// The command.
        name: Option<String>,
        /// What the command is told.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// See and test how other servers are spoken with.
    #[command(subcommand)]
    Federation(federation::Command),
    /// List the extensions that are linked, with their standards.
    Extensions,
    /// Have the running server read its configuration and certificates again.
    Reload,
    /// Say what the running server serves.
    Status,
}

/// Does what the command line says.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Also `--help` and `--version`, which go to standard output. An error of the stream has nobody to hear of it.
            let _ = error.print();
            return if error.use_stderr() { Code::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::complain(&failure);
            failure.code.into()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    // Fails when there is one already, which there is not. rustls would guess otherwise.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let Cli { place, command } = cli;
    let command = command.unwrap_or(Command::Serve);
    if !matches!(command, Command::Serve) {
        logging::for_a_command()?;
    }
    match command {
        Command::Serve => serve::run(&place),
        Command::Config => say::line(config::print(&extensions::registry()?).trim_end()),
        Command::Check => check::run(&place),
        Command::User(command) => user::run(&place, command),
        Command::Operate { host, name, words } => operate::command(&place, &host, name, words),
        Command::Federation(command) => federation::run(&place, command),
        Command::Extensions => extensions::list(),
        Command::Reload => operate::reload(&place),
        Command::Status => operate::status(&place),
    }
}

/// The address of an account, for clap.
pub(crate) fn account(text: &str) -> Result<BareJid, String> {
    let jid = BareJid::parse(text).map_err(|error| error.to_string())?;
    match jid.local() {
        Some(_) => Ok(jid),
        None => Err("an account is written as name@host".to_owned()),
    }
}

/// A runtime for a command, which has little to do at the same time.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::io("the runtime cannot be started", error))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_account_has_a_name_and_a_host_and_is_made_canonical() {
        assert_eq!(account("Juliet@Example.org").unwrap().as_str(), "juliet@example.org");
        assert!(account("example.org").unwrap_err().contains("name@host"));
        assert!(account("juliet@").is_err());
    }

    #[test]
    fn no_command_takes_a_password_as_an_argument() {
        for args in [["user", "add", "a@b", "secret"], ["user", "passwd", "a@b", "secret"]] {
            assert!(Cli::try_parse_from(["stonechatd"].iter().chain(&args)).is_err());
        }
    }

    #[test]
    fn places_can_be_named_before_and_after_the_command() {
        for args in
            [["stonechatd", "--config", "a.toml", "check"], ["stonechatd", "check", "--config", "a.toml"]]
        {
            assert_eq!(Cli::try_parse_from(args).unwrap().place.config, Some(PathBuf::from("a.toml")));
        }
    }
}
