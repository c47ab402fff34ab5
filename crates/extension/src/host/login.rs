//! What a host's extensions do at a login.

use std::sync::Arc;

use stonechat_stanza::Element;

use super::{BindError, Host};
use crate::cx::{Cx, Outbox};
use crate::handler::HandlerError;
use crate::hooks::{Entry, Source};
use crate::login::{Claim, Failed, Login, Resumption, Secret, owner};
use crate::mailbox::Mailbox;
use crate::session::Session;
use crate::tables::Tables;

/// What became of a login: the session that the client has now, if it has one, and what it is to be told so far.
#[derive(Debug)]
#[must_use = "the session has to be closed when its connection is"]
pub struct Entered {
    /// The session.
    pub session: Option<Arc<Session>>,
    /// It was bound for this login, and is not an earlier one.
    is_new: bool,
    /// The request that it was bound for.
    request: Option<Element>,
    answers: Vec<Element>,
}

impl Host {
    /// The tokens that would prove a claim; `None` when they cannot be told now.
    pub async fn token_secrets(self: &Arc<Self>, claim: &Claim) -> Option<Vec<Secret>> {
        let tables = self.tables();
        let Some((_, Entry { source, handler })) = &tables.login.tokens else { return Some(Vec::new()) };
        let mut out = Outbox::default();
        let mut cx = Cx::new(self, &tables, None, &mut out).at_peer(claim.peer);
        let found = source.wait("secrets", "Tokens", handler.secrets(&mut cx, claim)).await;
        self.drain(out).await;
        done(source, "Tokens", found)
    }

    /// Whether a client that has proved to have this token is let in: why not, if not.
    pub async fn accept_token(self: &Arc<Self>, claim: &Claim, secret: &Secret) -> Option<Failed> {
        let tables = self.tables();
        let Some((_, Entry { source, handler })) = &tables.login.tokens else {
            return Some(Failed::new("not-authorized"));
        };
        let mut out = Outbox::default();
        let mut cx = Cx::new(self, &tables, None, &mut out).at_peer(claim.peer);
        let accepted = source.wait("accept", "Tokens", handler.accept(&mut cx, claim, secret)).await;
        self.drain(out).await;
        done(source, "Tokens", accepted).unwrap_or_else(|| Some(Failed::new("temporary-auth-failure")))
    }

    /// As [`Host::bind`], for who has logged in; the session [knows](Session::login) the login.
    ///
    /// # Errors
    /// [`BindError`].
    pub async fn bind_login(
        self: &Arc<Self>,
        login: &Login,
        resource: Option<&str>,
        mailbox: Mailbox,
    ) -> Result<Arc<Session>, BindError> {
        let keep = |session: &Session| session.keep_login(login);
        self.bind_with(&login.account, resource, mailbox, login.peer, keep).await
    }

    /// Resumes or binds the session that the client has asked for together with its login. A session that cannot be bound leaves
    /// the client with a login, to try again as everybody else binds.
    ///
    /// The caller has to see to the session from here on, and to call [`Host::welcome`].
    pub async fn enter(self: &Arc<Self>, login: &Login, mailbox: Mailbox) -> Entered {
        let tables = self.tables();
        let mut entered = Entered { session: None, is_new: false, request: None, answers: Vec::new() };
        let mut out = Outbox::default();
        for request in once(login.requests.iter()) {
            let Some(Entry { source, handler }) = owner(&tables.login.resume, request) else { continue };
            let mut cx = Cx::new(self, &tables, None, &mut out).at_peer(login.peer);
            let resumed = source.wait("resume", "Login", handler.resume(&mut cx, login, request)).await;
            let Resumption { session, answer } = done(source, "Login", resumed).unwrap_or_default();
            if session.as_ref().is_some_and(|session| *session.account().jid() != login.account) {
                source.failed("resume", "Login", "gave a session of another account");
                continue;
            }
            entered.answers.extend(answer);
            if let Some(session) = &session {
                session.keep_login(login);
            }
            entered.session = session;
            if entered.session.is_some() {
                break;
            }
        }
        self.drain(out).await;
        if entered.session.is_none() {
            self.enter_anew(&tables, login, mailbox, &mut entered).await;
        }
        entered
    }

    async fn enter_anew(
        self: &Arc<Self>,
        tables: &Tables,
        login: &Login,
        mailbox: Mailbox,
        entered: &mut Entered,
    ) {
        let wanted =
            login.requests.iter().find_map(|request| Some((request, owner(&tables.login.bind, request)?)));
        let Some((request, Entry { source, handler })) = wanted else { return };
        let Some(resource) = source.run("resource", "Login", || handler.resource(login, request)) else {
            return;
        };
        match self.bind_login(login, resource.as_deref(), mailbox).await {
            Ok(session) => {
                entered.session = Some(session);
                entered.is_new = true;
                entered.request = Some(request.clone());
            }
            Err(error) => tracing::info!(account = %login.account, %error, "no session is bound at login"),
        }
    }

    /// Does what is to be done at the bind and at the login, and gives what the client is to be told.
    pub async fn welcome(self: &Arc<Self>, login: &Login, entered: Entered) -> Vec<Element> {
        let Entered { session, is_new, request, mut answers } = entered;
        let tables = self.tables();
        let mut out = Outbox::default();
        let mut cx = Cx::new(self, &tables, session.as_ref(), &mut out).at_peer(login.peer);
        if let (true, Some(request)) = (is_new, &request) {
            answers.extend(at_bind(&mut cx, &tables, login, request).await);
        }
        for Entry { source, handler } in &tables.login.at_login {
            let told = source.wait("at login", "Login", handler.at_login(&mut cx, login)).await;
            answers.extend(done(source, "Login", told).flatten());
        }
        self.drain(out).await;
        answers
    }
}

async fn at_bind(cx: &mut Cx<'_>, tables: &Tables, login: &Login, request: &Element) -> Option<Element> {
    let Entry { source, handler } = owner(&tables.login.bind, request)?;
    let mut answers = Vec::new();
    for wish in once(request.children()) {
        let Some(Entry { source, handler }) = owner(&tables.login.at_bind, wish) else { continue };
        let answer = source.wait("at bind", "Login", handler.at_bind(cx, login, Some(wish))).await;
        answers.extend(done(source, "Login", answer).flatten());
    }
    for Entry { source, handler } in &tables.login.at_every_bind {
        let answer = source.wait("at bind", "Login", handler.at_bind(cx, login, None)).await;
        answers.extend(done(source, "Login", answer).flatten());
    }
    source.run("bound", "Login", || handler.bound(cx, login, request, answers))
}

/// The first of each namespace and name: nothing is asked for twice.
fn once<'a>(elements: impl Iterator<Item = &'a Element>) -> Vec<&'a Element> {
    let mut seen: Vec<&Element> = Vec::new();
    for element in elements {
        if !seen.iter().any(|other| other.name() == element.name() && other.ns() == element.ns()) {
            seen.push(element);
        }
    }
    seen
}

/// What a handler has done; `None` when it failed, which is logged and counted.
fn done<T>(source: &Source, point: &str, result: Option<Result<T, HandlerError>>) -> Option<T> {
    match result? {
        Ok(value) => Some(value),
        Err(error) => {
            source.failed("login", point, &error.to_string());
            None
        }
    }
}
