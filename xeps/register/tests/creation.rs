//! XEP-0077 §3.1: accounts are created before authentication, where that is allowed.

use std::net::IpAddr;

use stonechat_extension::test_host::TestHost;
use stonechat_extension::{On, Phase};
use stonechat_stanza::error::{Condition, Kind};
use stonechat_stanza::forms::{self, field};
use stonechat_stanza::{Payload as _, Stanza};
use stonechat_xep_register::{Field, Query, SERVER};

const OPEN: &str = "allow-creation = true\n";

const ASK: &str = "<iq type='get' id='reg1' to='example.org'><query xmlns='jabber:iq:register'/></iq>";

async fn open(more: &str) -> TestHost {
    TestHost::configured(&[&SERVER], &[("register", &format!("{OPEN}{more}"))]).await
}

/// What a client at this address is answered that has not logged in.
async fn from(host: &TestHost, peer: &str, iq: &str) -> Stanza {
    let peer: IpAddr = peer.parse().expect("an address");
    let request = Stanza::parse(iq.as_bytes()).expect("a stanza");
    host.host().iq_before_auth(request, Some(peer)).await.expect("an answer")
}

async fn ask(host: &TestHost, iq: &str) -> Stanza {
    from(host, "192.0.2.1", iq).await
}

fn submit(username: &str, password: &str) -> String {
    let fields = format!("<username>{username}</username><password>{password}</password>");
    format!("<iq type='set' id='reg2'><query xmlns='jabber:iq:register'>{fields}</query></iq>")
}

fn condition(answer: &Stanza) -> Option<Condition> {
    answer.error().map(|error| error.condition)
}

async fn exists(host: &TestHost, name: &str) -> bool {
    host.host().accounts().exists(&host.jid(name)).await.expect("accounts in memory")
}

#[tokio::test(start_paused = true)]
async fn by_default_nobody_can_register() {
    let host = TestHost::with(&[&SERVER]).await;
    let tables = host.host().tables();
    assert_eq!(tables.stream_features(Phase::BeforeAuth).count(), 0);
    // §3.1: a host that does not support registration.
    for iq in [ASK, &submit("bill", "Calliope")] {
        assert_eq!(condition(&ask(&host, iq).await), Some(Condition::ServiceUnavailable));
    }
    assert!(!exists(&host, "bill").await);
}

#[tokio::test(start_paused = true)]
async fn where_it_is_allowed_the_stream_says_so() {
    // Examples 26 and 28.
    let host = open("").await;
    let tables = host.host().tables();
    let features: Vec<_> = tables.stream_features(Phase::BeforeAuth).collect();
    assert!(features[0].is("register", "http://jabber.org/features/iq-register"), "{features:?}");
    assert_eq!(tables.stream_features(Phase::AfterAuth).count(), 0);
    assert!(tables.info(On::HOST).features.iter().any(|feature| feature == "jabber:iq:register"));
}

#[tokio::test(start_paused = true)]
async fn who_asks_gets_the_fields_and_the_form() {
    // Examples 1 and 2, §4 rules 3 and 4, §6.
    let host = open("instructions = 'Choose.'").await;
    let answer = ask(&host, ASK).await;
    assert_eq!((answer.id(), answer.from().map(|from| from.as_str())), (Some("reg1"), Some("example.org")));
    let query = answer.get::<Query>().unwrap().unwrap();
    assert!(!query.registered);
    assert_eq!(query.instructions.as_deref(), Some("Choose."));
    assert_eq!((query.get(Field::Username), query.get(Field::Password)), (Some(""), Some("")));
    let form = query.form.unwrap();
    assert_eq!((form.kind, form.form_type()), (forms::Type::Form, Some("jabber:iq:register")));
    assert_eq!(form.field("password").unwrap().kind, Some(field::Type::TextPrivate));
}

#[tokio::test(start_paused = true)]
async fn who_submits_the_fields_has_an_account() {
    // Examples 4 and 5.
    let host = open("").await;
    let answer = ask(&host, &submit("bill", "Calliope")).await;
    assert_eq!(answer.to_string(), "<iq id='reg2' type='result'/>");
    assert!(exists(&host, "bill").await);
}

#[tokio::test(start_paused = true)]
async fn who_submits_the_form_has_an_account() {
    // Example 10.
    let host = open("").await;
    let form = "<x xmlns='jabber:x:data' type='submit'><field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field><field var='username'><value>bill</value></field><field var='password'><value>Calliope</value></field></x>";
    let iq = format!("<iq type='set' id='reg4'><query xmlns='jabber:iq:register'>{form}</query></iq>");
    assert_eq!(condition(&ask(&host, &iq).await), None);
    assert!(exists(&host, "bill").await);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_is_a_conflict_and_nothing_of_the_request_comes_back() {
    // Example 6.
    let host = open("").await;
    host.account("bill").await;
    let answer = ask(&host, &submit("bill", "m1cro$oft")).await;
    assert_eq!(condition(&answer), Some(Condition::Conflict));
    assert!(!answer.to_string().contains("m1cro"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_filled_out_is_not_acceptable() {
    // Example 7, and the note on empty passwords.
    let host = open("").await;
    for content in [
        "",
        "<username>bill</username>",
        "<password>Calliope</password>",
        "<username>bill</username><password/>",
        "<username/><password>Calliope</password>",
        "<x xmlns='jabber:x:data' type='submit'><field var='username'><value>bill</value></field></x>",
    ] {
        let iq = format!("<iq type='set' id='1'><query xmlns='jabber:iq:register'>{content}</query></iq>");
        assert_eq!(condition(&ask(&host, &iq).await), Some(Condition::NotAcceptable), "{content}");
    }
    assert!(!exists(&host, "bill").await);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_cannot_be_had_is_not_acceptable_and_the_text_says_why() {
    let host = open("").await;
    for name in ["Bill", "bill@example.org", "d'artagnan", "admin", "аdmin", &"a".repeat(65)] {
        let error = ask(&host, &submit(name, "Calliope")).await.error().unwrap();
        assert_eq!(error.condition, Condition::NotAcceptable, "{name}");
        assert!(error.text().is_some_and(|text| text.contains("username")), "{error:?}");
    }
    // None of them was worth an attempt.
    assert_eq!(condition(&ask(&host, &submit("bill", "Calliope")).await), None);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_looks_like_another_is_a_conflict() {
    let host = open("attempts = 100").await;
    // One was made by the operator, the other registered.
    host.account("paypal").await;
    assert_eq!(condition(&ask(&host, &submit("modern", "Calliope")).await), None);
    for name in ["p\u{430}yp\u{430}l", "paypa1", "modem", "rnodern"] {
        assert_eq!(condition(&ask(&host, &submit(name, "x")).await), Some(Condition::Conflict), "{name}");
    }
    for name in ["pay", "paypal2", "moderne"] {
        assert_eq!(condition(&ask(&host, &submit(name, "x")).await), None, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn look_alikes_can_be_allowed() {
    let host = open("refuse-look-alikes = false").await;
    host.account("paypal").await;
    assert_eq!(condition(&ask(&host, &submit("paypa1", "x")).await), None);
    assert_eq!(condition(&ask(&host, &submit("paypal", "x")).await), Some(Condition::Conflict));
}

#[tokio::test(start_paused = true)]
async fn the_name_of_a_removed_account_cannot_be_had_for_some_time() {
    let host = open("removed-days = 2\nattempts = 100").await;
    for name in ["bill", "will"] {
        host.account(name).await;
        host.host().remove_account(&host.jid(name)).await.unwrap();
    }
    for name in ["bill", "bill", "bi11"] {
        assert_eq!(condition(&ask(&host, &submit(name, "x")).await), Some(Condition::Conflict), "{name}");
    }
    host.run(&format!("later {}", 2 * 24 * 3600 - 1)).await;
    assert_eq!(condition(&ask(&host, &submit("bill", "x")).await), Some(Condition::Conflict));
    host.run("later 1").await;
    assert_eq!(condition(&ask(&host, &submit("bill", "x")).await), None);
    // What is over is forgotten with the next removal, and what is in use again is not.
    host.account("last").await;
    host.host().remove_account(&host.jid("last")).await.unwrap();
    let owner = stonechat_store_owner(&host);
    let kept = |name: &'static str| host.store().map(name);
    assert_eq!(kept("register-removed").count(&owner).await.unwrap(), 1);
    let names = kept("register-names").all(&owner).await.unwrap();
    let names: Vec<_> =
        names.iter().filter_map(|(key, _)| key.rsplit_once('/')).map(|(_, name)| name).collect();
    assert_eq!(names, ["bill", "last"]);
}

fn stonechat_store_owner(host: &TestHost) -> stonechat_store::Owner {
    stonechat_store::Owner::host(host.host().domain())
}

#[tokio::test(start_paused = true)]
async fn who_registers_too_often_has_to_wait_and_others_do_not() {
    // §3.1.1.
    let host = open("attempts = 2\nattempt-every = 600").await;
    assert_eq!(condition(&from(&host, "2001:db8::1", &submit("a", "x")).await), None);
    // A name that is taken costs an attempt, so that names cannot be probed any faster.
    assert_eq!(condition(&from(&host, "2001:db8::2", &submit("a", "x")).await), Some(Condition::Conflict));
    for name in ["a", "b", "c"] {
        let error = from(&host, "2001:db8::3", &submit(name, "x")).await.error().unwrap();
        assert_eq!((error.condition, error.kind), (Condition::NotAcceptable, Kind::Wait), "{name}");
    }
    assert_eq!(condition(&from(&host, "2001:db8:1::1", &submit("b", "x")).await), None);
    host.run("later 600").await;
    assert_eq!(condition(&from(&host, "2001:db8::1", &submit("c", "x")).await), None);
}

#[tokio::test(start_paused = true)]
async fn a_host_takes_so_many_accounts_wherever_they_come_from() {
    let host = open("accounts = 1\naccount-every = 60").await;
    host.account("taken").await;
    assert_eq!(condition(&from(&host, "192.0.2.1", &submit("taken", "x")).await), Some(Condition::Conflict));
    assert_eq!(condition(&from(&host, "192.0.2.2", &submit("a", "x")).await), None);
    assert_eq!(condition(&from(&host, "192.0.2.3", &submit("b", "x")).await), Some(Condition::NotAcceptable));
    host.run("later 60").await;
    assert_eq!(condition(&from(&host, "192.0.2.3", &submit("b", "x")).await), None);
}

#[tokio::test(start_paused = true)]
async fn who_has_not_logged_in_cannot_cancel_or_be_told_of_others() {
    // Table 1: unexpected-request.
    let host = open("").await;
    host.account("bill").await;
    for from in ["", " from='bill@example.org/globe'"] {
        let remove = format!(
            "<iq type='set' id='unreg1'{from}><query xmlns='jabber:iq:register'><remove/></query></iq>"
        );
        assert_eq!(condition(&ask(&host, &remove).await), Some(Condition::UnexpectedRequest));
        let get = format!("<iq type='get' id='1'{from}><query xmlns='jabber:iq:register'/></iq>");
        let told = ask(&host, &get).await.get::<Query>().unwrap().unwrap();
        assert!(!told.registered && told.get(Field::Username) == Some(""));
    }
    assert!(exists(&host, "bill").await);
}

#[tokio::test(start_paused = true)]
async fn a_request_to_another_domain_is_not_for_us() {
    let host = open("").await;
    let elsewhere = submit("bill", "x").replace("id='reg2'", "id='reg2' to='example.com'");
    assert_eq!(condition(&ask(&host, &elsewhere).await), Some(Condition::ServiceUnavailable));
}

#[tokio::test(start_paused = true)]
async fn of_two_who_want_the_same_or_similar_name_one_gets_it() {
    let host = open("attempts = 100").await;
    let names = ["paypal", "paypa1", "paypal", "paypa1"].map(|name| submit(name, "x"));
    let [a, b, c, d] = &names;
    let answers = tokio::join!(ask(&host, a), ask(&host, b), ask(&host, c), ask(&host, d));
    let answers = [answers.0, answers.1, answers.2, answers.3];
    assert_eq!(answers.iter().filter(|answer| answer.error().is_none()).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_request_before_authentication_causes_a_panic() {
    let host = open("attempts = 10000").await;
    for content in [
        "<x xmlns='jabber:x:data'/>",
        "<x xmlns='jabber:x:data' type='submit'><field/></x>",
        "<remove/><remove/>",
        "text",
    ] {
        for kind in ["get", "set"] {
            let iq =
                format!("<iq type='{kind}' id='1'><query xmlns='jabber:iq:register'>{content}</query></iq>");
            ask(&host, &iq).await;
        }
    }
    assert_eq!(host.host().tables().failures("register"), 0);
    assert!(Query::parse(&"<query xmlns='jabber:iq:register'/>".parse().unwrap()).is_ok());
}
