//! XEP-0077, creating an account: the stream is the test's.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::collections::VecDeque;

use stonechat_extension::client::test_host::TestClient;
use stonechat_extension::client::{BeforeLogin, RequestError};
use stonechat_stanza::{Element, Payload as _, Stanza, StanzaError};
use stonechat_xep_register::client::{CreateError, asked, create, is_offered};
use stonechat_xep_register::{Field, Query};

/// Answers one question after the other.
#[derive(Debug, Default)]
struct Server {
    features: Vec<Element>,
    answers: VecDeque<Result<Query, RequestError>>,
    asked: Vec<Stanza>,
}

impl BeforeLogin for Server {
    fn features(&self) -> &[Element] {
        &self.features
    }

    async fn exchange(&mut self, request: Stanza) -> Result<Stanza, RequestError> {
        let answer = self.answers.pop_front().unwrap_or(Err(RequestError::Lost))?;
        let reply = request.reply();
        self.asked.push(request);
        Ok(if answer == Query::default() { reply } else { reply.with(&answer) })
    }
}

fn run<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    TestClient::with(&[]).start(future).outcome().unwrap()
}

#[test]
fn a_server_says_that_accounts_are_to_be_had() {
    // Example 26 (§8).
    let mut server = Server::default();
    assert!(!is_offered(&server));
    server.features.push("<register xmlns='http://jabber.org/features/iq-register'/>".parse().unwrap());
    assert!(is_offered(&server));
}

#[test]
fn an_account_is_created_with_what_was_asked_for() {
    // Examples 1, 2, 4 and 5 (§3.1).
    let wanted = Query::default().with(Field::Username, "").with(Field::Password, "").with(Field::Email, "");
    let answers = [Ok(wanted), Ok(Query::default())].into();
    let asked = run(async move {
        let mut server = Server { answers, ..Server::default() };
        let wanted = asked(&mut server).await.unwrap();
        let value = |name: &str| Some(if name == "email" { "bard@shakespeare.lit" } else { name }.to_owned());
        create(&mut server, &wanted.answer(value).unwrap()).await.unwrap();
        server.asked
    });
    let payloads: Vec<Element> =
        asked.iter().map(|stanza| stanza.children().next().unwrap().element().unwrap()).collect();
    assert_eq!(payloads[0], Query::default().to_element());
    assert_eq!(
        payloads[1],
        "<query xmlns='jabber:iq:register'><username>username</username><password>password</password><email>bard@shakespeare.lit</email></query>"
            .parse()
            .unwrap()
    );
}

#[test]
fn a_refusal_says_what_is_wrong() {
    // Examples 6 and 7.
    let outcome = |error: StanzaError| {
        run(async move {
            let answers = [Err(RequestError::Refused(error))].into();
            create(&mut Server { answers, ..Server::default() }, &Query::submit("bill", "Calliope")).await
        })
    };
    assert_eq!(outcome(StanzaError::conflict()), Err(CreateError::Taken));
    let short = StanzaError::not_acceptable().with_text("too short");
    assert_eq!(outcome(short), Err(CreateError::NotAcceptable(Some("too short".to_owned()))));
    assert!(matches!(
        outcome(StanzaError::not_allowed()),
        Err(CreateError::Request(RequestError::Refused(_)))
    ));
    let over = run(async { asked(&mut Server::default()).await });
    assert_eq!(over, Err(RequestError::Lost));
}
