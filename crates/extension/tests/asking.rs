//! Requests that a host sends, and their answers.

use std::time::Duration;

use stonechat_extension::Answered;
use stonechat_extension::test_host::TestHost;
use stonechat_jid::Jid;
use stonechat_stanza::error::Condition;
use stonechat_stanza::{Element, Stanza, iq};

const PATIENCE: Duration = Duration::from_secs(60);

fn request(from: &str, to: &str) -> Stanza {
    Stanza::iq(iq::Type::Get)
        .with_from(from.parse::<Jid>().expect("an address"))
        .with_to(to.parse::<Jid>().expect("an address"))
        .with_element(&Element::bare("x", "urn:test:x"))
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_request_comes_back_to_who_asked_whether_it_was_the_host_or_an_account() {
    for from in ["example.org", "a@example.org"] {
        let host = TestHost::with(&[]).await;
        host.run("a/1, b/1, eve/1 online").await;
        let asking = tokio::spawn({
            let host = std::sync::Arc::clone(host.host());
            async move { host.ask(request(from, "b@example.org/1"), PATIENCE).await }
        });
        tokio::task::yield_now().await;
        let asked = host.client("b/1").next().expect("a request");
        assert_eq!(asked.from().unwrap().as_str(), from);
        let id = asked.id().unwrap();
        // Nobody else can answer, even who knows the id.
        host.client("eve/1").send(&format!("<iq type='error' id='{id}' to='{from}'/>")).await;
        host.client("b/1")
            .send(&format!("<iq type='result' id='{id}' to='{from}'><x xmlns='urn:test:x'/></iq>"))
            .await;
        let Answered::Result(answer) = asking.await.unwrap() else { panic!("it was answered") };
        assert!(answer.has("urn:test:x", "x"));
        host.run("a/1 ← nothing").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_to_nobody_is_answered_by_an_error_and_one_that_is_ignored_by_nothing() {
    let host = TestHost::with(&[]).await;
    host.run("b/1 online").await;
    let ask = |to: &'static str| host.host().ask(request("example.org", to), PATIENCE);
    let Answered::Error(error) = ask("nobody@example.org/1").await else { panic!("an error") };
    assert_eq!(error.condition, Condition::ServiceUnavailable);
    let Answered::Error(error) = ask("elsewhere.example").await else { panic!("an error") };
    assert_eq!(error.condition, Condition::RemoteServerNotFound);
    assert!(matches!(ask("b@example.org/1").await, Answered::Nothing));
}
