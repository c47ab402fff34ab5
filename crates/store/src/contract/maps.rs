//! Rules for maps.
#![allow(missing_docs, reason = "the name of a rule says it")]

use super::{juliet, romeo};
use crate::{Error, Store};

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
