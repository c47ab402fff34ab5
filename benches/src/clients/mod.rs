//! Client libraries side by side: one session logs in, and sends messages to itself, through the same server.
//!
//! Each client is a process of its own, which says what it has taken: its CPU time, the time that has passed, and its memory. All connect
//! by STARTTLS, check the certificate, log in by SCRAM with what the library does by itself, and have stream management on. Of each
//! library the usual interface is used: stanzas as its types, one call for each, on one thread.

mod report;
mod stonechat;
mod tokio_xmpp;
mod work;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, ValueEnum};
use serde::Serialize;
use tokio::runtime::Builder;

pub use report::Report;
pub use work::{Done, Work, work};

use crate::client::{PASSWORD, address};
use crate::server::{Kind, Programs, Server};
use crate::tls::Identity;
use crate::{Context, Error, Result};

/// A client library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Library {
    /// `stonechat-client`.
    Stonechat,
    /// tokio-xmpp, in Rust.
    TokioXmpp,
    /// slixmpp, in Python.
    Slixmpp,
}

impl Library {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stonechat => "stonechat",
            Self::TokioXmpp => "tokio-xmpp",
            Self::Slixmpp => "slixmpp",
        }
    }
}

/// Which clients, and how much they do.
#[derive(Debug, Clone, Args)]
pub struct Plan {
    /// The clients.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "stonechat,tokio-xmpp,slixmpp")]
    pub clients: Vec<Library>,
    /// How many messages go to the server and back.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub messages: u32,
    /// How many of them are under way at the same time.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub window: u32,
    /// How often all is done; the medians count.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// The Python interpreter that has slixmpp.
    #[arg(long, env = "STONECHAT_PYTHON", default_value = "python3", value_name = "FILE")]
    pub python: PathBuf,
    /// Writes the result as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where the server's program is.
    #[command(flatten)]
    pub programs: Programs,
}

/// Has each client do the work, round by round.
///
/// # Errors
/// When the server or a client is not there or fails.
pub fn run(plan: &Plan) -> Result<Report> {
    plan.programs.check(&[Kind::Stonechat])?;
    let runtime = Builder::new_multi_thread().enable_all().build().during("the runtime")?;
    let identity = Identity::generate()?;
    let folder = tempfile::Builder::new().prefix("stonechat-benches-").tempdir().during("a folder")?;
    identity.write(folder.path())?;
    let certificate = folder.path().join("cert.pem");
    runtime.block_on(async {
        let mut server = Server::start(Kind::Stonechat, &plan.programs, &identity).await?;
        server.create_accounts(1).await?;
        let port = server.target().plain_port();
        let mut report = Report::new(plan);
        for _ in 0..plan.rounds {
            for &library in &plan.clients {
                let done = once(plan, library, port, &certificate);
                report.add(library, done.map_err(|error| error.within(library.name()))?);
            }
        }
        server.stop().await?;
        Ok(report)
    })
}

/// Runs one client to its end.
fn once(plan: &Plan, library: Library, port: u16, certificate: &Path) -> Result<Done> {
    let mut command = match library {
        Library::Slixmpp => {
            let mut python = Command::new(&plan.python);
            python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/slixmpp_client.py"));
            python.args([&address(0), PASSWORD]);
            python
        }
        Library::Stonechat | Library::TokioXmpp => {
            let mut own = Command::new(std::env::current_exe().during("this program")?);
            own.args(["client", library.name()]);
            own
        }
    };
    for (option, value) in
        [("--port", u32::from(port)), ("--messages", plan.messages), ("--window", plan.window)]
    {
        command.arg(option).arg(value.to_string());
    }
    // What libraries trust by themselves is what the system trusts.
    command.env("SSL_CERT_FILE", certificate).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().during("starting the client")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let done = serde_json::from_str(&said).ok().filter(|_| output.status.success());
    done.ok_or_else(|| {
        let hint = match library {
            Library::Slixmpp => {
                "; --python names an interpreter that has slixmpp, and --clients leaves it out"
            }
            _ => "",
        };
        Error::Setup(format!("the client has failed{hint}"))
    })
}
