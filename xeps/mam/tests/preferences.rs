//! Preferences (XEP-0441).

mod common;

use common::{all, configured, id_of};
use stonechat_extension::test_host::{PRESENCE, TestHost};
use stonechat_stanza::error::Condition;
use stonechat_xep_mam::{Policy, Preferences, SERVER};

const GET: &str = "<iq type='get' id='juliet2'><prefs xmlns='urn:xmpp:mam:2'/></iq>";

fn set(default: &str, always: &[&str], never: &[&str]) -> String {
    let list = |name: &str, jids: &[&str]| {
        let jids: String = jids.iter().map(|jid| format!("<jid>{jid}</jid>")).collect();
        format!("<{name}>{jids}</{name}>")
    };
    format!(
        "<iq type='set' id='juliet3'><prefs xmlns='urn:xmpp:mam:2' default='{default}'>{}{}</prefs></iq>",
        list("always", always),
        list("never", never)
    )
}

async fn get(host: &TestHost, client: &str) -> Preferences {
    host.client(client).ask(GET).await.get::<Preferences>().expect("it parses").expect("preferences")
}

/// Examples 1, 2, 4 and 5.
#[tokio::test(start_paused = true)]
async fn preferences_are_read_changed_and_kept() {
    let host = configured("default = 'never'").await;
    host.run("a/1 online").await;
    assert_eq!(get(&host, "a/1").await, Preferences::new(Policy::Never));
    let answer = host.client("a/1").ask(&set("always", &["r@montague.lit"], &["m@montague.lit/x"])).await;
    let applied = answer.get::<Preferences>().unwrap().unwrap();
    assert_eq!(applied.never[0], "m@montague.lit/x");
    assert_eq!(get(&host, "a/1").await, applied);
    host.run("a/1 disconnects\n a/2 online").await;
    assert_eq!(get(&host, "a/2").await, applied);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_preference_is_refused() {
    let host = configured("").await;
    host.run("a/1 online").await;
    for request in
        ["<iq type='set' id='1'><prefs xmlns='urn:xmpp:mam:2'/></iq>".to_owned(), set("sometimes", &[], &[])]
    {
        let error = host.client("a/1").ask(&request).await.error().unwrap();
        assert_eq!(error.condition, Condition::BadRequest, "{request}");
    }
    let many = vec!["a@b.example"; 1001];
    let error = host.client("a/1").ask(&set("always", &many, &[])).await.error().unwrap();
    assert_eq!(error.condition, Condition::ResourceConstraint);
    assert_eq!(get(&host, "a/1").await, Preferences::new(Policy::Always));
}

/// §2.3.2 and §2.3.3, for who is there and who is not.
#[tokio::test(start_paused = true)]
async fn each_account_has_its_own_way() {
    let host = configured("").await;
    host.run("a/1, b/1 online").await;
    host.client("b/1").ask(&set("always", &[], &["a@example.org"])).await;
    host.run("a/1 → b: <body>here</body>").await;
    assert_eq!(id_of(&host.client("b/1").next().unwrap(), "b@example.org"), None);
    host.run("b/1 → a: <body>back</body>\n b/1 disconnects\n a/1 → b: <body>gone</body>\n b/1 connects")
        .await;
    assert_eq!(all(&host, "a/1").await.bodies(), ["here", "back", "gone"]);
    assert_eq!(all(&host, "b/1").await.bodies(), [""; 0]);
    // What is not in the archive waits in full.
    host.run("b/1 → <presence/>\n b/1 ← <message><body>gone</body></message>").await;
    host.client("b/1").ask(&set("never", &["a@example.org/1"], &[])).await;
    host.run("a/1 → b: <body>listed</body>").await;
    assert_eq!(all(&host, "b/1").await.bodies(), ["listed"]);
}

/// §2.1.1.
#[tokio::test(start_paused = true)]
async fn only_contacts_are_archived_by_who_wants_it_so() {
    let all_of_them = [&PRESENCE, &stonechat_xep_roster::SERVER, &stonechat_xep_offline::SERVER, &SERVER];
    let host = TestHost::configured(&all_of_them, &[("mam", "default = 'roster'")]).await;
    host.run("a/1, b/1, c/1 online").await;
    let add =
        "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='a@example.org'/></query></iq>";
    host.client("b/1").ask(add).await;
    host.run("a/1 → b: <body>from a contact</body>\n c/1 → b: <body>from a stranger</body>").await;
    host.run("b/1 → c: <body>to a stranger</body>\n b/1 disconnects").await;
    host.run("c/1 → b: <body>stranger again</body>\n a/1 → b: <body>contact again</body>\n b/1 connects")
        .await;
    assert_eq!(all(&host, "b/1").await.bodies(), ["from a contact", "contact again"]);
}

#[tokio::test(start_paused = true)]
async fn without_rosters_nobody_is_a_contact() {
    let host = configured("default = 'roster'").await;
    host.run("a/1, b/1 online\n a/1 → b: <body>x</body>").await;
    assert_eq!(all(&host, "b/1").await.bodies(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn removing_an_account_removes_what_it_wanted_and_its_archive() {
    let host = configured("").await;
    host.run("a/1, b/1 online\n a/1 → b: <body>x</body>").await;
    host.client("b/1").ask(&set("never", &[], &[])).await;
    let b = host.jid("b");
    host.host().remove_account(&b).await.unwrap();
    host.host().create_account(&b, "secret").await.unwrap();
    host.run("b/2 connects").await;
    assert_eq!(get(&host, "b/2").await, Preferences::new(Policy::Always));
    assert_eq!(all(&host, "b/2").await.bodies(), [""; 0]);
    assert_eq!(all(&host, "a/1").await.bodies(), ["x"]);
}
