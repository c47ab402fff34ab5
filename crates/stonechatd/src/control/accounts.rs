//! What is done about accounts, hosts and other servers, the same whether the server serves clients or listens nowhere.

use std::sync::Arc;

use stonechat_extension::{Host, suggest};
use stonechat_jid::BareJid;
use stonechat_server::RunningServer;

use super::{Answer, Reply, Request, Session, User, federation};
use crate::failure::Failure;

/// How many accounts are listed at a time.
const PAGE: usize = 500;

/// Does what is asked for; what only a server that serves can do is refused.
pub(crate) async fn perform(server: &RunningServer, request: Request) -> Reply {
    match request {
        Request::UserAdd { jid, password } => {
            let done = host_of(server, &jid)?.create_account(&jid, password.expose()).await;
            done.map(|()| Answer::Done).map_err(|error| Failure::from(error).within(jid))
        }
        Request::UserPassword { jid, password } => {
            let done = host_of(server, &jid)?.set_password(&jid, password.expose()).await;
            done.map(|()| Answer::Done).map_err(|error| Failure::from(error).within(jid))
        }
        Request::UserRemove { jid } => match host_of(server, &jid)?.remove_account(&jid).await {
            Ok(true) => Ok(Answer::Done),
            Ok(false) => Err(unknown(&jid)),
            Err(error) => Err(Failure::from(error).within(jid)),
        },
        Request::UserShow { jid } => show(server, &jid).await.map(Answer::User),
        Request::UserList { host, after } => {
            let host = find(server, &host)?;
            let found = server.accounts().list(host.domain(), after.as_ref(), PAGE).await;
            Ok(Answer::Names(found?.iter().map(ToString::to_string).collect()))
        }
        Request::Hosts => Ok(Answer::Names(domains(server))),
        Request::Commands { host } => {
            let tables = find(server, &host)?.tables();
            Ok(Answer::Names(tables.commands().map(|(name, about)| format!("{name:<20} {about}")).collect()))
        }
        Request::Command { host, name, words } => command(server, &host, &name, &words).await,
        Request::FederationStatus => Ok(Answer::Federation(federation::status(server))),
        Request::FederationTest { from, domain } => {
            federation::test(server, from.as_deref(), &domain).await.map(Answer::Trial)
        }
        Request::Reload | Request::Status => Err(Failure::unavailable("no server runs here")),
    }
}

async fn command(server: &RunningServer, host: &str, name: &str, words: &[String]) -> Reply {
    let host = find(server, host)?;
    match host.command(name, words).await {
        Some(Ok(text)) => Ok(Answer::Text(text)),
        Some(Err(why)) => Err(Failure::refused(format!("{name}: {why}"))),
        None => {
            let tables = host.tables();
            let known: Vec<&str> = tables.commands().map(|(name, _)| name).collect();
            Err(Failure::refused(format!("{} has no command `{name}`{}", host.domain(), hint(name, &known))))
        }
    }
}

async fn show(server: &RunningServer, jid: &BareJid) -> Result<User, Failure> {
    let host = host_of(server, jid)?;
    let account = server.accounts().find(jid).await?.ok_or_else(|| unknown(jid))?;
    let sessions = host.account(jid.as_str()).map(|live| live.sessions()).unwrap_or_default();
    let session = |session: &Arc<stonechat_extension::Session>| Session {
        jid: session.jid().to_string(),
        priority: session.priority(),
        from: session.peer().map(|address| address.to_string()),
    };
    Ok(User {
        jid: jid.to_string(),
        created: format!("{:.0}", account.created),
        disabled: account.disabled,
        sessions: sessions.iter().map(session).collect(),
    })
}

fn unknown(jid: &BareJid) -> Failure {
    Failure::refused(format!("{jid}: there is no such account"))
}

fn host_of(server: &RunningServer, jid: &BareJid) -> Result<Arc<Host>, Failure> {
    find(server, jid.domain())
}

pub(super) fn find(server: &RunningServer, domain: &str) -> Result<Arc<Host>, Failure> {
    server.host(domain).ok_or_else(|| {
        let known = domains(server);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        Failure::refused(format!("`{domain}` is not a host of this server{}", hint(domain, &known)))
    })
}

fn domains(server: &RunningServer) -> Vec<String> {
    let mut domains: Vec<String> = server.hosts().all().iter().map(|host| host.domain().to_owned()).collect();
    domains.sort_unstable();
    domains
}

fn hint(word: &str, known: &[&str]) -> String {
    match suggest(word, known.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => "; it has none".to_owned(),
        None => format!("; there is {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use stonechat_server::Server;
    use stonechat_server::config::Config;
    use stonechat_store::Store;
    use zeroize::Zeroizing;

    use super::*;
    use crate::control::Secret;
    use crate::failure::Code;

    async fn server() -> RunningServer {
        let config = Config { listeners: Vec::new(), ..Config::for_host("localhost") };
        Server::new(config, Store::memory()).start().await.unwrap()
    }

    fn add(jid: &str, password: &str) -> Request {
        let password = Secret::new(Zeroizing::new(password.to_owned()));
        Request::UserAdd { jid: jid.parse().unwrap(), password }
    }

    #[tokio::test]
    async fn an_account_is_added_shown_listed_and_removed() {
        let server = server().await;
        let jid: BareJid = "juliet@localhost".parse().unwrap();
        assert_eq!(perform(&server, add("juliet@localhost", "r0m30myr0m30")).await, Ok(Answer::Done));
        let again = perform(&server, add("juliet@localhost", "r0m30myr0m30")).await.unwrap_err();
        assert!(again.code == Code::Refused && again.message.contains("juliet@localhost"), "{again}");
        let Ok(Answer::User(user)) = perform(&server, Request::UserShow { jid: jid.clone() }).await else {
            panic!()
        };
        assert!(user.jid == "juliet@localhost" && !user.disabled && user.sessions.is_empty());
        let list = || perform(&server, Request::UserList { host: "localhost".into(), after: None });
        assert_eq!(list().await, Ok(Answer::Names(vec!["juliet@localhost".into()])));
        assert_eq!(perform(&server, Request::UserRemove { jid: jid.clone() }).await, Ok(Answer::Done));
        assert!(perform(&server, Request::UserRemove { jid }).await.is_err());
        assert_eq!(list().await, Ok(Answer::Names(vec![])));
    }

    #[tokio::test]
    async fn a_host_or_command_that_is_not_there_is_named_with_what_was_meant() {
        let server = server().await;
        let host = perform(&server, add("juliet@localhots", "r0m30myr0m30")).await.unwrap_err();
        assert!(host.message.contains("did you mean `localhost`?"), "{host}");
        let request = Request::Command { host: "localhost".into(), name: "dance".into(), words: vec![] };
        let command = perform(&server, request).await.unwrap_err();
        assert!(command.message.contains("no command `dance`"), "{command}");
    }
}
