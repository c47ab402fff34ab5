//! Commands for a server that runs: `command`, `reload`, `status`.

use std::fmt::Write as _;

use crate::cli::{self, Place};
use crate::config::Settings;
use crate::control::{Answer, Reply, Request, Status, running};
use crate::failure::Failure;
use crate::user::canonical;
use crate::{extensions, say};

/// Runs an operator's command, or lists those that there are.
pub(crate) fn command(
    place: &Place,
    host: &str,
    name: Option<String>,
    words: Vec<String>,
) -> Result<(), Failure> {
    let host = canonical(host);
    let request = match name {
        Some(name) => Request::Command { host, name, words },
        None => Request::Commands { host },
    };
    match ask(place, &request)? {
        Answer::Text(text) => say::line(text.trim_end()),
        Answer::Names(names) if names.is_empty() => {
            say::line("the extensions of this host offer no commands")
        }
        Answer::Names(names) => names.iter().try_for_each(say::line),
        _ => Ok(()),
    }
}

/// Has the server read its configuration and certificates again.
pub(crate) fn reload(place: &Place) -> Result<(), Failure> {
    match ask(place, &Request::Reload)? {
        Answer::Text(text) => say::line(text),
        _ => Ok(()),
    }
}

/// Says what is served.
pub(crate) fn status(place: &Place) -> Result<(), Failure> {
    match ask(place, &Request::Status)? {
        Answer::Status(status) => say::line(describe(&status)),
        other => Err(Failure::internal(format!("the server answered something else: {other:?}"))),
    }
}

fn ask(place: &Place, request: &Request) -> Reply {
    let settings = Settings::load(place, &extensions::registry()?)?;
    cli::runtime()?.block_on(async { running(&settings).await?.ask(request).await })
}

fn describe(status: &Status) -> String {
    let Status { version, process, up, listeners, connections, hosts } = status;
    let mut text = format!("stonechatd {version}, process {process}, up {}\n", duration(*up));
    for (kind, address) in listeners {
        // Writing to a string does not fail.
        let _ = writeln!(text, "listens on {address} ({kind})");
    }
    let _ = write!(text, "connections: {connections}");
    for host in hosts {
        let (domain, sessions, extensions) = (&host.domain, host.sessions, host.extensions.join(", "));
        let _ = write!(text, "\nhost {domain}\n  sessions    {sessions}\n  extensions  {extensions}");
    }
    text
}

/// `1d 2h 3m 4s`, without what is 0 in front.
pub(crate) fn duration(seconds: u64) -> String {
    let parts =
        [(seconds / 86_400, 'd'), (seconds / 3_600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let parts = parts.iter().enumerate().skip_while(|(at, (number, _))| *at < 3 && *number == 0);
    parts.map(|(_, (number, unit))| format!("{number}{unit}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_begin_with_what_is_not_0() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (3_600, "1h 0m 0s"), (93_784, "1d 2h 3m 4s")] {
            assert_eq!(duration(seconds), text);
        }
    }
}
