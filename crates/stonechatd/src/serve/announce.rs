//! What a server says when it is ready.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use stonechat_server::config::Kind;

use crate::cli::Place;

/// What a kind of listener is called in the ready line.
pub(crate) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Starttls => "c2s",
        Kind::DirectTls => "c2s-direct-tls",
        Kind::S2s => "s2s",
        Kind::S2sDirectTls => "s2s-direct-tls",
        Kind::Component => "component",
    }
}

/// The line for programs: `ready: c2s=127.0.0.1:5222 c2s-direct-tls=127.0.0.1:5223`.
pub(super) fn ready(listeners: &[(Kind, SocketAddr)]) -> String {
    let words = listeners.iter().map(|(kind, address)| format!(" {}={address}", kind_name(*kind)));
    format!("ready:{}", words.collect::<String>())
}

/// What somebody who started a server without a configuration wants to know.
pub(super) struct Welcome<'a> {
    /// How the program is called, so that it finds the same data again.
    pub(super) program: &'a str,
    pub(super) data: &'a Path,
    pub(super) is_new: bool,
    pub(super) certificates: Vec<&'a Path>,
    pub(super) listeners: &'a [(Kind, SocketAddr)],
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, is_new, .. } = self;
        let data = self.data.display();
        let made = if *is_new { ", made just now" } else { "" };
        writeln!(f, "Stonechat serves localhost, to this machine only.\n")?;
        writeln!(f, "  data         {data}{made}")?;
        for certificate in &self.certificates {
            writeln!(f, "  certificate  {}", certificate.display())?;
            writeln!(f, "               self-signed: clients have to be told to trust it")?;
        }
        writeln!(f, "  STARTTLS     {}", self.addresses(Kind::Starttls))?;
        writeln!(f, "  direct TLS   {}\n", self.addresses(Kind::DirectTls))?;
        writeln!(f, "What to do next:")?;
        writeln!(f, "  add an account, in another terminal:  {program} user add juliet@localhost")?;
        writeln!(f, "  log in as juliet@localhost, with any XMPP client on this machine")?;
        writeln!(f, "  to serve a domain of your own:        {program} config > stonechat.toml")?;
        writeln!(f, "      change what is in there, then:    {program} --config stonechat.toml")?;
        writeln!(f, "Ctrl-C stops the server.")
    }
}

impl Welcome<'_> {
    fn addresses(&self, kind: Kind) -> String {
        let those = self.listeners.iter().filter(|(of, _)| *of == kind);
        those.map(|(_, address)| address.to_string()).collect::<Vec<_>>().join(" and ")
    }
}

/// How the program was called, with what finds the same data again.
pub(super) fn program(place: &Place) -> String {
    let program = std::env::args_os().next().unwrap_or_else(|| "stonechatd".into());
    let program = Path::new(&program).display().to_string();
    match &place.data {
        Some(data) if std::env::var_os("STONECHAT_DATA").is_none() => {
            format!("{program} --data {}", data.display())
        }
        _ => program,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_says_what_was_made_and_what_to_do_next() {
        let listeners = [
            (Kind::Starttls, "127.0.0.1:5222".parse().unwrap()),
            (Kind::Starttls, "[::1]:5222".parse().unwrap()),
            (Kind::DirectTls, "127.0.0.1:5223".parse().unwrap()),
        ];
        let welcome = Welcome {
            program: "./stonechatd",
            data: Path::new("stonechat-data"),
            is_new: true,
            certificates: vec![Path::new("stonechat-data/certificates/localhost.pem")],
            listeners: &listeners,
        };
        let text = welcome.to_string();
        for part in [
            "stonechat-data, made just now",
            "stonechat-data/certificates/localhost.pem",
            "127.0.0.1:5222 and [::1]:5222",
            "127.0.0.1:5223\n",
            "./stonechatd user add juliet@localhost",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}
