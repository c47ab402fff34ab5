//! `stonechatd federation`: how other servers are spoken with.

mod show;

use clap::Subcommand;
use stonechat_extension::Registry;
use stonechat_jid::BareJid;
use stonechat_server::Server;
use stonechat_server::config::{Config, Listener, Tls};
use stonechat_store::Store;

use crate::cli::{self, Place};
use crate::config::Settings;
use crate::control::{Answer, Client, Reply, Request, accounts, running};
use crate::data::{self, DataDirectory};
use crate::failure::Failure;
use crate::user::canonical;
use crate::{extensions, say};

const ABOUT_TEST: &str = "\
Each step is what a stanza for that domain would go through: policy, DNS, TCP, TLS, certificate, features,
authentication; what has failed before does not matter. The running server does it. Where none runs it is done here,
with the same configuration; dialback cannot work then, as nobody is there to be asked back.";

/// What is done about other servers.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the domains that the running server has sent to or wanted to, with stream, queue, the last failure and the next attempt, and the
    /// streams of other servers, with address, proof, TLS, and what was taken.
    Status,
    /// Try the way to the server of a domain, and explain each step of it.
    #[command(after_help = ABOUT_TEST)]
    Test {
        /// The other domain.
        #[arg(value_parser = domain)]
        domain: BareJid,
        /// The host that is to send. Default: the first one.
        #[arg(long, value_name = "HOST")]
        from: Option<String>,
    },
}

/// Does it.
pub(crate) fn run(place: &Place, command: Command) -> Result<(), Failure> {
    let registry = extensions::registry()?;
    let settings = Settings::load(place, &registry)?;
    let request = match command {
        Command::Status => Request::FederationStatus,
        Command::Test { domain, from } => {
            Request::FederationTest { domain, from: from.map(|from| canonical(&from)) }
        }
    };
    match cli::runtime()?.block_on(ask(&settings, registry, request))? {
        Answer::Federation(federation) => say::line(show::federation(&federation)),
        Answer::Trial(trial) => {
            say::line(show::trial(&trial))?;
            show::verdict(&trial)
        }
        other => Err(Failure::internal(format!("the server answered something else: {other:?}"))),
    }
}

async fn ask(settings: &Settings, registry: Registry, request: Request) -> Reply {
    if matches!(request, Request::FederationStatus) {
        return running(settings).await?.ask(&request).await;
    }
    match Client::connect(&data::socket(&settings.data)).await? {
        Some(mut client) => client.ask(&request).await,
        None => here(settings, registry, request).await,
    }
}

/// With a server of our own, which listens where nobody looks, and for this moment only.
async fn here(settings: &Settings, registry: Registry, request: Request) -> Reply {
    let anywhere = ([127, 0, 0, 1], 0).into();
    let mut config = Config { listeners: Vec::new(), ..settings.server.clone() };
    if settings.server.listeners.iter().any(|listener| listener.kind.is_for_servers()) {
        config.listeners.push(Listener::s2s(anywhere));
        // As at a server's first start.
        DataDirectory::open(&settings.data)?;
        settings.make_certificates()?;
    } else {
        config.tls = Tls::default();
        config.hosts.values_mut().for_each(|host| host.tls = None);
    }
    let server = Server::new(config, Store::memory()).extensions(registry).start().await;
    let server = server.map_err(|error| Failure::from(error).within(settings.name()))?;
    let reply = accounts::perform(&server, request).await;
    server.shutdown().await;
    reply
}

/// A domain, for clap.
fn domain(text: &str) -> Result<BareJid, String> {
    let jid = BareJid::parse(text).map_err(|error| error.to_string())?;
    match jid.local() {
        None => Ok(jid),
        Some(_) => Err(format!("this is an account; its domain is {}", jid.domain())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tested_is_a_domain() {
        assert_eq!(domain("Example.NET").unwrap().as_str(), "example.net");
        assert!(domain("juliet@example.net").unwrap_err().contains("its domain is example.net"));
        assert!(domain("").is_err());
    }
}
