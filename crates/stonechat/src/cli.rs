//! The command line.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::account::Options;
use crate::command::{archive, disco, listen, passwd, ping, register, roster, send, upload};
use crate::failure::{Code, Failure};
use crate::{chat, say};

const EXAMPLES: &str = "\
Examples:
  export STONECHAT_JID=juliet@example.org       whose account; asks for the password
  stonechat send romeo@example.net 'Good night'
  uptime | stonechat send romeo@example.net     send what is on standard input
  stonechat listen | jq -r 'select(.body) | .body'
  stonechat roster add romeo@example.net --name Romeo
  stonechat archive romeo@example.net --export > romeo.jsonl
  stonechat upload picture.jpg --to romeo@example.net
  stonechat --host 127.0.0.1 --ca localhost.pem --jid juliet@localhost ping localhost
  stonechat completions bash > ~/.local/share/bash-completion/completions/stonechat
  stonechat man | man -l -
  stonechat chat

Passwords:
  They are taken from STONECHAT_PASSWORD, from the keyring file, or from a prompt; never from an
  argument. The keyring is stonechat/keyring in $XDG_CONFIG_HOME, mode 0600, with lines of an
  address, a space, and the password. Where the server gives a token for the next login, that is kept
  in stonechat in $XDG_STATE_HOME, in a file that nobody else may read: by the chat, and by a command
  that has asked for the password. All commands use it, and the password where it is worth nothing any
  more. It goes with one program at a time; --no-token keeps and uses none.

Configuration file:
  stonechat/config.toml in $XDG_CONFIG_HOME has the same keys as the options for the account and
  the connection: jid, host, port, direct-tls, ca, name-server, keyring, no-token,
  timeout. A section
  [extensions.NAME] configures an extension, as [extensions.receipts] with answer = \"nobody\";
  enabled = false keeps it out of the chat.

Environment:
  The variables that are named with the options, STONECHAT_PASSWORD, NO_COLOR, and STONECHAT_LOG
  for what is logged to standard error, as `debug`.

Exit codes: 0 done, 1 refused by the server or whom it was for, 64 wrong command line, 69 cannot
connect, 70 a fault of the program, 74 a file or the terminal cannot be read or written, 75 no
answer in time, 76 the server breaks the protocol, 77 authentication failed, 78 wrong
configuration or keyring, 80 the certificate is not good.";

const ROSTER: &str = "\
Examples:
  stonechat roster list
  stonechat roster add romeo@example.net --name Romeo --group Friends
  stonechat roster remove romeo@example.net";

const PASSWD: &str = "\
Examples:
  stonechat passwd
  pwgen 20 1 | tee new-password | stonechat passwd";

const COMPLETIONS: &str = "\
Examples:
  stonechat completions bash > ~/.local/share/bash-completion/completions/stonechat
  stonechat completions zsh > ~/.zfunc/_stonechat";

const MAN: &str = "\
Examples:
  stonechat man | man -l -
  stonechat man > ~/.local/share/man/man1/stonechat.1";

const CHAT: &str = "\
Examples:
  stonechat chat
  stonechat --jid juliet@example.org chat

Keys:
  Enter sends; Tab completes addresses, nicknames and commands; Ctrl-N and Ctrl-P, or Alt-1 to Alt-9,
  go to another conversation; Page Up and Page Down go through it, and further back through the
  archive; Up and Down choose a message for /reply, /react, /correct and /retract, which are otherwise
  about the last one, and go to those to whom it was said; Esc empties the line and chooses none;
  Ctrl-C leaves.

Commands:
  /open JID, /close, /reply TEXT, /react EMOJI, /correct TEXT, /retract, /add JID [NAME],
  /remove JID, /accept JID, /refuse JID, /help, /quit

Rooms:
  /join ROOM [NICK], /leave, /invite JID [REASON], /nick NAME, /subject [TEXT], /names, /bookmark,
  /forget, /whisper NICK TEXT, which one alone hears
  A room is made by entering it. Those that are remembered with /bookmark are entered by themselves,
  on all devices. Of unread messages, those for us are counted behind @.

Marks:
  … on its way, ✓ the server has it, ✓✓ the other side has it, or the room has said it, ✓✓ read,
  ✎ corrected, ✗ it did not arrive, or may not have. Of rooms: # in it, … about to be, × not.

Messages that the account's other devices receive and send are shown, too. When it starts, those are
counted as unread that came after the last one that you have written, or read on any device. What
was read on this one is kept in stonechat in $XDG_STATE_HOME. What comes while another window has the
focus is unread until this one has it, where the terminal says so.";

/// The Stonechat XMPP client for terminals.
#[derive(Debug, Parser)]
#[command(name = "stonechat", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send a message, and wait until the server has it.
    Send(send::Args),
    /// Print what comes, a line of JSON for each message, presence and change of the connection.
    Listen(listen::Args),
    /// See whether somebody answers, and how fast.
    Ping(ping::Args),
    /// Ask what somebody is and can do.
    Disco(disco::Args),
    /// List and change the contacts.
    #[command(subcommand, after_help = ROSTER)]
    Roster(roster::Command),
    /// Read the conversation with somebody in the archive of the account.
    Archive(archive::Args),
    /// Put a file on the web, and print where it is.
    Upload(upload::Args),
    /// Chat, on the whole screen.
    #[command(after_help = CHAT)]
    Chat,
    /// Register the account with its server, where that registers people.
    Register(register::Args),
    /// Change the password of the account: from a prompt, or the first line of standard input.
    #[command(after_help = PASSWD)]
    Passwd,
    /// Print completions for a shell.
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page.
    #[command(after_help = MAN)]
    Man,
}

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
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
    let Cli { options, command } = cli;
    match command {
        Command::Completions { shell } => return completions(shell),
        Command::Man => return manual(),
        // What is logged would be on the screen.
        Command::Chat => {}
        _ => log(),
    }
    let account = options.resolve()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io("the runtime cannot be started", error))?;
    runtime.block_on(async {
        match command {
            Command::Send(args) => send::run(&account, args).await,
            Command::Listen(args) => listen::run(&account, &args).await,
            Command::Ping(args) => ping::run(&account, args).await,
            Command::Disco(args) => disco::run(&account, args).await,
            Command::Roster(command) => roster::run(&account, command).await,
            Command::Archive(args) => archive::run(&account, args).await,
            Command::Upload(args) => upload::run(&account, args).await,
            Command::Register(args) => register::run(&account, args).await,
            Command::Chat => chat::run(&account).await,
            Command::Passwd => passwd::run(&account).await,
            Command::Completions { .. } | Command::Man => Ok(()),
        }
    })
}

/// Logs to standard error, if that is wished for.
fn log() {
    use tracing_subscriber::EnvFilter;
    if let Ok(filter) = std::env::var("STONECHAT_LOG") {
        let filter = EnvFilter::new(filter);
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(!plain)
            .with_writer(std::io::stderr)
            .init();
    }
}

fn completions(shell: Shell) -> Result<(), Failure> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "stonechat", &mut out);
    say::bytes(&out)
}

fn manual() -> Result<(), Failure> {
    let mut out = Vec::new();
    let written = clap_mangen::Man::new(Cli::command()).render(&mut out);
    written.map_err(|error| Failure::io("the manual page", error))?;
    say::bytes(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_takes_a_password_as_an_argument() {
        for args in [
            &["passwd", "secret"][..],
            &["--password", "secret", "passwd"],
            &["ping", "--password", "secret"],
        ] {
            assert!(Cli::try_parse_from(["stonechat"].iter().chain(args)).is_err());
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_at_the_command_line() {
        for args in [["--jid", "@@", "passwd"], ["--jid", "example.org", "passwd"], ["send", "a@@b", "text"]]
        {
            assert!(Cli::try_parse_from(["stonechat"].iter().chain(&args)).is_err(), "{args:?}");
        }
    }

    #[test]
    fn the_help_of_every_command_has_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples = help.split_once("Examples:\n").unwrap_or_default().1;
            let name = command.get_name();
            assert!(examples.lines().next().is_some_and(|first| first.contains(name)), "{name}: {help}");
        }
    }

    #[test]
    fn the_help_tells_every_exit_code() {
        for code in [
            Code::Refused,
            Code::Usage,
            Code::Unreachable,
            Code::Internal,
            Code::Io,
            Code::Timeout,
            Code::Protocol,
            Code::Authentication,
            Code::Config,
            Code::Certificate,
        ] {
            assert!(EXAMPLES.contains(&format!(" {} ", code as u8)), "{code:?}");
        }
    }
}
