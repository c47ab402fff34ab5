//! XEP-0077 §3.2 and §3.3: what the owner of an account can do with it.

use stonechat_extension::test_host::{TestClient, TestHost, contract};
use stonechat_extension::{Ending, On};
use stonechat_stanza::error::Condition;
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_xep_register::{Field, Query, SERVER};

const REMOVE: &str = "<iq type='set' id='unreg1'><query xmlns='jabber:iq:register'><remove/></query></iq>";

fn condition(answer: &Stanza) -> Option<Condition> {
    answer.error().map(|error| error.condition)
}

fn change(to: &str, username: &str, password: &str) -> String {
    let fields = format!("<username>{username}</username><password>{password}</password>");
    let to = if to.is_empty() { String::new() } else { format!(" to='{to}'") };
    format!("<iq type='set' id='change1'{to}><query xmlns='jabber:iq:register'>{fields}</query></iq>")
}

async fn refused(client: &TestClient, iq: &str) -> Option<Condition> {
    condition(&client.ask(iq).await)
}

fn password(host: &TestHost, name: &str) -> Option<String> {
    host.accounts().password(&host.jid(name))
}

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_host_lists_the_feature_also_when_nobody_can_register() {
    let host = TestHost::with(&[&SERVER]).await;
    let tables = host.host().tables();
    assert!(tables.info(On::HOST).features.iter().any(|feature| feature == "jabber:iq:register"));
}

#[tokio::test(start_paused = true)]
async fn who_asks_is_told_to_be_registered_and_never_the_password() {
    // Example 3.
    let host = TestHost::with(&[&SERVER]).await;
    let juliet = host.connect("juliet/balcony").await;
    for to in ["", " to='example.org'", " to='juliet@example.org'"] {
        let ask = format!("<iq type='get' id='reg1'{to}><query xmlns='jabber:iq:register'/></iq>");
        let known = juliet.ask(&ask).await.get::<Query>().unwrap().unwrap();
        assert!(known.registered && known.instructions.is_some());
        assert_eq!(known.get(Field::Username), Some("juliet"));
        assert_eq!(known.get(Field::Password), Some(""));
    }
}

#[tokio::test(start_paused = true)]
async fn the_owner_changes_the_password() {
    // Examples 18 and 19; with the address as the name, as in example 24.
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "bill/globe connects
         bill/globe → <iq type='set' to='example.org' id='change1'><query xmlns='jabber:iq:register'><username>bill</username><password>newpass</password></query></iq>
         bill/globe ← <iq type='result' id='change1' from='example.org'/>",
    )
    .await;
    assert_eq!(password(&host, "bill").as_deref(), Some("newpass"));
    let bill = host.client("bill/globe");
    for (to, name, new) in [("", "Bill", "a"), ("bill@example.org", "bill@example.org", "b")] {
        assert_eq!(refused(&bill, &change(to, name, new)).await, None);
        assert_eq!(password(&host, "bill").as_deref(), Some(new));
    }
}

#[tokio::test(start_paused = true)]
async fn the_owner_changes_the_password_with_the_form() {
    // Example 24.
    let host = TestHost::with(&[&SERVER]).await;
    let form = "<x xmlns='jabber:x:data' type='submit'><field type='hidden' var='FORM_TYPE'><value>jabber:iq:register:changepassword</value></field><field type='text-single' var='username'><value>bill@example.org</value></field><field type='text-private' var='password'><value>groundlings</value></field></x>";
    let iq = format!(
        "<iq type='set' to='example.org' id='change2'><query xmlns='jabber:iq:register'>{form}</query></iq>"
    );
    assert_eq!(refused(host.connect("bill/globe").await.as_ref(), &iq).await, None);
    assert_eq!(password(&host, "bill").as_deref(), Some("groundlings"));
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_change_is_a_bad_request_and_changes_nothing() {
    // Table 2, and §3.3 on empty passwords.
    let host = TestHost::with(&[&SERVER]).await;
    let bill = host.connect("bill/globe").await;
    for content in [
        "",
        "<username>bill</username>",
        "<username>bill</username><password/>",
        "<password>newpass</password>",
        "<nothing/>",
        "<x xmlns='jabber:x:data' type='cancel'/>",
    ] {
        let iq = format!("<iq type='set' id='1'><query xmlns='jabber:iq:register'>{content}</query></iq>");
        let answer = bill.ask(&iq).await;
        assert_eq!(condition(&answer), Some(Condition::BadRequest), "{content}");
        assert!(!answer.to_string().contains("newpass"), "{answer}");
    }
    assert_eq!(password(&host, "bill").as_deref(), Some("secret"));
}

#[tokio::test(start_paused = true)]
async fn nobody_changes_or_cancels_the_account_of_somebody_else() {
    let host = TestHost::with(&[&SERVER]).await;
    let eve = host.connect("eve/web").await;
    host.account("bill").await;
    // The same for an account that exists and one that does not.
    for name in ["bill", "nobody"] {
        assert_eq!(refused(&eve, &change("example.org", name, "x")).await, Some(Condition::Forbidden));
        assert_eq!(refused(&eve, &change("", name, "x")).await, Some(Condition::Forbidden));
        let jid = format!("{name}@example.org");
        for iq in [
            change(&jid, name, "x"),
            change(&jid, "eve", "x"),
            REMOVE.replace("id=", &format!("to='{jid}' id=")),
            format!("<iq type='get' id='1' to='{jid}'><query xmlns='jabber:iq:register'/></iq>"),
        ] {
            assert_eq!(eve.ask(&iq).await.error(), Some(StanzaError::service_unavailable()), "{iq}");
        }
    }
    assert_eq!(password(&host, "bill").as_deref(), Some("secret"));
    assert_eq!(password(&host, "eve").as_deref(), Some("secret"));
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_is_answered_and_then_every_session_ends() {
    // Examples 11 and 12, and scenario 1.
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "bill/globe, bill/home, juliet/balcony online
         bill/globe → <iq type='set' id='unreg1'><query xmlns='jabber:iq:register'><remove/></query></iq>
         bill/globe ← <iq type='result' to='bill@example.org/globe' id='unreg1'/>
         bill/globe ← nothing",
    )
    .await;
    for name in ["bill/globe", "bill/home"] {
        assert_eq!(host.client(name).ending(), Some(Ending::AccountRemoved), "{name}");
        assert!(host.client(name).session().has_ended(), "{name}");
    }
    assert_eq!(host.client("juliet/balcony").ending(), None);
    assert!(!host.host().accounts().exists(&host.jid("bill")).await.unwrap(), "nobody can log in");
    assert!(host.host().account("bill@example.org").is_none());
    assert_eq!(host.host().tables().failures("register"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_client_sent_after_its_cancellation_is_ignored() {
    let host = TestHost::with(&[&SERVER]).await;
    host.run(
        "bill/globe, juliet/balcony online
         bill/globe → <iq type='set' id='unreg1' to='example.org'><query xmlns='jabber:iq:register'><remove/></query></iq>
         bill/globe → juliet: <body>a ghost</body>
         bill/globe → <presence/>
         bill/globe → <iq type='get' id='2' to='example.org'><query xmlns='jabber:iq:register'/></iq>
         bill/globe ← <iq type='result' id='unreg1' from='example.org'/>
         bill/globe ← nothing
         juliet/balcony ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn remove_has_to_be_alone() {
    // Table 1 and example 13.
    let host = TestHost::with(&[&SERVER]).await;
    let bill = host.connect("bill/globe").await;
    let iq = REMOVE.replace("<remove/>", "<remove/><username>bill</username>");
    assert_eq!(refused(&bill, &iq).await, Some(Condition::BadRequest));
    assert_eq!(bill.ending(), None);
    assert!(host.host().accounts().exists(&host.jid("bill")).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_operator_can_allow_neither() {
    // Examples 15 and 22.
    let section = "allow-password-change = false\nallow-cancellation = false";
    let host = TestHost::configured(&[&SERVER], &[("register", section)]).await;
    let bill = host.connect("bill/globe").await;
    assert_eq!(refused(&bill, &change("example.org", "bill", "x")).await, Some(Condition::NotAllowed));
    assert_eq!(refused(&bill, REMOVE).await, Some(Condition::NotAllowed));
    assert_eq!(password(&host, "bill").as_deref(), Some("secret"));
}

#[tokio::test(start_paused = true)]
async fn who_has_no_account_here_cannot_have_it_changed() {
    // Table 1: registration-required. Somebody of another domain, and somebody who logged in without an account.
    let host = TestHost::with(&[&SERVER]).await;
    let guest = host.connect("guest/web").await;
    host.host().accounts().remove(&host.jid("guest")).await.unwrap();
    assert_eq!(refused(&guest, REMOVE).await, Some(Condition::RegistrationRequired));
    assert_eq!(refused(&guest, &change("", "guest", "x")).await, Some(Condition::RegistrationRequired));
    let get = "<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>";
    assert_eq!(refused(&guest, get).await, Some(Condition::ServiceUnavailable));
    host.run("watch/1 online").await;
    host.inject("<iq type='set' id='2' from='watch@example.org/2' to='example.org'><query xmlns='jabber:iq:register'><remove/></query></iq>").await;
    assert!(host.host().accounts().exists(&host.jid("watch")).await.unwrap(), "no session of it asked");
}
