use super::*;

fn store() -> AccountStore {
    AccountStore::new(&Store::memory(), PasswordPolicy { minimum_length: 6, iterations: 4096 })
}

fn jid(text: &str) -> BareJid {
    BareJid::parse(text).unwrap()
}

#[tokio::test]
async fn the_epoch_of_an_account_ends_with_its_password_when_it_is_disabled_and_when_it_is_removed() {
    let accounts = store();
    let juliet = jid("juliet@example.org");
    accounts.create(&juliet, "secret12").await.unwrap();
    let epoch = async || accounts.find(&juliet).await.unwrap().unwrap().epoch;
    let mut seen = vec![epoch().await];
    assert_eq!(seen[0], epoch().await);
    accounts.set_password(&juliet, "secret12").await.unwrap();
    seen.push(epoch().await);
    accounts.set_disabled(&juliet, true).await.unwrap();
    seen.push(epoch().await);
    accounts.set_disabled(&juliet, false).await.unwrap();
    assert_eq!(seen[2], epoch().await, "what was issued before stays void all the same");
    accounts.remove(&juliet).await.unwrap();
    accounts.create(&juliet, "secret12").await.unwrap();
    seen.push(epoch().await);
    let distinct: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), 4, "{seen:?}");
}

#[tokio::test]
async fn an_account_is_created_once_however_many_try() {
    let accounts = store();
    let juliet = jid("juliet@example.org");
    let attempts = (0..4).map(|_| accounts.create(&juliet, "r0m30myr0m30"));
    let results = futures_util::future::join_all(attempts).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(AccountError::Exists))));
    assert!(accounts.exists(&juliet).await.unwrap());
}

#[tokio::test]
async fn the_password_is_not_stored_and_its_keys_prove_it() {
    let store = Store::memory();
    let accounts = AccountStore::new(&store, PasswordPolicy { minimum_length: 6, iterations: 4096 });
    let juliet = jid("juliet@example.org");
    accounts.create(&juliet, "r0m30myr0m30").await.unwrap();
    let written = store.document("accounts").get(&owner(&juliet)).await.unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&written).contains("r0m30"));
    let credentials = accounts.credentials(&juliet).await.unwrap().unwrap();
    assert_eq!(credentials.iter().count(), 3);
    assert!(credentials.verify_plain("r0m30myr0m30") && !credentials.verify_plain("r0m30"));
}

#[tokio::test]
async fn passwords_that_break_the_policy_are_refused_with_a_reason() {
    let accounts = store();
    for password in ["", "\u{ad}\u{ad}\u{ad}\u{ad}\u{ad}\u{ad}", "short", "tab\tbell\u{7}", &"a".repeat(2000)]
    {
        let refused = accounts.create(&jid("juliet@example.org"), password).await;
        assert!(matches!(refused, Err(AccountError::NotAcceptable(_))), "{password:?}");
    }
    assert!(!accounts.exists(&jid("juliet@example.org")).await.unwrap());
}

#[tokio::test]
async fn a_changed_password_replaces_the_old_one_and_keeps_the_rest() {
    let accounts = store();
    let juliet = jid("juliet@example.org");
    assert!(matches!(accounts.set_password(&juliet, "another1").await, Err(AccountError::Unknown)));
    accounts.create(&juliet, "r0m30myr0m30").await.unwrap();
    accounts.set_disabled(&juliet, true).await.unwrap();
    let before = accounts.find(&juliet).await.unwrap().unwrap();
    accounts.set_password(&juliet, "another1").await.unwrap();
    let after = accounts.find(&juliet).await.unwrap().unwrap();
    assert!(after.disabled && after.created == before.created);
    assert!(after.credentials.verify_plain("another1") && !after.credentials.verify_plain("r0m30myr0m30"));
}

#[tokio::test]
async fn accounts_are_listed_by_host_and_page_by_page() {
    let accounts = store();
    for name in ["a@example.org", "b@example.net", "b@example.org", "c@example.org"] {
        accounts.create(&jid(name), "r0m30myr0m30").await.unwrap();
    }
    let first = accounts.list("example.org", None, 2).await.unwrap();
    assert_eq!(first, [jid("a@example.org"), jid("b@example.org")]);
    assert_eq!(accounts.list("example.org", first.last(), 2).await.unwrap(), [jid("c@example.org")]);
    assert!(accounts.list("example.com", None, 2).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_removed_account_is_gone() {
    let accounts = store();
    let juliet = jid("juliet@example.org");
    accounts.create(&juliet, "r0m30myr0m30").await.unwrap();
    assert!(accounts.remove(&juliet).await.unwrap());
    assert!(!accounts.remove(&juliet).await.unwrap());
    assert!(accounts.find(&juliet).await.unwrap().is_none());
}

#[tokio::test]
async fn decoys_survive_a_restart_and_differ_by_host() {
    let store = Store::memory();
    let salt = |decoy: Decoy| decoy.keys("romeo", stonechat_sasl::scram::Hash::Sha256).salt().to_vec();
    let policy = PasswordPolicy::default();
    let first = AccountStore::new(&store, policy.clone()).decoy("example.org", 4096).await.unwrap();
    let again = AccountStore::new(&store, policy.clone()).decoy("example.org", 4096).await.unwrap();
    let other = AccountStore::new(&store, policy).decoy("example.net", 4096).await.unwrap();
    assert_eq!(salt(first.clone()), salt(again));
    assert_ne!(salt(first), salt(other));
}
