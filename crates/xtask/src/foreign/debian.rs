//! Programs from Debian.

use std::path::Path;

use crate::foreign::{node, python};
use crate::{Error, Result, say, shell};

/// A program that is run, and the Debian packages that bring it.
pub(super) struct Program {
    name: &'static str,
    packages: &'static [&'static str],
    is_there: fn() -> bool,
}

/// What counts instructions.
pub(super) const VALGRIND: &[Program] =
    &[Program { name: "valgrind", packages: &["valgrind"], is_there: || shell::find("valgrind").is_some() }];

/// What the end-to-end tests run.
pub(super) const TESTS: &[Program] = &[
    Program {
        name: "go-sendxmpp",
        packages: &["go-sendxmpp"],
        is_there: || shell::find("go-sendxmpp").is_some(),
    },
    Program { name: "prosody", packages: &["prosody"], is_there: || shell::find("prosody").is_some() },
    // A program of the administrator's, that is not on every `PATH`.
    Program {
        name: "ejabberd",
        packages: &["ejabberd"],
        is_there: || shell::find("ejabberdctl").is_some() || Path::new("/usr/sbin/ejabberdctl").is_file(),
    },
    Program { name: "biboumi", packages: &["biboumi"], is_there: || shell::find("biboumi").is_some() },
    Program {
        name: "ngircd",
        packages: &["ngircd"],
        is_there: || shell::find("ngircd").is_some() || Path::new("/usr/sbin/ngircd").is_file(),
    },
    Program { name: "profanity", packages: &["profanity"], is_there: || shell::find("profanity").is_some() },
    Program { name: "strace", packages: &["strace"], is_there: || shell::find("strace").is_some() },
    Program { name: "tmux", packages: &["tmux"], is_there: || shell::find("tmux").is_some() },
    Program {
        name: "python3 (3.11 or newer, with venv)",
        packages: &["python3", "python3-venv"],
        is_there: || python::interpreter().is_some(),
    },
    Program { name: "node (20.10 or newer)", packages: &["nodejs"], is_there: node::is_there },
    Program { name: "npm", packages: &["npm"], is_there: || shell::find("npm").is_some() },
];

/// Installs the packages of those of the programs that are not there.
pub(super) fn install(programs: &[Program]) -> Result<()> {
    let missing = missing(programs);
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|program| program.name).collect::<Vec<_>>().join(", ");
    let packages: Vec<&str> = missing.iter().flat_map(|program| program.packages).copied().collect();
    say::line(&format!("missing: {names}; installing {}", packages.join(" ")));

    let why = |why: &str| Error::Missing { what: names.clone(), why: why.to_owned() };
    if shell::find("apt-get").is_none() {
        return Err(why("this is not Debian: there is no apt-get"));
    }
    let sudo = match rustix::process::geteuid().is_root() {
        true => false,
        false if shell::find("sudo").is_some() => true,
        false => return Err(why("installing packages takes root or sudo")),
    };
    apt(sudo, &["update"])?;
    apt(sudo, &[&["install", "--yes", "--no-install-recommends"], packages.as_slice()].concat())?;

    let names: Vec<&str> = self::missing(programs).iter().map(|program| program.name).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::Missing {
        what: names.join(", "),
        why: "the packages of this system do not bring it".to_owned(),
    })
}

fn missing(programs: &[Program]) -> Vec<&Program> {
    programs.iter().filter(|program| !(program.is_there)()).collect()
}

fn apt(sudo: bool, args: &[&str]) -> Result<()> {
    // Through `env`, because sudo drops variables. The lock is waited for: a machine that just started may be
    // installing its updates.
    let settings = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"];
    let mut command = if sudo {
        shell::command("sudo", ["--non-interactive", "env"])
    } else {
        shell::command("env", [] as [&str; 0])
    };
    shell::run(command.args(settings).args(args))
}
