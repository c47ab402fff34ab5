//! The memory driver passes the rules for all drivers.

use stonechat_store::memory::Memory;
use stonechat_store::{Error, Owner, Store, contract::Fixture};

stonechat_store::contract_tests!(|| Fixture::new(Store::memory(), ()));

#[tokio::test]
async fn a_full_memory_refuses_whole_batches_and_takes_more_once_there_is_room() {
    let store = Store::new(Memory::with_limit(100));
    let (document, map) = (store.document("document"), store.map("map"));
    let owner = Owner::account("juliet@capulet.example");
    document.put(&owner, vec![0; 90]).await.unwrap();
    let batch = store.batch().put_map(&map, &owner, "small", "x").put_map(&map, &owner, "large", vec![0; 10]);
    assert!(matches!(batch.commit().await, Err(Error::Full { .. })));
    assert_eq!(map.count(&owner).await.unwrap(), 0);
    document.put(&owner, vec![0; 80]).await.unwrap();
    let batch = store.batch().put_map(&map, &owner, "small", "x").put_map(&map, &owner, "large", vec![0; 1]);
    batch.commit().await.unwrap();
    store.erase(&owner).await.unwrap();
    document.put(&owner, vec![0; 100]).await.unwrap();
}

#[tokio::test]
async fn abandoned_uploads_give_their_room_back() {
    let store = Store::new(Memory::with_limit(3 * stonechat_store::CHUNK as u64));
    let (blob, owner) = (store.blob("uploads"), Owner::account("juliet@capulet.example"));
    for _ in 0..5 {
        let mut writer = blob.writer(&owner, "key").await.unwrap();
        writer.write(&vec![0; 2 * stonechat_store::CHUNK]).await.unwrap();
    }
}
