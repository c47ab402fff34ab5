//! Starting each kind of server.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::process::{self, Process};
use super::{Archive, Kind, Ports, Programs};
use crate::client::Target;
use crate::{Context, Error, Result};

const STONECHAT: &str = include_str!("../../servers/stonechat.toml");
const PROSODY: &str = include_str!("../../servers/prosody.cfg.lua");
const EJABBERD: &str = include_str!("../../servers/ejabberd.yml");

/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes what the server is told.
pub(super) fn configure(
    kind: Kind,
    folder: &Path,
    ports: &Ports,
    programs: &Programs,
    archive: Archive,
) -> Result<()> {
    let fill = |template: &str| {
        lines(template, archive)
            .replace("@FOLDER@", &folder.to_string_lossy())
            .replace("@ARCHIVING@", if archive == Archive::On { "true" } else { "false" })
            .replace("@PLAIN@", &ports.plain.to_string())
            .replace("@TLS@", &ports.tls.to_string())
    };
    let write = |name: &str, text: String| fs::write(folder.join(name), text).during(name);
    let make = |name: &str| fs::create_dir_all(folder.join(name)).during(name);
    match kind {
        Kind::Floor => Ok(()),
        Kind::Stonechat => write("stonechat.toml", fill(STONECHAT)),
        Kind::Prosody => {
            make("data")?;
            write("prosody.cfg.lua", fill(PROSODY))
        }
        Kind::Ejabberd => {
            make("spool")?;
            make("logs")?;
            write("ejabberd.yml", fill(EJABBERD))?;
            write("inetrc", "{lookup, [\"file\", \"native\"]}.\n".to_owned())?;
            let (port, folder) = (ports.other, folder.display());
            let control = format!(
                "ERLANG_NODE=benches{port}@localhost\nINET_DIST_INTERFACE=127.0.0.1\nERL_DIST_PORT={port}\n\
                 EJABBERD_PID_PATH={folder}/spool/pid\nEJABBERD_CONFIG_PATH={folder}/ejabberd.yml\n"
            );
            write("ctl.cfg", control)?;
            // As whoever runs this, not as the user of the package.
            let script = fs::read_to_string(&programs.ejabberdctl).during("ejabberdctl")?;
            write("ejabberdctl", script.replace("INSTALLUSER=ejabberd", "INSTALLUSER="))
        }
    }
}

/// The lines of a configuration, with or without those for the archive.
fn lines(template: &str, archive: Archive) -> String {
    let kept = template.lines().filter_map(|line| match line.strip_prefix("@ARCHIVE@") {
        Some(line) => (archive == Archive::On).then_some(line),
        None => Some(line),
    });
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// Starts the process, and waits until it answers; says how long that took.
pub(super) async fn launch(
    kind: Kind,
    folder: &Path,
    ports: &Ports,
    programs: &Programs,
    target: &Target,
) -> Result<(Process, Duration)> {
    let began = Instant::now();
    let mut process = Process::spawn(command(kind, folder, ports, programs)?, folder)?;
    loop {
        // Some listen before they have read their certificates, and some open one port long before the other.
        if target.answers().await {
            return Ok((process, began.elapsed()));
        }
        if process.has_ended() || began.elapsed() > PATIENCE {
            return Err(Error::Server(format!("{} does not start:\n{}", kind.name(), process::log(folder))));
        }
        sleep(Duration::from_millis(1)).await;
    }
}

fn command(kind: Kind, folder: &Path, ports: &Ports, programs: &Programs) -> Result<Command> {
    let file = |name: &str| folder.join(name);
    let mut command = match kind {
        Kind::Floor => {
            let mut command = Command::new(std::env::current_exe().during("this program")?);
            command.arg("relay").arg("--folder").arg(folder);
            command.args(["--plain", &ports.plain().to_string(), "--tls", &ports.tls().to_string()]);
            command.args(["--threads", &programs.relay_threads.to_string()]);
            command
        }
        Kind::Stonechat => {
            let mut command = Command::new(std::path::absolute(programs.stonechatd()?).during("stonechatd")?);
            command.arg("--config").arg(file("stonechat.toml"));
            command
        }
        Kind::Prosody => {
            let mut command = Command::new(&programs.prosody);
            command.arg("--config").arg(file("prosody.cfg.lua")).arg("-F");
            command
        }
        Kind::Ejabberd => {
            let mut command = Command::new("bash");
            command.arg(file("ejabberdctl")).env("HOME", folder).arg("-c").arg(file("ctl.cfg"));
            command.arg("-d").arg(folder).arg("-f").arg(file("ejabberd.yml"));
            command.arg("-s").arg(file("spool")).arg("-l").arg(file("logs")).arg("foreground");
            command
        }
    };
    command.current_dir(folder);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_the_archive_are_there_only_with_an_archive() {
        for template in [PROSODY, EJABBERD] {
            let (with, without) = (lines(template, Archive::On), lines(template, Archive::Off));
            assert!(!with.contains("\n@ARCHIVE@") && !without.contains("\n@ARCHIVE@"));
            assert!(with.lines().count() > without.lines().count());
        }
        assert_eq!(lines("a\n@ARCHIVE@ b\n", Archive::On), "a\n b\n");
    }
}
