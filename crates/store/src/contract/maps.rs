//! Rules for maps.
#![allow(missing_docs, reason = "the name of a rule says it")]

use super::{juliet, romeo};
use crate::{Entry, Error, Store};
use jiff::Timestamp;

pub async fn a_map_lists_its_keys_in_byte_order(store: Store) -> Result<(), Error> {
    let map = store.map("roster");
    for key in ["b", "é", "a", "B", "aa"] {
        map.put(&juliet(), key, key.to_owned()).await?;
    }
    map.put(&juliet(), "a", "new").await?;
    map.put(&romeo(), "c", "c").await?;
    let keys: Vec<String> = map.all(&juliet()).await?.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["B", "a", "aa", "b", "é"]);
    assert_eq!(map.get(&juliet(), "a").await?.as_deref(), Some(&b"new"[..]));
    assert_eq!(map.get(&juliet(), "c").await?, None);
    assert_eq!((map.count(&juliet()).await?, map.count(&romeo()).await?), (5, 1));
    Ok(())
}

pub async fn a_map_pages_behind_any_key(store: Store) -> Result<(), Error> {
    let map = store.map("roster");
    for key in ["", "a", "b", "c"] {
        map.put(&juliet(), key, "x").await?;
    }
    let keys = async |after, limit| -> Result<Vec<String>, Error> {
        Ok(map.page(&juliet(), after, limit).await?.into_iter().map(|(key, _)| key).collect())
    };
    assert_eq!(keys(None, 2).await?, ["", "a"]);
    assert_eq!(keys(Some(""), 2).await?, ["a", "b"]);
    assert_eq!(keys(Some("aa"), 9).await?, ["b", "c"], "a key that is not there");
    assert_eq!(keys(Some("c"), 9).await?, [""; 0]);
    Ok(())
}

pub async fn any_text_is_a_key(store: Store) -> Result<(), Error> {
    let map = store.map("any");
    let keys = ["", "\0", "a\0b", "'; DROP TABLE map; --", "🎭", "%_", "\u{10FFFF}"];
    for key in keys {
        map.put(&juliet(), key, key.to_owned()).await?;
    }
    for key in keys {
        assert_eq!(map.get(&juliet(), key).await?.as_deref(), Some(key.as_bytes()), "{key:?}");
        assert!(map.delete(&juliet(), key).await?, "{key:?}");
    }
    assert_eq!(map.all(&juliet()).await?, []);
    Ok(())
}

pub async fn a_map_with_a_limit_never_exceeds_it(store: Store) -> Result<(), Error> {
    let puts: Vec<_> = (0..24)
        .map(|number| {
            let map = store.map("roster");
            tokio::spawn(async move { map.put_below(&juliet(), &format!("{number}"), "x", 10).await })
        })
        .collect();
    let mut kept = 0;
    for put in puts {
        match put.await.expect("the task ends") {
            Ok(()) => kept += 1,
            Err(error) => assert!(error.is_quota(), "{error:?}"),
        }
    }
    let map = store.map("roster");
    assert_eq!((kept, map.count(&juliet()).await?), (10, 10));
    let key = map.all(&juliet()).await?[0].0.clone();
    map.put_below(&juliet(), &key, "changed", 10).await?;
    assert!(map.delete(&juliet(), &key).await?);
    map.put_below(&juliet(), "new", "x", 10).await?;
    Ok(())
}

pub async fn clearing_a_map_says_how_many_keys_there_were(store: Store) -> Result<(), Error> {
    let map = store.map("roster");
    for key in ["a", "b"] {
        map.put(&juliet(), key, "x").await?;
        map.put(&romeo(), key, "x").await?;
    }
    assert_eq!(map.clear(&juliet()).await?, 2);
    assert_eq!(map.clear(&juliet()).await?, 0);
    assert_eq!(map.count(&romeo()).await?, 2);
    Ok(())
}

pub async fn reads_that_belong_together_see_one_moment(store: Store) -> Result<(), Error> {
    let (version, items, log) = (store.document("version"), store.map("items"), store.log("log"));
    let writing = {
        let (store, version, items, log) = (store.clone(), version.clone(), items.clone(), log.clone());
        tokio::spawn(async move {
            for number in 1..=200_u32 {
                let entry = Entry::new(number.to_string(), Timestamp::UNIX_EPOCH, "x");
                let batch = store.batch().put_document(&version, &juliet(), number.to_string());
                let batch = batch.put_map(&items, &juliet(), "key", number.to_string());
                batch.append(&log, &juliet(), entry).commit().await?;
            }
            Ok::<_, Error>(())
        })
    };
    while !writing.is_finished() {
        let reads = store.reads().document(&version, &juliet()).page(&items, &juliet(), 10);
        let mut found = reads.usage(&log, &juliet()).usage(&log, &romeo()).run().await?;
        let (version, items) = (found.document(), found.page());
        assert_eq!(version, items.into_iter().next().map(|(_, value)| value));
        let number = version.map_or(0, |text| String::from_utf8_lossy(&text).parse().unwrap_or(u64::MAX));
        assert_eq!((found.usage().entries, found.usage().entries), (number, 0));
        tokio::task::yield_now().await;
    }
    writing.await.expect("the task ends")?;
    for key in ["b", "a", "c"] {
        items.put(&romeo(), key, key).await?;
    }
    let keys = |page: Vec<(String, bytes::Bytes)>| page.into_iter().map(|(key, _)| key).collect::<String>();
    for (limit, expected) in [(2, "ab"), (1_000, "abc")] {
        assert_eq!(keys(store.reads().page(&items, &romeo(), limit).run().await?.page()), expected);
    }
    let other = Store::memory().document("version");
    let refused = store.reads().document(&other, &juliet()).run().await;
    assert!(matches!(refused, Err(Error::OtherStore { .. })));
    Ok(())
}
