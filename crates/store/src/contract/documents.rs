//! Rules for documents and for what all kinds share.
#![allow(missing_docs, reason = "the name of a rule says it")]

use super::{juliet, romeo};
use crate::{Entry, Error, Owner, Store};
use jiff::Timestamp;

pub async fn a_document_is_what_was_put_last(store: Store) -> Result<(), Error> {
    let document = store.document("vcard");
    assert_eq!(document.get(&juliet()).await?, None);
    document.put(&juliet(), "first").await?;
    document.put(&juliet(), "second").await?;
    document.put(&romeo(), "").await?;
    assert_eq!(document.get(&juliet()).await?.as_deref(), Some(&b"second"[..]));
    assert_eq!(document.get(&romeo()).await?.as_deref(), Some(&b""[..]), "an empty value is a value");
    assert_eq!(store.document("other").get(&juliet()).await?, None);
    Ok(())
}

pub async fn deleting_a_document_says_whether_it_was_there(store: Store) -> Result<(), Error> {
    let document = store.document("vcard");
    document.put(&juliet(), "value").await?;
    assert!(!document.delete(&romeo()).await?);
    assert!(document.delete(&juliet()).await?);
    assert!(!document.delete(&juliet()).await?);
    assert_eq!(document.get(&juliet()).await?, None);
    Ok(())
}

pub async fn a_document_is_created_once_however_many_try(store: Store) -> Result<(), Error> {
    let tries: Vec<_> = (0..32)
        .map(|number| {
            let document = store.document("account");
            tokio::spawn(async move { document.create(&juliet(), format!("{number}")).await })
        })
        .collect();
    let mut winners = Vec::new();
    for (number, attempt) in tries.into_iter().enumerate() {
        match attempt.await.expect("the task ends") {
            Ok(()) => winners.push(number),
            Err(error) => assert!(error.is_conflict(), "{error:?}"),
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    let kept = store.document("account").get(&juliet()).await?;
    assert_eq!(kept, Some(format!("{}", winners[0]).into()));
    Ok(())
}

pub async fn a_document_is_replaced_only_from_the_expected_value(store: Store) -> Result<(), Error> {
    let document = store.document("settings");
    assert!(document.replace(&juliet(), "1", "2").await.is_err_and(|error| error.is_conflict()));
    document.put(&juliet(), "1").await?;
    document.replace(&juliet(), "1", "2").await?;
    assert!(document.replace(&juliet(), "1", "3").await.is_err_and(|error| error.is_conflict()));
    assert_eq!(document.get(&juliet()).await?.as_deref(), Some(&b"2"[..]));
    Ok(())
}

pub async fn owners_are_listed_in_order_page_by_page(store: Store) -> Result<(), Error> {
    let (document, map) = (store.document("account"), store.map("roster"));
    let log = store.log("archive");
    let all: Vec<Owner> = (0..10).map(|number| Owner::account(&format!("user{number}@host"))).collect();
    for owner in all.iter().rev() {
        document.put(owner, "x").await?;
        map.put(owner, "one", "x").await?;
        map.put(owner, "two", "x").await?;
        log.append(owner, Entry::new("1", Timestamp::UNIX_EPOCH, "x")).await?;
    }
    store.document("other").put(&Owner::account("other@host"), "x").await?;
    let mut listed = Vec::new();
    loop {
        let page = document.owners(listed.last(), 4).await?;
        let last = page.len() < 4;
        listed.extend(page);
        if last {
            break;
        }
    }
    assert_eq!(listed, all);
    assert_eq!(map.owners(Some(&all[4]), 100).await?, all[5..]);
    log.delete(&all[0], vec!["1".to_owned()]).await?;
    assert_eq!(log.owners(None, 100).await?, all[1..], "an empty log has no owner");
    Ok(())
}

pub async fn accounts_and_hosts_of_one_address_are_apart(store: Store) -> Result<(), Error> {
    let (account, host) = (Owner::account("capulet.example"), Owner::host("capulet.example"));
    let document = store.document("settings");
    document.put(&account, "account").await?;
    document.put(&host, "host").await?;
    assert_eq!(document.get(&account).await?.as_deref(), Some(&b"account"[..]));
    store.erase(&account).await?;
    assert_eq!(document.owners(None, 10).await?, [host]);
    Ok(())
}

pub async fn stores_of_one_name_and_different_kinds_are_apart(store: Store) -> Result<(), Error> {
    store.document("name").put(&juliet(), "document").await?;
    store.map("name").put(&juliet(), "key", "map").await?;
    store.log("name").append(&juliet(), Entry::new("1", Timestamp::UNIX_EPOCH, "log")).await?;
    store.map("name").clear(&juliet()).await?;
    assert!(store.document("name").get(&juliet()).await?.is_some());
    assert_eq!(store.log("name").count(&juliet()).await?, 1);
    assert_eq!(store.blob("name").len(&juliet(), "key").await?, None);
    Ok(())
}
