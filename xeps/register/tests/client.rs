//! XEP-0077, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::sync::Arc;

use stonechat_extension::client::RequestError;
use stonechat_extension::client::test_host::{TestClient, answered, check};
use stonechat_stanza::forms::{Field as FormField, Form, Type, field};
use stonechat_stanza::jid::Jid;
use stonechat_xep_register::client::Registration;
use stonechat_xep_register::{CLIENT, Field, NS, Query};

fn online() -> (TestClient, Arc<Registration>) {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    let registration = client.service::<Registration>();
    (client, registration)
}

fn gateway() -> Jid {
    "contests.shakespeare.lit".parse().unwrap()
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn the_password_is_changed_at_the_own_server() {
    // Example 18 (§3.3).
    let (mut client, registration) = online();
    let started = client.start(async move { registration.change_password("newpass").await });
    let request = client.sent().unwrap();
    assert_eq!(request.to().unwrap().as_str(), "example.com");
    assert_eq!(request.get::<Query>().unwrap().unwrap(), Query::submit("juliet", "newpass"));
    client.receive(&request.reply().to_string());
    assert_eq!(started.outcome(), Some(Ok(())));
}

#[test]
fn a_refusal_is_told_and_before_a_session_nothing_is_sent() {
    let (mut client, registration) = online();
    let started = client.start(async move { registration.change_password("newpass").await });
    let refusal = client.sent().unwrap().error_reply(&stonechat_stanza::StanzaError::not_allowed()).unwrap();
    client.receive(&refusal.to_string());
    assert!(matches!(started.outcome(), Some(Err(RequestError::Refused(_)))));

    let mut client = TestClient::with(&[&CLIENT]);
    let registration = client.service::<Registration>();
    let started = client.start(async move { registration.change_password("newpass").await });
    assert!(matches!(started.outcome(), Some(Err(RequestError::NotSent(_)))));
}

#[test]
fn the_account_and_a_registration_are_cancelled() {
    // Example 14 (§3.2).
    let (mut client, registration) = online();
    let _started = client.start(async move {
        registration.cancel(gateway()).await?;
        registration.cancel_account().await
    });
    for to in ["contests.shakespeare.lit", "example.com"] {
        let request = client.sent().unwrap();
        assert_eq!(request.to().unwrap().as_str(), to);
        assert!(request.get::<Query>().unwrap().unwrap().remove);
        client.receive(&request.reply().to_string());
    }
}

#[test]
fn one_registers_with_a_service_by_its_fields() {
    // Examples 1 to 4 (§3.1.1).
    let (mut client, registration) = online();
    let service = Arc::clone(&registration);
    let started = client.start(async move { service.fields(gateway()).await });
    let answer =
        "<query xmlns='jabber:iq:register'><instructions>Choose</instructions><username/><password/></query>";
    let fields = answered(&mut client, &started, answer).unwrap();
    assert_eq!(fields.get(Field::Username), Some(""));
    let done = client
        .start(async move { registration.register(gateway(), &Query::submit("bill", "Calliope")).await });
    let request = client.sent().unwrap();
    client.receive(&request.reply().to_string());
    assert_eq!(done.outcome(), Some(Ok(())));
}

#[test]
fn a_form_is_checked_before_it_is_sent() {
    // §4, examples 19 and 20.
    let (mut client, registration) = online();
    let form =
        Form::of(Type::Form, NS).with_field(FormField::new(field::Type::TextSingle, "first").required());
    let submit = |client: &mut TestClient, submission: Form| {
        let (service, form) = (Arc::clone(&registration), form.clone());
        client.start(async move { service.submit(gateway(), &form, submission).await })
    };
    let empty = submit(&mut client, Form::of(Type::Submit, NS));
    assert!(matches!(empty.outcome(), Some(Err(RequestError::NotSent(_)))));
    let right = submit(
        &mut client,
        Form::of(Type::Submit, NS).with_field(FormField::bare("first").with_value("Juliet")),
    );
    let request = client.sent().unwrap();
    assert_eq!(request.get::<Query>().unwrap().unwrap().form.unwrap().value("first"), Some("Juliet"));
    client.receive(&request.reply().to_string());
    assert_eq!(right.outcome(), Some(Ok(())));
}
