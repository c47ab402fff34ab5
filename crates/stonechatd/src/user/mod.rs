//! `stonechatd user`: accounts, whether the server runs or not.

mod password;
mod show;

use std::io::{IsTerminal as _, stdin};

use clap::Subcommand;
use stonechat_jid::BareJid;

use crate::cli::{self, Place};
use crate::config::Settings;
use crate::control::{Answer, Office, Reply, Request};
use crate::failure::Failure;
use crate::{extensions, say};

/// What is done with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add an account. The password is asked for, or is one line of standard input when that is no terminal.
    Add {
        /// The account: name@host.
        #[arg(value_parser = cli::account)]
        jid: BareJid,
    },
    /// Change the password of an account, which is read as by `add`.
    Passwd {
        /// The account: name@host.
        #[arg(value_parser = cli::account)]
        jid: BareJid,
    },
    /// List the accounts, one on each line.
    List {
        /// Only those of this host.
        #[arg(long, value_name = "HOST")]
        host: Option<String>,
    },
    /// Remove an account with everything that is stored of it, and end its sessions.
    Remove {
        /// The account: name@host.
        #[arg(value_parser = cli::account)]
        jid: BareJid,
        /// Do not ask whether that is meant.
        #[arg(long)]
        yes: bool,
    },
    /// Tell when an account was created, and its sessions when the server runs.
    Show {
        /// The account: name@host.
        #[arg(value_parser = cli::account)]
        jid: BareJid,
    },
}

/// Does it.
pub(crate) fn run(place: &Place, command: Command) -> Result<(), Failure> {
    let registry = extensions::registry()?;
    let settings = Settings::load(place, &registry)?;
    // People think longer than anything should be locked.
    let request = match command {
        Command::Add { jid } => Request::UserAdd { password: password::read(&jid)?, jid },
        Command::Passwd { jid } => Request::UserPassword { password: password::read(&jid)?, jid },
        Command::Remove { jid, yes } => {
            confirm(&jid, yes)?;
            Request::UserRemove { jid }
        }
        Command::Show { jid } => Request::UserShow { jid },
        Command::List { host: Some(host) } => Request::UserList { host: canonical(&host), after: None },
        Command::List { host: None } => Request::Hosts,
    };
    cli::runtime()?.block_on(async {
        let mut office = Office::open(&settings, registry).await?;
        let done = perform(&mut office, request).await;
        office.close().await.and(done)
    })
}

async fn perform(office: &mut Office, request: Request) -> Result<(), Failure> {
    match request {
        Request::UserList { host, .. } => list(office, host).await,
        Request::Hosts => {
            for host in names(office.ask(Request::Hosts).await)? {
                list(office, host).await?;
            }
            Ok(())
        }
        request => {
            let said = said(&request);
            match office.ask(request).await? {
                Answer::User(user) => say::line(show::describe(&user, matches!(office, Office::There(_)))),
                _ => said.map_or(Ok(()), say::line),
            }
        }
    }
}

/// What to say when it was done.
fn said(request: &Request) -> Option<String> {
    match request {
        Request::UserAdd { jid, .. } => Some(format!("added {jid}")),
        Request::UserPassword { jid, .. } => Some(format!("changed the password of {jid}")),
        Request::UserRemove { jid } => Some(format!("removed {jid}")),
        _ => None,
    }
}

async fn list(office: &mut Office, host: String) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let names = names(office.ask(Request::UserList { host: host.clone(), after }).await)?;
        let Some(last) = names.last() else { return Ok(()) };
        after = Some(BareJid::parse(last).map_err(|error| Failure::internal(format!("{last}: {error}")))?);
        names.iter().try_for_each(say::line)?;
    }
}

fn names(reply: Reply) -> Result<Vec<String>, Failure> {
    match reply? {
        Answer::Names(names) => Ok(names),
        other => Err(Failure::internal(format!("the server answered something else: {other:?}"))),
    }
}

/// A domain as hosts are called; what is none is looked for as it is, and not found.
pub(crate) fn canonical(domain: &str) -> String {
    BareJid::parse(domain).map_or_else(|_| domain.to_owned(), |jid| jid.to_string())
}

/// Asks on a terminal whether the account is to go; elsewhere that has to be said on the command line.
fn confirm(jid: &BareJid, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !stdin().is_terminal() {
        return Err(Failure::usage(format!("{jid} is removed only with --yes when nobody can be asked")));
    }
    say::ask(format!("Remove {jid} and everything that is stored of it? [y/N] "));
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(|error| Failure::io("standard input", error))?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::refused(format!("{jid} stays"))),
    }
}
